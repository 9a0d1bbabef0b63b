import PoiseKernels
import PoiseTestSupport

extension KernelCase {
  static let optimizers = [
    KernelCase(name: "adamW", lengths: [0] + everyTail) { kernels, count in
      let (gradients, parameters) = (normalRow("gradients", count: count), normalRow("parameters", count: count))
      let (first, second) = (normalRow("first", count: count, scale: 0.1), uniformRow("second", count: count, in: 0...1))
      var (foundParameters, foundFirst, foundSecond) = (parameters, first, second)
      kernels.adamW(
        gradients: gradients.span, gradientScale: 0.5, rate: 0.0625, weightDecay: 0.125, beta1: 0.875, beta2: 0.9375,
        epsilon: 0x1p-20, firstCorrection: 8, secondCorrection: 16, updating: foundParameters.mutableSpan,
        updating: foundFirst.mutableSpan, updating: foundSecond.mutableSpan)
      let twin = Twin.adamW(
        gradients: gradients.doubles, gradientScale: 0.5, rate: 0.0625, weightDecay: 0.125, beta1: 0.875, beta2: 0.9375,
        epsilon: 0x1p-20, firstCorrection: 8, secondCorrection: 16, parameters: parameters.doubles,
        firstMoments: first.doubles, secondMoments: second.doubles)
      return [
        Output("parameters", foundParameters, twin: twin.parameters, ulps: 3, ofTerms: 1),
        Output("firstMoments", foundFirst, twin: twin.firstMoments, ulps: 2, ofTerms: 0.25),
        Output("secondMoments", foundSecond, twin: twin.secondMoments, ulps: 2),
      ]
    },
    KernelCase(name: "adafactorMoments") { kernels, columns in
      let gradients = normalRow("gradients", count: rowCount * columns)
      let (rows, strips) = (uniformRow("rows", count: rowCount, in: 0.1...1), uniformRow("columns", count: columns, in: 0.1...1))
      var (foundRows, foundColumns) = (rows, strips)
      kernels.adafactorMoments(
        gradients: gradients.span, gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, updating: foundRows.mutableSpan,
        updating: foundColumns.mutableSpan)
      let twin = Twin.adafactorMoments(
        gradients: gradients.doubles, gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, rowMoments: rows.doubles,
        columnMoments: strips.doubles)
      return [
        Output("rowMoments", foundRows, twin: twin.rowMoments, ulps: 2),
        Output("columnMoments", foundColumns, twin: twin.columnMoments, ulps: 2),
      ]
    },
    KernelCase(name: "adafactorDirection") { kernels, columns in
      let gradients = normalRow("gradients", count: rowCount * columns)
      let (rows, strips) = (uniformRow("rows", count: rowCount, in: 0.1...1), uniformRow("columns", count: columns, in: 0.1...1))
      var found = gradients
      let squares = kernels.adafactorDirection(
        rowMoments: rows.span, columnMoments: strips.span, gradientScale: 0.5, updating: found.mutableSpan)
      let twin = Twin.adafactorDirection(
        gradients: gradients.doubles, gradientScale: 0.5, rowMoments: rows.doubles, columnMoments: strips.doubles)
      return [
        Output("gradients", found, twin: twin, ulps: 3),
        Output("squares", [Float(squares)], twin: [Twin.sumOfSquares(twin)], ulps: 4),
      ]
    },
    KernelCase(name: "adafactorDirectionOfVectors", lengths: [0] + everyTail) { kernels, count in
      let (gradients, moments) = (normalRow("gradients", count: count), uniformRow("moments", count: count, in: 0.1...1))
      var (foundGradients, foundMoments) = (gradients, moments)
      let squares = kernels.adafactorDirection(
        gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, updating: foundMoments.mutableSpan,
        updating: foundGradients.mutableSpan)
      let twin = Twin.adafactorDirection(
        gradients: gradients.doubles, gradientScale: 0.5, decay: 0.75, epsilon: 0x1p-20, moments: moments.doubles)
      return [
        Output("moments", foundMoments, twin: twin.moments, ulps: 2),
        Output("gradients", foundGradients, twin: twin.gradients, ulps: 3),
        Output("squares", [Float(squares)], twin: [Twin.sumOfSquares(twin.gradients)], ulps: 4),
      ]
    },
  ]
}
