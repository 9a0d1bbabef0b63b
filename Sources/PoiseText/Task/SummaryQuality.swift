import PoiseRandom

/// How well somebody summarises. Real people's summaries are of mixed quality, and so are the built-in task's: supervised
/// training imitates the mixture, and preferences have something to improve.
public enum SummaryQuality: String, CaseIterable, Sendable {
  /// All five facts, well formed: `Note from Nora: a kettle refund for 40 euros in Lisbon by Friday.`
  case good
  /// One fact is missing: `Note from Nora: a kettle refund in Lisbon by Friday.`
  case omitsOne
  /// Two facts are missing: `Note from someone: a kettle refund in Lisbon by Friday.`
  case omitsTwo
  /// A fact is an aside's, or invented where the post has no such aside: `… for 40 euros in Porto by Friday.`
  case wrong
  /// An aside is included: `… for 40 euros in Lisbon by Friday, also Tamo.`
  case distracted
  /// A fact is said twice: `… for 40 euros in Lisbon by Friday for 40 euros.`
  case repetitive
  /// All five facts in too many words: `Well, it seems that this is a note from Nora: …, and that is about all.`
  case verbose
}

/// Shares of the qualities; they need not add up to one.
public struct SummaryMixture: Equatable, Sendable {
  public var weights: [SummaryQuality: Double]

  /// - Precondition: no weight is negative and one is positive.
  public init(_ weights: [SummaryQuality: Double]) {
    precondition(weights.values.allSatisfy { $0 >= 0 } && weights.values.contains { $0 > 0 })
    self.weights = weights
  }

  /// What the demonstration learns from: one good summary in five.
  public static let typical = SummaryMixture([
    .good: 0.20, .omitsOne: 0.20, .omitsTwo: 0.20, .wrong: 0.10, .distracted: 0.12, .repetitive: 0.08, .verbose: 0.10,
  ])

  /// Good summaries only.
  public static let flawless = SummaryMixture([.good: 1])

  func pick(with random: inout CounterGenerator) -> SummaryQuality {
    let total = SummaryQuality.allCases.reduce(0) { $0 + (weights[$1] ?? 0) }
    var remaining = random.uniform() * total
    for quality in SummaryQuality.allCases {
      remaining -= weights[quality] ?? 0
      if remaining < 0 { return quality }
    }
    return SummaryQuality.allCases.last { (weights[$0] ?? 0) > 0 }!
  }
}
