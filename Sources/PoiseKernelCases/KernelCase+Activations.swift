import Foundation
import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let activations = [
    KernelCase("geluForward", lengths: [0] + everyTail + [65_536], rows: oneRow, shapes: .vectors) { kernels, shape in
      // 4 + 3|z| ulp are 79 at −6, where |z| is 25; about two thirds of that are found.
      let (x, y) = (Operand.uniform("x", shape.count, in: -6...8), Operand(count: shape.count))
      return PreparedKernel(reading: [x], writing: [y], exponentials: shape.count, operations: 8 * shape.count) {
        kernels.geluForward(x.span, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.geluForward(x.doubles), ulps: 54)]
      }
    },
    KernelCase("geluForwardNearZero", of: "geluForward", rows: oneRow, shapes: []) { kernels, shape in
      let (x, y) = (Operand.uniform("x", shape.count, in: -1e-3...1e-3), Operand(count: shape.count))
      return PreparedKernel(reading: [x], writing: [y]) {
        kernels.geluForward(x.span, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.geluForward(x.doubles), ulps: 2.5)]
      }
    },
    KernelCase("geluBackward", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, dY) = (Operand.uniform("x", shape.count, in: -6...8), Operand.normal("dY", shape.count))
      let dX = Operand(count: shape.count)
      return PreparedKernel(reading: [x, dY], writing: [dX], exponentials: shape.count, operations: 14 * shape.count) {
        kernels.geluBackward(dY.span, x: x.span, into: dX.writing)
      } compare: {
        [KernelOutput("dX", dX, twin: Twin.geluBackward(dY.doubles, x: x.doubles), ulps: 8, ofTerms: 1)]
      }
    },
    KernelCase("siluGateForward", shapes: .layers) { kernels, shape in
      let (gateUp, y) = (Operand.normal("gateUp", 2 * shape.count, scale: 4), Operand(count: shape.count))
      return PreparedKernel(reading: [gateUp], writing: [y], exponentials: shape.count, operations: 5 * shape.count) {
        kernels.siluGateForward(gateUp.span, columns: shape.columns, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.siluGateForward(gateUp.doubles, columns: shape.columns), ulps: 4)]
      }
    },
    KernelCase("siluGateBackward", shapes: .layers) { kernels, shape in
      let (gateUp, dY) = (Operand.normal("gateUp", 2 * shape.count, scale: 4), Operand.normal("dY", shape.count))
      let dGateUp = Operand(count: 2 * shape.count)
      return PreparedKernel(
        reading: [dY, gateUp], writing: [dGateUp], exponentials: shape.count, operations: 10 * shape.count
      ) {
        kernels.siluGateBackward(dY.span, gateUp: gateUp.span, columns: shape.columns, into: dGateUp.writing)
      } compare: {
        let twin = Twin.siluGateBackward(dY.doubles, gateUp: gateUp.doubles, columns: shape.columns)
        return [KernelOutput("dGateUp", dGateUp, twin: twin, ulps: 6, ofTerms: 4)]
      }
    },
    KernelCase("geluGateForward", shapes: .layers) { kernels, shape in
      // 4 + 2|z| ulp of the gate: |z| is 25 at −6.
      let (gateUp, y) = (Operand.uniform("gateUp", 2 * shape.count, in: -6...8), Operand(count: shape.count))
      return PreparedKernel(reading: [gateUp], writing: [y], exponentials: shape.count, operations: 9 * shape.count) {
        kernels.geluGateForward(gateUp.span, columns: shape.columns, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.geluGateForward(gateUp.doubles, columns: shape.columns), ulps: 55)]
      }
    },
    KernelCase("geluGateBackward", shapes: .layers) { kernels, shape in
      let (gateUp, dY) = (Operand.uniform("gateUp", 2 * shape.count, in: -6...8), Operand.normal("dY", shape.count))
      let dGateUp = Operand(count: 2 * shape.count)
      return PreparedKernel(
        reading: [dY, gateUp], writing: [dGateUp], exponentials: shape.count, operations: 16 * shape.count
      ) {
        kernels.geluGateBackward(dY.span, gateUp: gateUp.span, columns: shape.columns, into: dGateUp.writing)
      } compare: {
        let twin = Twin.geluGateBackward(dY.doubles, gateUp: gateUp.doubles, columns: shape.columns)
        return [KernelOutput("dGateUp", dGateUp, twin: twin, ulps: 9, ofTerms: 8)]
      }
    },
    KernelCase("reluForward", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, y) = (Operand.normal("x", shape.count), Operand(count: shape.count))
      return PreparedKernel(reading: [x], writing: [y]) {
        kernels.reluForward(x.span, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.reluForward(x.doubles), ulps: 0)]
      }
    },
    KernelCase("reluBackward", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, dY) = (Operand.normal("x", shape.count), Operand.normal("dY", shape.count))
      let dX = Operand(count: shape.count)
      return PreparedKernel(reading: [x, dY], writing: [dX]) {
        kernels.reluBackward(dY.span, x: x.span, into: dX.writing)
      } compare: {
        [KernelOutput("dX", dX, twin: Twin.reluBackward(dY.doubles, x: x.doubles), ulps: 0)]
      }
    },
  ]

  static let positions = [
    rotary("rotaryForward", direction: 1) { kernels, turn, x in
      kernels.rotaryForward(
        positions: turn.positions.span, cosines: turn.cosines.span, sines: turn.sines.span, heads: turn.heads,
        headSize: turn.headSize, columns: turn.columns, updating: x.writing)
    },
    rotary("rotaryBackward", direction: -1) { kernels, turn, x in
      kernels.rotaryBackward(
        positions: turn.positions.span, cosines: turn.cosines.span, sines: turn.sines.span, heads: turn.heads,
        headSize: turn.headSize, columns: turn.columns, updating: x.writing)
    },
  ]

  private static func rotary(
    _ name: String, direction: Double, run: @escaping @Sendable (any KernelTable, Rotation, Operand) -> Void
  ) -> KernelCase {
    // Two heads of every half from 1 to 20, and 32, with three columns beside them that stay.
    KernelCase(name, lengths: (Array(1...20) + [32]).map { 4 * $0 + 3 }, shapes: .layers) { kernels, shape in
      let (turn, x) = (Rotation(shape), Operand.normal("x", shape.count))
      return PreparedKernel(
        reading: [turn.cosines, turn.sines], updating: [x], operations: 3 * shape.rows * turn.heads * turn.headSize
      ) {
        run(kernels, turn, x)
      } compare: {
        let twin = Twin.rotary(
          x.doubles, positions: turn.positions, cosines: turn.cosines.doubles, sines: turn.sines.doubles, heads: turn.heads,
          headSize: turn.headSize, columns: shape.columns, direction: direction)
        return [KernelOutput("x", x, twin: twin, ulps: 1.5, ofTerms: 2)]
      }
    }
  }
}

/// Angles of every position, on the unit circle, so that rows keep their length however often they are turned.
private struct Rotation {
  let heads: Int
  let headSize: Int
  let columns: Int
  let positions: [Int32]
  /// (P, headSize/2)
  let cosines: Operand
  let sines: Operand

  /// Heads of 32 columns, or two that leave three columns of a short row.
  init(_ shape: KernelShape) {
    columns = shape.columns
    heads = columns % 32 == 0 ? columns / 32 : 2
    headSize = columns % 32 == 0 ? 32 : (columns - 3) / 2
    let count = max(5, min(shape.rows, 512))
    positions = idRow("positions", count: shape.rows, below: count)
    let angles = normalRow("angles", count: count * headSize / 2, scale: 3).doubles
    cosines = Operand(angles.map { Float(cos($0)) })
    sines = Operand(angles.map { Float(sin($0)) })
  }
}
