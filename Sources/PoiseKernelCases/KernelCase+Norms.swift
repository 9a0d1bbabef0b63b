import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let norms = [
    KernelCase("sumOfSquares", lengths: [0] + vocabulary, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, sum) = (Operand.normal("x", shape.count), Operand(count: 1))
      return PreparedKernel(reading: [x], writing: [sum], operations: 2 * shape.count) {
        var output = sum.writing
        output[0] = Float(kernels.sumOfSquares(x.span))
      } compare: {
        [KernelOutput("sum", sum, twin: [Twin.sumOfSquares(x.doubles)], ulps: 0.5001)]
      }
    },
    KernelCase("rmsNormForward", lengths: everyTail + [4_096], shapes: .layers) { kernels, shape in
      let (x, gain) = (Operand.normal("x", shape.count, scale: 3), Operand.normal("gain", shape.columns))
      let (y, inverses) = (Operand(count: shape.count), Operand(count: shape.rows))
      return PreparedKernel(reading: [x, gain], writing: [y, inverses], operations: 4 * shape.count) {
        kernels.rmsNormForward(
          x.span, gain: gain.span, epsilon: 1e-5, into: y.writing, inverseDeviations: inverses.writing)
      } compare: {
        let twin = Twin.rmsNormForward(x.doubles, gain: gain.doubles, epsilon: Double(Float(1e-5)))
        return [
          KernelOutput("y", y, twin: twin.y, ulps: 4),
          KernelOutput("inverseDeviations", inverses, twin: twin.inverseDeviations, ulps: 3),
        ]
      }
    },
    rmsNormBackward("rmsNormBackward", adding: true, shapes: .layers),
    rmsNormBackward("rmsNormBackwardOverwriting", adding: false, shapes: []),
    KernelCase("layerNormForward", lengths: everyTail + [4_096], shapes: .layers) { kernels, shape in
      let x = Operand(Operand.normal("x", shape.count).found.map { $0 + 4 })
      let (gain, bias) = (Operand.normal("gain", shape.columns), Operand.normal("bias", shape.columns))
      let (y, means, inverses) = (Operand(count: shape.count), Operand(count: shape.rows), Operand(count: shape.rows))
      return PreparedKernel(reading: [x, gain, bias], writing: [y, means, inverses], operations: 8 * shape.count) {
        kernels.layerNormForward(
          x.span, gain: gain.span, bias: bias.span, epsilon: 1e-2, into: y.writing, means: means.writing,
          inverseDeviations: inverses.writing)
      } compare: {
        let twin = Twin.layerNormForward(
          x.doubles, gain: gain.doubles, bias: bias.doubles, epsilon: Double(Float(1e-2)))
        return [
          // The mean's error, up to two ulp of 4, is divided by the deviation, which is about 1.
          KernelOutput("y", y, twin: twin.y, ulps: 6, ofTerms: 4),
          KernelOutput("means", means, twin: twin.means, ulps: 2),
          KernelOutput("inverseDeviations", inverses, twin: twin.inverseDeviations, ulps: 4),
        ]
      }
    },
    layerNormBackward("layerNormBackward", adding: true, shapes: .layers),
    layerNormBackward("layerNormBackwardOverwriting", adding: false, shapes: []),
  ]

  /// - Parameter adding: dX accumulates.
  private static func rmsNormBackward(_ name: String, adding: Bool, shapes: [KernelShape]) -> KernelCase {
    KernelCase(name, of: "rmsNormBackward", shapes: shapes) { kernels, shape in
      let (dY, x, gain) = (
        Operand.normal("dY", shape.count), Operand.normal("x", shape.count), Operand.normal("gain", shape.columns)
      )
      let inverses = Operand.uniform("inverses", shape.rows, in: 0.5...1.5)
      let (dX, dGain) = (Operand.normal("dX", shape.count), Operand.normal("dGain", shape.columns))
      return PreparedKernel(
        reading: [dY, x, gain, inverses], writing: adding ? [] : [dX], updating: adding ? [dX, dGain] : [dGain],
        operations: 11 * shape.count
      ) {
        kernels.rmsNormBackward(
          dY.span, x: x.span, gain: gain.span, inverseDeviations: inverses.span, adding: adding, to: dX.writing,
          addingTo: dGain.writing)
      } compare: {
        let twin = Twin.rmsNormBackward(dY.doubles, x: x.doubles, gain: gain.doubles, inverseDeviations: inverses.doubles)
        return [
          KernelOutput("dX", dX, twin: adding ? Twin.add(twin.dX, to: dX.doubles) : twin.dX, ulps: 8, ofTerms: 2),
          KernelOutput("dGain", dGain, twin: Twin.add(twin.dGain, to: dGain.doubles), ulps: 4, ofTerms: 2),
        ]
      }
    }
  }

  /// - Parameter adding: dX accumulates.
  private static func layerNormBackward(_ name: String, adding: Bool, shapes: [KernelShape]) -> KernelCase {
    KernelCase(name, of: "layerNormBackward", shapes: shapes) { kernels, shape in
      let (dY, x, gain) = (
        Operand.normal("dY", shape.count), Operand.normal("x", shape.count), Operand.normal("gain", shape.columns)
      )
      let forward = Twin.layerNormForward(x.doubles, gain: gain.doubles, bias: gain.doubles, epsilon: 0.25)
      let (means, inverses) = (Operand(forward.means.map(Float.init)), Operand(forward.inverseDeviations.map(Float.init)))
      let (dX, dGain, dBias) = (
        Operand.normal("dX", shape.count), Operand.normal("dGain", shape.columns), Operand.normal("dB", shape.columns)
      )
      return PreparedKernel(
        reading: [dY, x, gain, means, inverses], writing: adding ? [] : [dX],
        updating: adding ? [dX, dGain, dBias] : [dGain, dBias], operations: 17 * shape.count
      ) {
        kernels.layerNormBackward(
          dY.span, x: x.span, gain: gain.span, means: means.span, inverseDeviations: inverses.span, adding: adding,
          to: dX.writing, addingTo: dGain.writing, addingTo: dBias.writing)
      } compare: {
        let twin = Twin.layerNormBackward(
          dY.doubles, x: x.doubles, gain: gain.doubles, means: forward.means, inverseDeviations: forward.inverseDeviations)
        return [
          KernelOutput("dX", dX, twin: adding ? Twin.add(twin.dX, to: dX.doubles) : twin.dX, ulps: 8, ofTerms: 2),
          KernelOutput("dGain", dGain, twin: Twin.add(twin.dGain, to: dGain.doubles), ulps: 4, ofTerms: 2),
          KernelOutput("dBias", dBias, twin: Twin.add(twin.dBias, to: dBias.doubles), ulps: 2, ofTerms: 2),
        ]
      }
    }
  }
}
