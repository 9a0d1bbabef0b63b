import PoiseKernels
import PoiseTestSupport

extension KernelCase {
  static let norms = [
    KernelCase(name: "sumOfSquares", lengths: [0] + vocabulary) { kernels, count in
      let x = normalRow("x", count: count)
      let found = Float(kernels.sumOfSquares(x.span))
      return [Output("sum", [found], twin: [Twin.sumOfSquares(x.doubles)], ulps: 0.5001)]
    },
    KernelCase(name: "rmsNormForward", lengths: everyTail + [4_096]) { kernels, columns in
      let (x, gain) = (normalRow("x", count: rowCount * columns, scale: 3), normalRow("gain", count: columns))
      var (y, inverses) = (x, [Float](repeating: 0, count: rowCount))
      kernels.rmsNormForward(
        x.span, gain: gain.span, epsilon: 1e-5, into: y.mutableSpan, inverseDeviations: inverses.mutableSpan)
      let twin = Twin.rmsNormForward(x.doubles, gain: gain.doubles, epsilon: Double(Float(1e-5)))
      return [
        Output("y", y, twin: twin.y, ulps: 4),
        Output("inverseDeviations", inverses, twin: twin.inverseDeviations, ulps: 3),
      ]
    },
    KernelCase(name: "rmsNormBackward") { kernels, columns in
      let count = rowCount * columns
      let (dY, x, gain) = (normalRow("dY", count: count), normalRow("x", count: count), normalRow("gain", count: columns))
      let inverses = uniformRow("inverses", count: rowCount, in: 0.5...1.5)
      let (dX, dGain) = (normalRow("dX", count: count), normalRow("dGain", count: columns))
      var (foundDX, foundDGain) = (dX, dGain)
      kernels.rmsNormBackward(
        dY.span, x: x.span, gain: gain.span, inverseDeviations: inverses.span, addingTo: foundDX.mutableSpan,
        addingTo: foundDGain.mutableSpan)
      let twin = Twin.rmsNormBackward(dY.doubles, x: x.doubles, gain: gain.doubles, inverseDeviations: inverses.doubles)
      return [
        Output("dX", foundDX, twin: Twin.add(twin.dX, to: dX.doubles), ulps: 8, ofTerms: 2),
        Output("dGain", foundDGain, twin: Twin.add(twin.dGain, to: dGain.doubles), ulps: 4, ofTerms: 2),
      ]
    },
    KernelCase(name: "layerNormForward", lengths: everyTail + [4_096]) { kernels, columns in
      let x = normalRow("x", count: rowCount * columns).map { $0 + 4 }
      let (gain, bias) = (normalRow("gain", count: columns), normalRow("bias", count: columns))
      var (y, means) = (x, [Float](repeating: 0, count: rowCount))
      var inverses = means
      kernels.layerNormForward(
        x.span, gain: gain.span, bias: bias.span, epsilon: 1e-2, into: y.mutableSpan, means: means.mutableSpan,
        inverseDeviations: inverses.mutableSpan)
      let twin = Twin.layerNormForward(x.doubles, gain: gain.doubles, bias: bias.doubles, epsilon: Double(Float(1e-2)))
      return [
        // The mean's error, up to two ulp of 4, is divided by the deviation, which is about 1.
        Output("y", y, twin: twin.y, ulps: 6, ofTerms: 4),
        Output("means", means, twin: twin.means, ulps: 2),
        Output("inverseDeviations", inverses, twin: twin.inverseDeviations, ulps: 4),
      ]
    },
    KernelCase(name: "layerNormBackward") { kernels, columns in
      let count = rowCount * columns
      let (dY, x, gain) = (normalRow("dY", count: count), normalRow("x", count: count), normalRow("gain", count: columns))
      let forward = Twin.layerNormForward(x.doubles, gain: gain.doubles, bias: gain.doubles, epsilon: 0.25)
      let (means, inverses) = (forward.means.map(Float.init), forward.inverseDeviations.map(Float.init))
      let (dX, dGain, dBias) = (
        normalRow("dX", count: count), normalRow("dGain", count: columns), normalRow("dB", count: columns)
      )
      var (foundDX, foundDGain, foundDBias) = (dX, dGain, dBias)
      kernels.layerNormBackward(
        dY.span, x: x.span, gain: gain.span, means: means.span, inverseDeviations: inverses.span,
        addingTo: foundDX.mutableSpan, addingTo: foundDGain.mutableSpan, addingTo: foundDBias.mutableSpan)
      let twin = Twin.layerNormBackward(
        dY.doubles, x: x.doubles, gain: gain.doubles, means: forward.means, inverseDeviations: forward.inverseDeviations)
      return [
        Output("dX", foundDX, twin: Twin.add(twin.dX, to: dX.doubles), ulps: 8, ofTerms: 2),
        Output("dGain", foundDGain, twin: Twin.add(twin.dGain, to: dGain.doubles), ulps: 4, ofTerms: 2),
        Output("dBias", foundDBias, twin: Twin.add(twin.dBias, to: dBias.doubles), ulps: 2, ofTerms: 2),
      ]
    },
  ]
}
