// One token of a distribution over a vocabulary, from its logits. Goals: no sorting, no row of probabilities, and no more
// exponentials than it takes to get there; tokens of probability 0 are never drawn.

extension Kernels {
  /// The token at which the running sum of exp(logits − logPartition) passes `uniform` in 0..<1; the last of positive probability
  /// where the sum is rounded below it. Sums of 1,024, of 16, and single probabilities are added in double precision.
  public func drawToken(_ logits: Span<Float>, logPartition: Float, uniform: Double) -> Int {
    var sum = 0.0
    let form = ScaledExponential(origin: logPartition, factor: 1)
    for start in stride(from: 0, to: logits.count, by: partCount) {
      let part = logits.extracting(start..<min(start + partCount, logits.count))
      let partSum = Double(sumLanes(part, padding: -.infinity, form))
      guard sum + partSum > uniform else {
        sum += partSum
        continue
      }
      for block in 0..<part.paddedBlocks {
        var probabilities = part.block(block, padding: -.infinity)
        form.form(&probabilities)
        let blockSum = Double(probabilities.total)
        guard sum + blockSum > uniform else {
          sum += blockSum
          continue
        }
        for lane in 0..<Lanes.scalarCount {
          sum += Double(probabilities[lane])
          if sum > uniform { return start + block * Lanes.scalarCount + lane }
        }
      }
    }
    return lastPossible(logits, logPartition)
  }

  private func lastPossible(_ logits: Span<Float>, _ logPartition: Float) -> Int {
    for token in logits.indices.reversed() where logits[token] - logPartition >= leastLogProbability { return token }
    return logits.count - 1
  }
}
