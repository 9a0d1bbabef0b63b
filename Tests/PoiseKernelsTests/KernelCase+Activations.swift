import PoiseKernels
import PoiseTestSupport

extension KernelCase {
  static let activations = [
    KernelCase(name: "gelu", lengths: [0] + everyTail) { kernels, count in
      // An ulp or two in z is as many ulp times |z| in e^z: |z| < 26 on the negative side.
      let (x, dY) = (uniformRow("x", count: count, in: -6...8), normalRow("dY", count: count))
      var (y, dX) = (x, x)
      kernels.geluForward(x.span, into: y.mutableSpan)
      kernels.geluBackward(dY.span, x: x.span, into: dX.mutableSpan)
      return [
        Output("y", y, twin: Twin.geluForward(x.doubles), ulps: 56),
        Output("dX", dX, twin: Twin.geluBackward(dY.doubles, x: x.doubles), ulps: 8, ofTerms: 1),
      ]
    },
    KernelCase(name: "geluNearZero") { kernels, count in
      let x = uniformRow("x", count: count, in: -1e-3...1e-3)
      var y = x
      kernels.geluForward(x.span, into: y.mutableSpan)
      return [Output("y", y, twin: Twin.geluForward(x.doubles), ulps: 2.5)]
    },
    KernelCase(name: "siluGate") { kernels, columns in
      let gateUp = normalRow("gateUp", count: 2 * rowCount * columns, scale: 4)
      let dY = normalRow("dY", count: rowCount * columns)
      var (y, dGateUp) = (dY, gateUp)
      kernels.siluGateForward(gateUp.span, columns: columns, into: y.mutableSpan)
      kernels.siluGateBackward(dY.span, gateUp: gateUp.span, columns: columns, into: dGateUp.mutableSpan)
      let twin = Twin.siluGateBackward(dY.doubles, gateUp: gateUp.doubles, columns: columns)
      return [
        Output("y", y, twin: Twin.siluGateForward(gateUp.doubles, columns: columns), ulps: 4),
        Output("dGateUp", dGateUp, twin: twin, ulps: 6, ofTerms: 4),
      ]
    },
  ]

  static let positions = [
    KernelCase(name: "rotary", lengths: Array(1...20) + [32]) { kernels, half in
      let (heads, headSize, columns) = (2, 2 * half, 4 * half + 3)
      let positions = idRow("positions", count: rowCount, below: 5)
      let (cosines, sines) = (normalRow("cosines", count: 5 * half), normalRow("sines", count: 5 * half))
      let x = normalRow("x", count: rowCount * columns)
      var (turned, turnedBack) = (x, x)
      kernels.rotaryForward(
        positions: positions.span, cosines: cosines.span, sines: sines.span, heads: heads, headSize: headSize,
        columns: columns, updating: turned.mutableSpan)
      kernels.rotaryBackward(
        positions: positions.span, cosines: cosines.span, sines: sines.span, heads: heads, headSize: headSize,
        columns: columns, updating: turnedBack.mutableSpan)
      func twin(_ direction: Double) -> [Double] {
        Twin.rotary(
          x.doubles, positions: positions, cosines: cosines.doubles, sines: sines.doubles, heads: heads,
          headSize: headSize, columns: columns, direction: direction)
      }
      return [
        Output("forward", turned, twin: twin(1), ulps: 1.5, ofTerms: 2),
        Output("backward", turnedBack, twin: twin(-1), ulps: 1.5, ofTerms: 2),
      ]
    }
  ]
}
