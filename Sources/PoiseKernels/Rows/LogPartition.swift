// log Σ exp and what follows from it. Goals, in order: −∞, +∞, NaN and empty rows pass through; ≤ 2 ulp, of 1 where the
// result is smaller, for rows as long as a vocabulary; fast. Two passes: the maximum, then the sum of exponentials.

extension Kernels {
  /// log Σ exp x.
  public func logSumExp(_ x: Span<Float>) -> Float {
    let top = x.maximum()
    guard top.isFinite else { return limit(of: x, top: top) }
    let sum = sumLanes(x, padding: -.infinity) { lanes in
      lanes -= top
      lanes.formExponential()
    }
    return Float(Double(top) + logarithm(Double(sum)))
  }

  /// log Σ exp of a row whose maximum is infinite: that maximum, unless there is a NaN.
  private func limit(of x: Span<Float>, top: Float) -> Float {
    for i in x.indices where x[i].isNaN { return x[i] }
    return top
  }

  /// One log Σ exp a row.
  public func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>) {
    precondition(logits.count == logPartitions.count * columns)
    for t in logPartitions.indices { logPartitions[t] = logSumExp(logits.extracting(rowRange(t, of: columns))) }
  }

  /// Rows ← log softmax of rows; ≤ 2 ulp of the larger of a logit and log Σ exp.
  public func logSoftmax(columns: Int, updating logits: consuming MutableSpan<Float>) {
    precondition(columns > 0 && logits.count.isMultiple(of: columns))
    for t in 0..<logits.count / columns {
      var row = logits._mutatingExtracting(rowRange(t, of: columns))
      let logPartition = logSumExp(row.span)
      for i in row.indices { row[i] -= logPartition }
    }
  }
}
