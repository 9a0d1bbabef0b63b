import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let optimizers = [
    KernelCase("adamW", lengths: [0] + everyTail, rows: oneRow, shapes: .weights) { kernels, shape in
      let (gradients, parameters) = (Operand.normal("gradients", shape.count), Operand.normal("parameters", shape.count))
      let first = Operand.normal("first", shape.count, scale: 0.1)
      let second = Operand.uniform("second", shape.count, in: 0...1)
      return PreparedKernel(reading: [gradients], updating: [parameters, first, second], operations: 16 * shape.count) {
        kernels.adamW(
          gradients: gradients.span, gradientScale: 0.5, rate: 0.0625, weightDecay: 0.125, beta1: 0.875, beta2: 0.9375,
          epsilon: 0x1p-20, firstCorrection: 8, secondCorrection: 16, updating: parameters.writing, updating: first.writing,
          updating: second.writing)
      } compare: {
        let twin = Twin.adamW(
          gradients: gradients.doubles, gradientScale: 0.5, rate: 0.0625, weightDecay: 0.125, beta1: 0.875, beta2: 0.9375,
          epsilon: 0x1p-20, firstCorrection: 8, secondCorrection: 16, parameters: parameters.doubles,
          firstMoments: first.doubles, secondMoments: second.doubles)
        return [
          KernelOutput("parameters", parameters, twin: twin.parameters, ulps: 3, ofTerms: 1),
          KernelOutput("firstMoments", first, twin: twin.firstMoments, ulps: 2, ofTerms: 0.25),
          KernelOutput("secondMoments", second, twin: twin.secondMoments, ulps: 2),
        ]
      }
    },
    KernelCase("adafactorMoments", shapes: .weights) { kernels, shape in
      let gradients = Operand.normal("gradients", shape.count)
      let rows = Operand.uniform("rows", shape.rows, in: 0.1...1)
      let columns = Operand.uniform("columns", shape.columns, in: 0.1...1)
      return PreparedKernel(reading: [gradients], updating: [rows, columns], operations: 3 * shape.count) {
        kernels.adafactorMoments(
          gradients: gradients.span, gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, updating: rows.writing,
          updating: columns.writing)
      } compare: {
        let twin = Twin.adafactorMoments(
          gradients: gradients.doubles, gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, rowMoments: rows.doubles,
          columnMoments: columns.doubles)
        return [
          KernelOutput("rowMoments", rows, twin: twin.rowMoments, ulps: 2),
          KernelOutput("columnMoments", columns, twin: twin.columnMoments, ulps: 2),
        ]
      }
    },
    KernelCase("adafactorDirection", shapes: .weights) { kernels, shape in
      let gradients = Operand.normal("gradients", shape.count)
      let moments = FactoredMoments(shape)
      let (squares, alternation) = (Operand(count: 1), Alternation())
      return PreparedKernel(
        reading: [moments.rows, moments.columns], writing: [squares], updating: [gradients], operations: 5 * shape.count
      ) {
        var output = squares.writing
        let undoes = alternation.next()
        output[0] = Float(
          kernels.adafactorDirection(
            rowMoments: undoes ? moments.undoingRows.span : moments.rows.span,
            columnMoments: undoes ? moments.undoingColumns.span : moments.columns.span, gradientScale: moments.gradientScale,
            updating: gradients.writing))
      } restore: {
        alternation.reset()
      } compare: {
        let twin = Twin.adafactorDirection(
          gradients: gradients.doubles, gradientScale: 0.5, rowMoments: moments.rows.doubles,
          columnMoments: moments.columns.doubles)
        return [
          KernelOutput("gradients", gradients, twin: twin, ulps: 3),
          KernelOutput("squares", squares, twin: [Twin.sumOfSquares(twin)], ulps: 4),
        ]
      }
    },
    KernelCase(
      "adafactorDirectionOfVectors", of: "adafactorDirection", lengths: [0] + everyTail, rows: oneRow, shapes: .vectors
    ) { kernels, shape in
      let gradients = Operand.normal("gradients", shape.count)
      let (moments, squares) = (Operand.uniform("moments", shape.count, in: 0.1...1), Operand(count: 1))
      return PreparedKernel(reading: [], writing: [squares], updating: [gradients, moments], operations: 10 * shape.count) {
        var output = squares.writing
        output[0] = Float(
          kernels.adafactorDirection(
            gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, updating: moments.writing, updating: gradients.writing))
      } compare: {
        let twin = Twin.adafactorDirection(
          gradients: gradients.doubles, gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, moments: moments.doubles)
        return [
          KernelOutput("moments", moments, twin: twin.moments, ulps: 2),
          KernelOutput("gradients", gradients, twin: twin.gradients, ulps: 3),
          KernelOutput("squares", squares, twin: [Twin.sumOfSquares(twin.gradients)], ulps: 4),
        ]
      }
    },
  ]
}

/// Adafactor's moments of a matrix, and those whose direction takes the first one back.
private struct FactoredMoments {
  let gradientScale: Float = 0.5
  let rows: Operand
  let columns: Operand
  let undoingRows: Operand
  let undoingColumns: Operand

  /// g·s/√m once and g·s/√m′ next leave g where m·m′ = s⁴. With m = row·column/mean(row) that is row′ = 1/row and
  /// column′ = s⁴·mean(row)·mean(row′)/column.
  init(_ shape: KernelShape) {
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    rows = .uniform("rows", shape.rows, in: 0.1...1)
    columns = .uniform("columns", shape.columns, in: 0.1...1)
    let inverses = rows.doubles.map { 1 / $0 }
    let factor = Double(gradientScale * gradientScale * gradientScale * gradientScale) * mean(rows.doubles) * mean(inverses)
    undoingRows = Operand(inverses.map { Float($0) })
    undoingColumns = Operand(columns.doubles.map { Float(factor / $0) })
  }
}
