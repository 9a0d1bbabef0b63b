import PoiseFiles

/// A mean over pairs with its percentile interval (Efron 1979), 95 %: from the 2.5th to the 97.5th percentile of the means of
/// resampled data.
///
/// What is resampled is what is independent. Pairs with one prompt are not: an odd prompt, or an answer that occurs in many of
/// its pairs, makes many of them wrong at once, and resampling pairs would promise too much. So prompts are drawn, each with all
/// its pairs. With fewer than 30 prompts the resampled means would say little but which prompts were drawn, and such intervals
/// are known to be too narrow (Cameron, Gelbach & Miller 2008); then pairs are drawn, and the interval speaks of other pairs with
/// these very prompts, not of other prompts. `unit` says which it was.
public struct BootstrapInterval: Sendable, Equatable {
  /// What was drawn.
  public enum Unit: String, Sendable { case prompts, pairs }

  /// With fewer prompts, pairs are drawn.
  public static let leastPrompts = 30

  /// Of the values themselves, not of the resamples.
  public let mean: Double
  /// The 95 % interval.
  public let range: ClosedRange<Double>
  public let unit: Unit
  /// How many units were drawn from.
  public let unitCount: Int

  /// - Parameters:
  ///   - values: a statistic of every pair, such as whether the judge was right.
  ///   - prompts: of the same pairs.
  ///   - seed: resamples are keyed by it and their number: the same data and seed have the same interval.
  /// - Returns: nil where there are no values.
  public init?(_ values: [Double], prompts: [String], resamples: Int = 2_000, seed: UInt64 = 0) {
    precondition(values.count == prompts.count && resamples > 0)
    guard !values.isEmpty else { return nil }
    let units = Self.units(values, prompts)
    unit = units.count < Self.leastPrompts ? .pairs : .prompts
    let drawn = unit == .pairs ? values.map { Part(sum: $0, count: 1) } : units
    unitCount = drawn.count
    mean = values.reduce(0, +) / Double(values.count)
    range = Bootstrap.interval((0..<resamples).map { Self.resampledMean(drawn, seed: seed, resample: $0) })
  }

  /// How much more often one judge is right than another, pair by pair on the same pairs: what they share, easy pairs and
  /// hard ones, cancels. Pairs on which people are undecided are left out.
  /// - Precondition: both lists are of the same pairs in the same order.
  public static func difference(_ judge: [JudgedPair], over other: [JudgedPair], seed: UInt64 = 0) -> BootstrapInterval? {
    precondition(judge.count == other.count)
    let decided = zip(judge, other).compactMap { judge, other -> (Double, String)? in
      precondition(judge.label == other.label && judge.prompt == other.prompt)
      guard let first = judge.correctness, let second = other.correctness else { return nil }
      return (first - second, judge.prompt)
    }
    return BootstrapInterval(decided.map(\.0), prompts: decided.map(\.1), seed: seed)
  }

  /// Values that are drawn together.
  private struct Part {
    var sum = 0.0
    var count = 0.0
  }

  /// A part a prompt, in the order of their first pairs.
  private static func units(_ values: [Double], _ prompts: [String]) -> [Part] {
    var places: [ExactString: Int] = [:]
    var parts: [Part] = []
    for (value, prompt) in zip(values, prompts) {
      let place = places[ExactString(prompt), default: parts.count]
      if place == parts.count {
        places[ExactString(prompt)] = place
        parts.append(Part())
      }
      parts[place].sum += value
      parts[place].count += 1
    }
    return parts
  }

  private static func resampledMean(_ parts: [Part], seed: UInt64, resample: Int) -> Double {
    var total = Part()
    for place in Bootstrap.draws(parts.count, seed: seed, resample: resample) {
      total.sum += parts[place].sum
      total.count += parts[place].count
    }
    return total.sum / total.count
  }
}
