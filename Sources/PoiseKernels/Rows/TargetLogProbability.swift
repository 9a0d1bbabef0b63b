// Log-probabilities of targets and the backward seed of every objective. Goals, in order: rows without a target become
// exactly 0; a seed's error is a few ulp of Σ|c|, the magnitude of what is subtracted; fast.

extension Kernels {
  /// log π of target n = logits[rows[n], targets[n]] − logPartitions[rows[n]]; ½ ulp of the difference.
  public func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, rows: Span<Int32>, targets: Span<Int32>,
    into logProbabilities: consuming MutableSpan<Float>
  ) {
    precondition(logits.count == logPartitions.count * columns)
    precondition(rows.count == targets.count && rows.count == logProbabilities.count)
    for n in rows.indices {
      let row = logits.extracting(rowRange(Int(rows[n]), of: columns))
      logProbabilities[n] = row[Int(targets[n])] - logPartitions[Int(rows[n])]
    }
  }

  /// Row r ← Σ_{n: rows[n] = r} c_n (onehot(targets[n]) − softmax(logits_r)): one softmax a row, however many targets.
  public func logProbabilityBackward(
    coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>, columns: Int,
    updating logits: consuming MutableSpan<Float>
  ) {
    precondition(logits.count == logPartitions.count * columns)
    precondition(rows.count == targets.count && rows.count == coefficients.count)
    var n = 0
    for r in logPartitions.indices {
      var row = logits._mutatingExtracting(rowRange(r, of: columns))
      let first = n
      while n < rows.count, rows[n] == r { n += 1 }
      guard first < n else {
        for i in row.indices { row[i] = 0 }
        continue
      }
      seed(row, coefficients: coefficients.extracting(first..<n), targets: targets.extracting(first..<n), logPartitions[r])
    }
    precondition(n == rows.count, "row ids ascend and name rows that exist")
  }

  /// One row of the seed: −(Σ c)·softmax, then each c on its target.
  private func seed(
    _ row: consuming MutableSpan<Float>, coefficients: Span<Float>, targets: Span<Int32>, _ logPartition: Float
  ) {
    var total: Float = 0
    for n in coefficients.indices { total += coefficients[n] }
    row.updateLanes { lanes in
      lanes -= logPartition
      lanes.formExponential()
      lanes *= -total
    }
    for n in targets.indices { row[Int(targets[n])] += coefficients[n] }
  }
}
