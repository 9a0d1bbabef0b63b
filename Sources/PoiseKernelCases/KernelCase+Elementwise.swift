import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let elementwise = [
    exponential("exponential", shapes: .vectors, of: -20...0),
    // Results that are subnormal take several times as long, and hardly a softmax is made of them.
    exponential("exponentialOfAllNumbers", shapes: [], of: -103...88.7),
    KernelCase("add", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, y) = (Operand.normal("x", shape.count), Operand.normal("y", shape.count))
      return PreparedKernel(reading: [x], updating: [y], operations: shape.count) {
        kernels.add(x.span, addingTo: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.add(x.doubles, to: y.doubles), ulps: 0.5)]
      }
    },
    KernelCase("addScaled", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, y) = (Operand.normal("x", shape.count), Operand.normal("y", shape.count))
      return PreparedKernel(reading: [x], updating: [y], operations: 2 * shape.count) {
        kernels.addScaled(x.span, by: -0.3, addingTo: y.writing)
      } compare: {
        let twin = Twin.addScaled(x.doubles, by: Double(Float(-0.3)), to: y.doubles)
        return [KernelOutput("y", y, twin: twin, ulps: 1, ofTerms: 1)]
      }
    },
    KernelCase("scale", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (y, alternation) = (Operand.normal("y", shape.count), Alternation())
      return PreparedKernel(reading: [], updating: [y], operations: shape.count) {
        kernels.scale(by: alternation.next() ? 1 / 1.7 : 1.7, updating: y.writing)
      } restore: {
        alternation.reset()
      } compare: {
        [KernelOutput("y", y, twin: Twin.scale(y.doubles, by: Double(Float(1.7))), ulps: 0.5)]
      }
    },
    KernelCase("addBias", shapes: .layers) { kernels, shape in
      let (bias, y) = (Operand.normal("bias", shape.columns), Operand.normal("y", shape.count))
      return PreparedKernel(reading: [bias], updating: [y], operations: shape.count) {
        kernels.addBias(bias.span, addingTo: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.addBias(bias.doubles, to: y.doubles), ulps: 0.5)]
      }
    },
    KernelCase("biasBackward", shapes: .layers) { kernels, shape in
      let (dY, dBias) = (Operand.normal("dY", shape.count), Operand.normal("dBias", shape.columns))
      return PreparedKernel(reading: [dY], updating: [dBias], operations: shape.count) {
        kernels.biasBackward(dY.span, addingTo: dBias.writing)
      } compare: {
        [KernelOutput("dBias", dBias, twin: Twin.biasBackward(dY.doubles, to: dBias.doubles), ulps: 2, ofTerms: 1)]
      }
    },
    KernelCase("embeddingForward", rows: fiveRows, shapes: .layers) { kernels, shape in
      let (lookup, x) = (Lookup(shape), Operand(count: shape.count))
      return PreparedKernel(reading: [lookup.table], writing: [x], readBytes: lookup.distinctBytes) {
        kernels.embeddingForward(lookup.table.span, tokens: lookup.tokens.span, columns: shape.columns, into: x.writing)
      } compare: {
        [KernelOutput("x", x, twin: lookup.twin, ulps: 0)]
      }
    },
    KernelCase("embeddingForwardAddingTo", of: "embeddingForward", rows: fiveRows, shapes: .layers) { kernels, shape in
      let (lookup, x) = (Lookup(shape), Operand.normal("x", shape.count))
      return PreparedKernel(
        reading: [lookup.table], updating: [x], readBytes: lookup.distinctBytes, operations: shape.count
      ) {
        kernels.embeddingForward(lookup.table.span, tokens: lookup.tokens.span, columns: shape.columns, addingTo: x.writing)
      } compare: {
        [KernelOutput("x", x, twin: Twin.add(lookup.twin, to: x.doubles), ulps: 0.5)]
      }
    },
    KernelCase("embeddingBackward", rows: fiveRows, shapes: .layers) { kernels, shape in
      let (lookup, dX) = (Lookup(shape), Operand.normal("x", shape.count))
      return PreparedKernel(reading: [dX], updating: [lookup.table], operations: shape.count) {
        kernels.embeddingBackward(
          dX.span, tokens: lookup.tokens.span, columns: shape.columns, addingTo: lookup.table.writing)
      } compare: {
        let twin = Twin.embeddingBackward(
          dX.doubles, tokens: lookup.tokens, columns: shape.columns, to: lookup.table.doubles)
        return [KernelOutput("dTable", lookup.table, twin: twin, ulps: 2, ofTerms: 1)]
      }
    },
  ]

  private static func exponential(_ name: String, shapes: [KernelShape], of range: ClosedRange<Double>) -> KernelCase {
    KernelCase(name, of: "exponential", lengths: [0] + everyTail, rows: oneRow, shapes: shapes) { kernels, shape in
      let (x, y) = (Operand.uniform("x", shape.count, in: range), Operand(count: shape.count))
      return PreparedKernel(reading: [x], writing: [y], exponentials: shape.count) {
        kernels.exponential(x.span, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.exponential(x.doubles), ulps: 1)]
      }
    }
  }
}

@Sendable private func fiveRows(ofLength _: Int) -> Int { 5 }

/// A table of two rows more than there are tokens, some of which are named twice and some not at all.
private struct Lookup {
  let table: Operand
  let tokens: [Int32]
  private let columns: Int

  init(_ shape: KernelShape) {
    columns = shape.columns
    table = .normal("table", (shape.rows + 2) * columns)
    tokens = (0..<shape.rows).map { Int32($0 * $0 % (shape.rows + 2)) }
  }

  /// Of the rows that are read.
  var distinctBytes: Double { Double(Set(tokens).count * columns * MemoryLayout<Float>.stride) }

  var twin: [Double] { Twin.embeddingForward(table.doubles, tokens: tokens, columns: columns) }
}
