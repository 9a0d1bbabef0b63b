import PoiseRandom

/// Drawing data with replacement, to see how much a statistic owes to the draw (Efron 1979).
package enum Bootstrap {
  /// Places in 0..<count, as many as there are, drawn with replacement. Keyed by the seed and the number of the resample.
  package static func draws(_ count: Int, seed: UInt64, resample: Int) -> [Int] {
    var random = CounterGenerator(seed, 0x626F_6F74, UInt64(resample))  // "boot"
    return (0..<count).map { _ in random.below(count) }
  }

  /// From the 2.5th to the 97.5th percentile of a statistic of the resamples: the 95 % percentile interval.
  /// - Precondition: `values` is not empty.
  package static func interval(_ values: [Double]) -> ClosedRange<Double> {
    let sorted = values.sorted()
    return quantile(0.025, of: sorted)...quantile(0.975, of: sorted)
  }

  /// Linear between neighbours.
  private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let position = share * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
