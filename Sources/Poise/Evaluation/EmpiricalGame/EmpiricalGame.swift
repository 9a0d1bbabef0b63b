import PoiseGames

/// The game between policies whose actions are the policies themselves: who is preferred to whom under a judge, how far each is
/// from being unbeatable among them, how one would mix them so that none beats the mixture, and whether their preferences go in
/// circles.
///
/// Every interval is a 95 % percentile interval over prompts (Efron 1979): prompts are drawn with replacement, each with all its
/// comparisons, and the whole analysis is made again. With fewer than some 30 prompts such intervals are too narrow, and with one
/// prompt they are points.
public struct EmpiricalGame: Sendable, Equatable {
  /// p(row ≻ column) of two different policies.
  public struct Pairing: Sendable, Equatable {
    public let row: String
    public let column: String
    /// The mean of the judge's preferences.
    public let preference: Double
    public let interval: ClosedRange<Double>

    /// The same told by the column.
    public var swapped: Pairing {
      Pairing(
        row: column, column: row, preference: 1 - preference, interval: 1 - interval.upperBound...1 - interval.lowerBound)
    }
  }

  /// How one policy stands among the others.
  ///
  /// The exploitability is a largest value of several that are all uncertain, and the largest of them owes part of its size to
  /// luck: where every pair is a tie in truth it is still above zero. Resampling shows the same bias once more and does not take
  /// it away. So there are two intervals: that of the maximum, found anew in every resample, and that of the advantage of the one
  /// opponent that is the best in the data, held fixed. Only the second can lie below zero; where it contains zero, nothing
  /// says that this policy can be beaten at all. In simulated worlds of four policies and 200 prompts both contain the truth 95
  /// times in 100 where some policy is clearly ahead; where all are equal, the first does 74 and the second 93 times.
  public struct Standing: Sendable, Equatable {
    public let name: String
    /// E₀ = max over the policies of p(other ≻ this) − ½, from 0 to ½. This policy is among them, so it is never negative.
    public let exploitability: Double
    public let interval: ClosedRange<Double>
    /// The other policy that does best against this one, the first of equals.
    public let bestOpponent: String
    /// p(bestOpponent ≻ this) − ½, from −½ to ½.
    public let advantage: Double
    public let advantageInterval: ClosedRange<Double>
    /// The policy's share of the Nash mixture.
    public let nashWeight: Double
    public let nashInterval: ClosedRange<Double>
  }

  /// Three policies each of which is preferred to the next, and the last to the first.
  public struct Cycle: Sendable, Equatable {
    public let names: [String]
    /// The smallest of the three p − ½, above 0.
    public let margin: Double
  }

  public let names: [String]
  public let promptCount: Int
  /// Every unordered pair once, rows before columns in the order of the names.
  public let pairings: [Pairing]
  /// One a policy, in the order of the names.
  public let standings: [Standing]
  /// The mean preferences as a game; its actions are the policies, its reference is uniform.
  public let game: PreferenceGame
  /// E₀ of the Nash mixture: rounding, where the mixture was found. Of several equilibria it is the one nearest the uniform
  /// mixture.
  public let nashExploitability: Double
  /// All triples that go in a circle, the clearest first.
  public let cycles: [Cycle]
  /// Whether scores explain the preferences.
  public let scoreTest: ScoreTest

  /// Whether preferences are cyclic beyond chance: no scores explain them, and some triple goes in a circle. The first alone may
  /// also be preferences that are all transitive and fit no logistic curve; the second alone is what noise looks like.
  public var isCyclic: Bool { scoreTest.isRejected && !cycles.isEmpty }

  /// - Parameters:
  ///   - resamples: 1 or more.
  ///   - seed: resamples are keyed by it and their number: the same table and seed give the same intervals.
  /// - Throws: `GameError` where a judge's preferences are no probabilities.
  public init(_ table: PreferenceTable, resamples: Int = 2_000, seed: UInt64 = 0) throws {
    precondition(resamples > 0)
    let observed = try Analysis(table, means: table.means)
    let resampled = try (0..<resamples).map {
      try Analysis(table, means: table.resampledMeans(seed: seed, resample: $0))
    }
    names = table.names
    promptCount = table.promptCount
    game = observed.game
    nashExploitability = observed.game.rawExploitability(of: observed.nash)
    pairings = table.pairs.map { row, column in
      Pairing(
        row: table.names[row], column: table.names[column], preference: observed.game[row, column],
        interval: Bootstrap.interval(resampled.map { $0.game[row, column] }))
    }
    standings = table.names.indices.map { Self.standing(of: $0, table.names, observed, resampled) }
    cycles = Self.cycles(observed.game, table.names)
    scoreTest = ScoreTest(
      residuals: observed.residuals, resampled: resampled.map(\.residuals), promptCount: table.promptCount)
  }

  private static func standing(
    of policy: Int, _ names: [String], _ observed: Analysis, _ resampled: [Analysis]
  ) -> Standing {
    let others = names.indices.filter { $0 != policy }
    let best = others.reduce(others[0]) { observed.game[$1, policy] > observed.game[$0, policy] ? $1 : $0 }
    return Standing(
      name: names[policy], exploitability: observed.exploitability(of: policy),
      interval: Bootstrap.interval(resampled.map { $0.exploitability(of: policy) }), bestOpponent: names[best],
      advantage: observed.game[best, policy] - 0.5,
      advantageInterval: Bootstrap.interval(resampled.map { $0.game[best, policy] - 0.5 }),
      nashWeight: observed.nash[policy], nashInterval: Bootstrap.interval(resampled.map { $0.nash[policy] }))
  }

  private static func cycles(_ game: PreferenceGame, _ names: [String]) -> [Cycle] {
    let triples = names.indices.flatMap { i in
      (i + 1..<names.count).flatMap { j in (j + 1..<names.count).flatMap { k in [[i, j, k], [i, k, j]] } }
    }
    let cycles = triples.compactMap { triple -> Cycle? in
      let margin = (0..<3).map { game[triple[$0], triple[($0 + 1) % 3]] - 0.5 }.min()!
      return margin > 0 ? Cycle(names: triple.map { names[$0] }, margin: margin) : nil
    }
    return cycles.sorted { $0.margin > $1.margin }
  }
}

/// What is computed of the data, and again of every resample.
private struct Analysis {
  let game: PreferenceGame
  let nash: [Double]
  let residuals: [Double]

  init(_ table: PreferenceTable, means: [Double]) throws {
    game = try PreferenceGame(preferences: table.matrix(means))
    nash = game.nash().policy
    residuals = try ScoreTest.residuals(game)
  }

  func exploitability(of policy: Int) -> Double { (0..<game.count).map { game[$0, policy] }.max()! - 0.5 }
}
