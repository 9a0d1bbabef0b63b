import PoiseKernels
import PoiseTestSupport

extension KernelCase {
  static let elementwise = [
    KernelCase(name: "exponential", lengths: [0] + everyTail) { kernels, count in
      let x = uniformRow("x", count: count, in: -103...88.7)
      var y = x
      kernels.exponential(x.span, into: y.mutableSpan)
      return [Output("y", y, twin: Twin.exponential(x.doubles), ulps: 1)]
    },
    KernelCase(name: "add", lengths: [0] + everyTail) { kernels, count in
      let (x, y) = (normalRow("x", count: count), normalRow("y", count: count))
      var sum = y
      kernels.add(x.span, addingTo: sum.mutableSpan)
      return [Output("y", sum, twin: Twin.add(x.doubles, to: y.doubles), ulps: 0.5)]
    },
    KernelCase(name: "addScaled", lengths: [0] + everyTail) { kernels, count in
      let (x, y) = (normalRow("x", count: count), normalRow("y", count: count))
      var sum = y
      kernels.addScaled(x.span, by: -0.3, addingTo: sum.mutableSpan)
      return [Output("y", sum, twin: Twin.addScaled(x.doubles, by: Double(Float(-0.3)), to: y.doubles), ulps: 1, ofTerms: 1)]
    },
    KernelCase(name: "scale", lengths: [0] + everyTail) { kernels, count in
      let y = normalRow("y", count: count)
      var scaled = y
      kernels.scale(by: 1.7, updating: scaled.mutableSpan)
      return [Output("y", scaled, twin: Twin.scale(y.doubles, by: Double(Float(1.7))), ulps: 0.5)]
    },
    KernelCase(name: "addBias") { kernels, columns in
      let (bias, y) = (normalRow("bias", count: columns), normalRow("y", count: rowCount * columns))
      var sum = y
      kernels.addBias(bias.span, addingTo: sum.mutableSpan)
      return [Output("y", sum, twin: Twin.addBias(bias.doubles, to: y.doubles), ulps: 0.5)]
    },
    KernelCase(name: "biasBackward") { kernels, columns in
      let (dY, dBias) = (normalRow("dY", count: rowCount * columns), normalRow("dBias", count: columns))
      var sum = dBias
      kernels.biasBackward(dY.span, addingTo: sum.mutableSpan)
      return [Output("dBias", sum, twin: Twin.biasBackward(dY.doubles, to: dBias.doubles), ulps: 2, ofTerms: 1)]
    },
    KernelCase(name: "embedding") { kernels, columns in
      let (table, x) = (normalRow("table", count: 7 * columns), normalRow("x", count: 5 * columns))
      let tokens: [Int32] = [6, 0, 3, 3, 1]
      var (copied, added, dTable) = (x, x, table)
      kernels.embeddingForward(table.span, tokens: tokens.span, columns: columns, into: copied.mutableSpan)
      kernels.embeddingForward(table.span, tokens: tokens.span, columns: columns, addingTo: added.mutableSpan)
      kernels.embeddingBackward(x.span, tokens: tokens.span, columns: columns, addingTo: dTable.mutableSpan)
      let rows = Twin.embeddingForward(table.doubles, tokens: tokens, columns: columns)
      let dTableTwin = Twin.embeddingBackward(x.doubles, tokens: tokens, columns: columns, to: table.doubles)
      return [
        Output("into", copied, twin: rows, ulps: 0),
        Output("addingTo", added, twin: Twin.add(rows, to: x.doubles), ulps: 0.5),
        Output("dTable", dTable, twin: dTableTwin, ulps: 2, ofTerms: 1),
      ]
    },
  ]
}
