import Poise
import PoiseFiles

/// What a study found.
public struct StudyResults: Sendable {
  /// A policy on validation prompts, on the way to choosing settings.
  public struct SearchPoint: Sendable {
    public let cell: StudyCell
    /// Updates behind it.
    public let step: Int
    /// Against what the method is selected by; nil where the run diverged.
    public let rate: Rate?
    /// Why there is none.
    public let failure: String?
    public let measures: Measures?
  }

  /// A share of prompts with its interval.
  public struct Rate: Sendable, Equatable {
    /// Verdicts for it, ties half.
    public let value: Double
    /// 95 %, over prompts (Wilson 1927).
    public let interval: ClosedRange<Double>

    init(_ preferences: [Double]) {
      value = preferences.map(SideBySide.verdict).mean
      interval = SideBySide.wilsonInterval(value, count: preferences.count)
    }
  }

  /// What stands beside every win rate.
  public struct Measures: Sendable, Equatable {
    /// Mean log π(y) − log π_ref(y), nats a response.
    public let divergence: Double
    /// Mean tokens of a response.
    public let length: Double
    /// Different pairs of neighbouring tokens among all.
    public let distinctPairs: Double

    init(_ answers: Answers) {
      (divergence, length, distinctPairs) = (answers.divergence, answers.length, answers.distinctPairs)
    }
  }

  /// The setting and the step that a method is compared with.
  public struct Choice: Sendable, Equatable {
    public let condition: String
    public let method: String
    /// As in ``StudyCell/setting``.
    public let setting: String
    public let step: Int
    /// Of the search's run on validation prompts: chosen as the best, and so too good.
    public let rate: Double
  }

  /// p(row ≻ column) between methods, over all pairs of their seeds.
  public struct Pairing: Sendable {
    public let condition: String
    public let row: String
    public let column: String
    /// Win rates of the pairs of seeds, a row's seeds one after the other.
    public let rates: [Double]
    public var mean: Double { rates.mean }
    public var standardDeviation: Double { rates.standardDeviation }
    /// 95 %: row's seeds, column's seeds and prompts are drawn with replacement, each independently.
    public let interval: ClosedRange<Double>

    /// p(column ≻ row).
    var reversed: Pairing {
      Pairing(
        condition: condition, row: column, column: row, rates: rates.map { 1 - $0 },
        interval: 1 - interval.upperBound...1 - interval.lowerBound)
    }
  }

  /// By how much the best of its opponents wins more often than it loses: 0 for what nobody beats, ½ for what one always beats.
  ///
  /// - Parameter opponents: p(opponent ≻ it) at every prompt, by opponent; verdicts count, as in every win rate.
  static func exploitability(_ opponents: [[Double]]) -> Double {
    max(0, (opponents.map { Rate($0).value }.max() ?? 0) - 0.5)
  }

  /// By how much an opponent wins more often than it loses that may answer every prompt with what anybody else said to it. Of every
  /// prompt's answers it plays the one that does best against the method's other seeds, of equally good ones any, so that it knows
  /// the method but not what this seed will say. A method that mixes its answers is less exploitable by it than one that does not.
  ///
  /// - Parameter opponents: p(opponent ≻ method) by opponent, the method's seed, and prompt.
  /// - Returns: by seed; negative where the opponent is misled. Nil for a method of one seed.
  static func exploitabilityByAnswers(_ opponents: [[[Double]]]) -> [Double]? {
    guard let seeds = opponents.first?.indices, seeds.count > 1 else { return nil }
    let verdicts = opponents.map { $0.map { $0.map(SideBySide.verdict) } }
    return seeds.map { seed in
      verdicts[0][seed].indices.map { prompt in
        let promises = verdicts.map { own in seeds.reduce(0) { $0 + ($1 == seed ? 0 : own[$1][prompt]) } }
        let best = promises.max()!
        return zip(promises, verdicts).filter { $0.0 == best }.map { $0.1[seed][prompt] }.mean
      }.mean - 0.5
    }
  }

  /// Win rates of a method's seeds over one policy.
  public struct SeedRates: Sendable {
    public let bySeed: [Double]
    public var mean: Double { bySeed.mean }
    /// Of the mean, 95 %, over seeds and prompts.
    public let interval: ClosedRange<Double>
  }

  /// How a method's seeds stand, on test prompts where nothing else is said.
  public struct Standing: Sendable {
    public let condition: String
    public let method: String
    public let overSupervised: SeedRates
    /// On the prompts that settings were chosen by. The policies are the same: what differs is the texts' doing, or chance's.
    public let overSupervisedOnValidation: SeedRates
    /// By seed, as the model sees it that the method learnt from; nil for a method that learnt from no model.
    public let overSupervisedByAnnotator: [Double]?
    public let measures: [Measures]
    /// By seed, among all other policies of the condition and the supervised one.
    public let exploitability: [Double]
    /// By seed, among all answers of other methods and the supervised policy; nil for a method of one seed.
    public let exploitabilityByAnswers: [Double]?
  }

  public internal(set) var search: [SearchPoint] = []
  public internal(set) var choices: [Choice] = []
  public internal(set) var pairings: [Pairing] = []
  public internal(set) var standings: [Standing] = []

  public func choice(_ method: String, _ condition: String) -> Choice? {
    choices.first { $0.method == method && $0.condition == condition }
  }

  public func standing(_ method: String, _ condition: String) -> Standing? {
    standings.first { $0.method == method && $0.condition == condition }
  }

  /// Either way round; nil for a method and itself.
  public func pairing(_ row: String, over column: String, _ condition: String) -> Pairing? {
    let own = pairings.lazy.filter { $0.condition == condition }
    return own.first { $0.row == row && $0.column == column }
      ?? own.first { $0.row == column && $0.column == row }?.reversed
  }
}

extension StudyResults.SeedRates {
  /// - Parameter preferences: p(it ≻ the other) by seed and prompt.
  init(_ preferences: [[Double]]) {
    bySeed = preferences.map { StudyResults.Rate($0).value }
    interval = SeedBootstrap.interval(preferences.map { [$0] })
  }
}
