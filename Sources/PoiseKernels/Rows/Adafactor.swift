// Adafactor (Shazeer & Stern 2018). Goals: sums over rows and columns of any length in double precision; products and
// quotients arranged so that moments as small as ε = 1e-30 do not underflow; fast.

extension Kernels {
  /// Row and column means of g² + ε, folded into the moments; ≤ 4 ulp.
  public func adafactorMoments(
    gradients: Span<Float>, gradientScale: Float, decay: Float, epsilon: Float,
    updating rowMoments: consuming MutableSpan<Float>, updating columnMoments: consuming MutableSpan<Float>
  ) {
    let (rows, columns) = (rowMoments.count, columnMoments.count)
    precondition(gradients.count == rows * columns)
    let square = Double(gradientScale) * Double(gradientScale)
    for r in 0..<rows {
      let mean = square * gradients.extracting(rowRange(r, of: columns)).sumOfSquares() / Double(columns)
      rowMoments[r] = decay * rowMoments[r] + (1 - decay) * Float(mean + Double(epsilon))
    }
    for strip in stride(from: 0, to: columns, by: Lanes.scalarCount) {
      let width = min(Lanes.scalarCount, columns - strip)
      let sums = gradients.sumOfSquaresByColumn(strip..<strip + width, columns: columns)
      for c in 0..<width {
        let mean = square * sums[c] / Double(rows)
        columnMoments[strip + c] = decay * columnMoments[strip + c] + (1 - decay) * Float(mean + Double(epsilon))
      }
    }
  }

  /// g ← g·gradientScale / √(row·column / mean(row)) as g·(gradientScale·√(mean(row)/row))/√column; ≤ 4 ulp.
  public func adafactorDirection(
    rowMoments: Span<Float>, columnMoments: Span<Float>, gradientScale: Float, updating gradients: consuming MutableSpan<Float>
  ) -> Double {
    let (rows, columns) = (rowMoments.count, columnMoments.count)
    precondition(gradients.count == rows * columns)
    var total = 0.0
    for r in 0..<rows { total += Double(rowMoments[r]) }
    for r in 0..<rows {
      let factor = Float(Double(gradientScale) * (total / Double(rows) / Double(rowMoments[r])).squareRoot())
      var row = gradients._mutatingExtracting(rowRange(r, of: columns))
      for c in row.indices { row[c] = factor * row[c] / columnMoments[c].squareRoot() }
    }
    return gradients.span.sumOfSquares()
  }

  /// v ← decay·v + (1−decay)(g² + ε), g ← g/√v; ≤ 3 ulp.
  public func adafactorDirection(
    gradientScale: Float, decay: Float, epsilon: Float, updating moments: consuming MutableSpan<Float>,
    updating gradients: consuming MutableSpan<Float>
  ) -> Double {
    precondition(moments.count == gradients.count)
    for i in gradients.indices {
      let gradient = gradientScale * gradients[i]
      let moment = decay * moments[i] + (1 - decay) * (gradient * gradient + epsilon)
      moments[i] = moment
      gradients[i] = gradient / moment.squareRoot()
    }
    return gradients.span.sumOfSquares()
  }
}
