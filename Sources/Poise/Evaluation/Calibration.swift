/// How well a judge's confidence agrees with how often it is right.
///
/// Which answer of a pair is written first means nothing, so every pair is folded to the side that the judge prefers: its
/// confidence is max(p, 1 − p), from ½ to 1, and its outcome is people's share on that side, y or 1 − y. At p = ½ the judge has
/// no side, and the outcome is ½. Confidences fall into bins of equal width over [½, 1].
public struct Calibration: Sendable, Equatable {
  /// Pairs of about the same confidence.
  public struct Bin: Sendable, Equatable {
    /// Pairs in this bin.
    public var count = 0
    /// Sums over the pairs.
    var confidence = 0.0
    var outcome = 0.0

    /// Not a number where there are no pairs.
    public var meanConfidence: Double { confidence / Double(count) }
    /// Not a number where there are no pairs.
    public var meanOutcome: Double { outcome / Double(count) }
  }

  /// From the least to the greatest confidence.
  public private(set) var bins: [Bin]

  /// - Parameter binCount: 1 or more.
  public init(_ pairs: [JudgedPair], binCount: Int = 10) {
    precondition(binCount > 0)
    bins = Array(repeating: Bin(), count: binCount)
    for pair in pairs {
      let prefersChosen = pair.prediction > 0.5
      let confidence = prefersChosen ? pair.prediction : 1 - pair.prediction
      let index = min(Int((confidence - 0.5) * 2 * Double(binCount)), binCount - 1)
      bins[index].count += 1
      bins[index].confidence += confidence
      bins[index].outcome += pair.prediction == 0.5 ? 0.5 : prefersChosen ? pair.label : 1 - pair.label
    }
  }

  /// The expected calibration error (Naeini, Cooper & Hauskrecht 2015): the mean over pairs of |mean outcome − mean confidence| in
  /// the pair's bin. Zero without pairs.
  public var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    return bins.reduce(0) { $0 + abs($1.outcome - $1.confidence) } / Double(max(total, 1))
  }
}
