import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let limits = [
    KernelCase("sum", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, sum) = (Operand.normal("x", shape.count), Operand(count: 1))
      return PreparedKernel(reading: [x], writing: [sum], operations: shape.count) {
        var output = sum.writing
        output[0] = kernels.sum(x.span)
      } compare: {
        // A rounding of sums that grow like the root of their terms.
        [KernelOutput("sum", sum, twin: [Twin.sum(x.doubles)], ulps: 4, ofTerms: max(1, Double(shape.count).squareRoot()))]
      }
    },
    KernelCase("copy", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors) { kernels, shape in
      let (x, y) = (Operand.normal("x", shape.count), Operand(count: shape.count))
      return PreparedKernel(reading: [x], writing: [y]) {
        kernels.copy(x.span, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: x.doubles, ulps: 0)]
      }
    },
    KernelCase(
      "multiplyAdd", lengths: [96, 192], rows: { _ in 5 },
      shapes: [KernelShape(rows: 4_096, columns: 96), KernelShape(rows: 4_096, columns: 192)]
    ) { kernels, shape in
      let accumulators = Operand.normal("accumulators", shape.columns)
      return PreparedKernel(reading: [], updating: [accumulators], operations: 2 * shape.count) {
        kernels.multiplyAdd(0.3, rounds: shape.rows, updating: accumulators.writing)
      } compare: {
        let twin = Twin.multiplyAdd(Double(Float(0.3)), rounds: shape.rows, accumulators: accumulators.doubles)
        return [KernelOutput("accumulators", accumulators, twin: twin, ulps: 2, ofTerms: 1)]
      }
    },
  ]
}
