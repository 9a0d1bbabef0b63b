import Foundation
import PoiseGames
import PoiseRandom
import Testing

@testable import Poise

/// The game between policies that answer with their own names, under a judge who knows what to think of them.
@Suite struct EmpiricalGameTests {
  /// Prefers one name to another as often as a game says: a verdict drawn for every prompt, by what the two are called.
  private struct Verdicts: Annotator {
    let game: PreferenceGame
    let seed: UInt64
    let isAntisymmetric = true

    func preferences(_ comparisons: [Comparison]) -> [Double] {
      comparisons.map { comparison in
        let (first, second) = (Int(comparison.first)!, Int(comparison.second)!)
        let (low, high) = (min(first, second), max(first, second))
        var random = CounterGenerator(seed, CounterGenerator.word(of: comparison.prompt), UInt64(low), UInt64(high))
        let wins: Double = random.uniform() < game[low, high] ? 1 : 0
        return first == low ? wins : 1 - wins
      }
    }
  }

  /// Says what a closure says of prompt and names.
  private struct Saying: Annotator {
    let isAntisymmetric = true
    let preference: @Sendable (_ prompt: Int, _ first: Int, _ second: Int) -> Double

    func preferences(_ comparisons: [Comparison]) -> [Double] {
      comparisons.map { preference(Int($0.prompt)!, Int($0.first)!, Int($0.second)!) }
    }
  }

  private func table(_ policies: Int, prompts: Int, judge: any Annotator) throws -> PreferenceTable {
    try PreferenceTable(
      names: (0..<policies).map { "policy \($0)" },
      texts: (0..<policies).map { policy in Array(repeating: ["\(policy)"], count: prompts) },
      prompts: (0..<prompts).map { Question(String($0)) }, judge: judge)
  }

  private func drawn(_ game: PreferenceGame, prompts: Int, seed: UInt64, resamples: Int) throws -> EmpiricalGame {
    try EmpiricalGame(table(game.count, prompts: prompts, judge: Verdicts(game: game, seed: seed)), resamples: resamples)
  }

  // MARK: Cycles

  /// Every policy loses to one other with probability 0.7. The standard error of a preference is 0.046/√2 ≈ 0.03 of 200 prompts.
  @Test func aKnownCycleIsSeenThroughTheNoise() throws {
    let truth = try PreferenceGame.rockPaperScissors(strength: 0.2)
    let game = try drawn(truth, prompts: 200, seed: 1, resamples: 300)
    #expect(game.isCyclic && game.scoreTest.pValue == 1.0 / 301)
    #expect(game.cycles.count == 1)
    #expect(game.cycles[0].names == ["policy 0", "policy 1", "policy 2"])
    #expect(abs(game.cycles[0].margin - 0.2) < 0.1)
    for (index, standing) in game.standings.enumerated() {
      #expect(abs(standing.exploitability - 0.2) < 0.1 && standing.interval.contains(0.2))
      #expect(standing.exploitability == standing.advantage && standing.advantageInterval.contains(0.2))
      #expect(standing.bestOpponent == "policy \((index + 2) % 3)")
      #expect(abs(standing.nashWeight - 1 / 3) < 0.15 && standing.nashInterval.contains(1 / 3))
    }
    #expect(abs(game.nashExploitability) < 1e-12)
    #expect(abs(game.standings.reduce(0) { $0 + $1.nashWeight } - 1) < 1e-12)
    for pairing in game.pairings {
      let expected = pairing.column == "policy 2" && pairing.row == "policy 0" ? 0.3 : 0.7
      #expect(pairing.interval.contains(expected) && pairing.swapped.interval.contains(1 - expected))
    }
  }

  /// A verdict for every prompt by the same scores. A test at 5 % rejects at most 7 of 40 such worlds but for one time in 700.
  @Test func whereScoresExplainEverythingThatIsFound() throws {
    let truth = try PreferenceGame.bradleyTerry(scores: [0.8, 0.3, 0, -0.5])
    let games = try (0..<40).map { try drawn(truth, prompts: 60, seed: 100 + $0, resamples: 99) }
    #expect(games.count(where: \.scoreTest.isRejected) <= 7)
    // It is a distribution, not a constant: one half of the p-values lie on either side of ½, to within four deviations.
    #expect((8...32).contains(games.count { $0.scoreTest.pValue < 0.5 }))
  }

  /// 1 beats 2 beats 3, and 1 beats 3 no more often than either neighbour: no logistic curve, and no circle.
  @Test func whatNoScoresExplainNeedNotBeCyclic() throws {
    let truth = try PreferenceGame(preferences: [[0.5, 0.8, 0.8], [0.2, 0.5, 0.8], [0.2, 0.2, 0.5]])
    let game = try drawn(truth, prompts: 400, seed: 3, resamples: 200)
    #expect(game.scoreTest.isRejected && game.cycles.isEmpty && !game.isCyclic)
  }

  /// The residuals of a cycle of equal margins are those margins, since all scores are equal.
  @Test func theStatisticIsTheSumOfSquaredResiduals() throws {
    let truth = try PreferenceGame.rockPaperScissors(strength: 0.25)
    let constant = Saying { _, first, second in truth[first, second] }
    let game = try EmpiricalGame(table(3, prompts: 5, judge: constant), resamples: 20)
    #expect(abs(game.scoreTest.statistic - 3 * 0.25 * 0.25) < 1e-12)
    #expect(game.cycles == [.init(names: ["policy 0", "policy 1", "policy 2"], margin: 0.25)])
    #expect(game.standings.map(\.exploitability) == [0.25, 0.25, 0.25])
  }

  /// Preferences that scores explain to the last digit, at every prompt alike: what rounding leaves is no evidence.
  @Test func roundingIsNoEvidence() throws {
    let truth = try PreferenceGame.bradleyTerry(scores: [1.3, 0.1, -0.2, -0.9, 0.4])
    let game = try EmpiricalGame(
      table(5, prompts: 50, judge: Saying { _, first, second in truth[first, second] }), resamples: 20)
    #expect(game.scoreTest.statistic < 1e-18 && game.scoreTest.pValue == 1)
  }

  @Test func everyCycleIsListedTheClearestFirst() throws {
    let truth = try PreferenceGame.random(count: 6, seed: 8)
    let game = try EmpiricalGame(
      table(6, prompts: 2, judge: Saying { _, first, second in truth[first, second] }), resamples: 1)
    var expected: Set<Set<Int>> = []
    for i in 0..<6 {
      for j in 0..<6 {
        for k in 0..<6 where truth[i, j] > 0.5 && truth[j, k] > 0.5 && truth[k, i] > 0.5 { expected.insert([i, j, k]) }
      }
    }
    #expect(expected.count > 1 && game.cycles.count == expected.count)
    for cycle in game.cycles {
      let places = cycle.names.map { Int($0.suffix(1))! }
      #expect(expected.contains(Set(places)))
      let margins = (0..<3).map { truth[places[$0], places[($0 + 1) % 3]] - 0.5 }
      #expect(abs(cycle.margin - margins.min()!) < 1e-12)
    }
    for (cycle, next) in zip(game.cycles, game.cycles.dropFirst()) { #expect(cycle.margin >= next.margin) }
  }

  // MARK: Edges

  @Test func tiesEverywhereAreExactlyThat() throws {
    let game = try EmpiricalGame(table(4, prompts: 30, judge: Saying { _, _, _ in 0.5 }), resamples: 50)
    #expect(game.scoreTest == ScoreTest(residuals: Array(repeating: 0, count: 6), resampled: [], promptCount: 30))
    #expect(game.scoreTest.statistic == 0 && game.scoreTest.pValue == 1 && game.cycles.isEmpty && !game.isCyclic)
    for standing in game.standings {
      #expect(standing.exploitability == 0 && standing.interval == 0...0 && standing.advantageInterval == 0...0)
      #expect(abs(standing.nashWeight - 0.25) < 1e-12)
    }
  }

  /// One of two policies wins 7 prompts of 10, softly.
  @Test func ofTwoPoliciesTheBetterIsTheMixture() throws {
    let game = try EmpiricalGame(
      table(2, prompts: 10, judge: Saying { prompt, first, _ in (prompt < 7) == (first == 0) ? 0.9 : 0.1 }), resamples: 400)
    #expect(game.pairings.count == 1 && abs(game.pairings[0].preference - 0.66) < 1e-12)
    #expect(game.standings.map(\.exploitability)[0] == 0 && abs(game.standings[1].exploitability - 0.16) < 1e-12)
    #expect(abs(game.standings[0].advantage + 0.16) < 1e-12 && game.standings[0].advantageInterval.upperBound > 0)
    #expect(game.standings[0].nashWeight > 0.999999 && game.standings[0].nashInterval.lowerBound < 0.5)
    #expect(game.standings[1].interval.lowerBound == 0 && game.standings[1].advantageInterval.lowerBound < 0)
    #expect(game.scoreTest.pValue == 1 && !game.isCyclic)
  }

  /// One prompt tells nothing of others.
  @Test func onePromptIsNoEvidenceOfCycles() throws {
    let truth = try PreferenceGame.rockPaperScissors(strength: 0.5)
    let game = try EmpiricalGame(
      table(3, prompts: 1, judge: Saying { _, first, second in truth[first, second] }), resamples: 20)
    #expect(game.scoreTest.pValue == 1 && !game.isCyclic && game.cycles.count == 1)
    #expect(game.standings.map(\.interval) == Array(repeating: 0.5...0.5, count: 3))
  }

  /// The first wins always: its best score is infinite. Of the others, three go in a circle or have scores.
  @Test(arguments: [true, false]) func whoNeverLosesIsExplainedByAScoreWithoutEnd(_ isCyclic: Bool) throws {
    let rest = isCyclic ? try PreferenceGame.rockPaperScissors(strength: 0.2) : try .bradleyTerry(scores: [0.4, 0, -0.6])
    let truth = try PreferenceGame(
      preferences: [[0.5, 1, 1, 1]] + (0..<3).map { row in [0] + (0..<3).map { rest[row, $0] } })
    let game = try drawn(truth, prompts: 200, seed: 5, resamples: 99)
    #expect(throws: GameError.self) { try game.game.bradleyTerryFit(pairsFrom: game.game.reference) }
    #expect(game.isCyclic == isCyclic && game.scoreTest.isRejected == isCyclic)
    let alone = try PreferenceGame(preferences: (1..<4).map { row in (1..<4).map { game.game[row, $0] } })
    let residuals = try ScoreTest.residuals(alone)
    #expect(game.scoreTest.statistic == residuals.reduce(0) { $0 + $1 * $1 })
    #expect(game.standings[0].nashWeight > 0.999999 && game.standings[0].exploitability == 0)
  }

  /// A strict order has the scores ∞, 0, −∞ as it were, and nothing is left to explain.
  @Test func aStrictOrderIsExplained() throws {
    let constant = Saying { _, first, second in first < second ? 1 - 1e-13 : 1e-13 }
    let game = try EmpiricalGame(table(5, prompts: 4, judge: constant), resamples: 3)
    #expect(game.scoreTest.statistic < 1e-18 && game.scoreTest.pValue == 1)
  }

  // MARK: What is averaged

  @Test func samplesOfAPromptCountAsOne() throws {
    let judge = Saying { prompt, first, second in 0.5 + 0.01 * Double(prompt + 1) * Double(second - first) }
    let texts = [[["0", "0"], ["0", "0"]], [["1", "5"], ["3", "5"]]]
    let table = try PreferenceTable(names: ["a", "b"], texts: texts, prompts: ["0", "1"], judge: judge)
    #expect(abs(table.means[0] - (0.53 + 0.58) / 2) < 1e-12)
    let resampled = (0..<50).map { table.resampledMeans(seed: 0, resample: $0)[0] }
    #expect(Set(resampled.map { ($0 * 1e6).rounded() }) == [530_000, 555_000, 580_000])
  }

  /// A judge with a bias of position is asked in both orders, so the bias is gone.
  @Test func aBiasOfPositionIsAveragedAway() throws {
    struct Biased: Annotator {
      let isAntisymmetric = false
      func preferences(_ comparisons: [Comparison]) -> [Double] { comparisons.map { $0.first < $0.second ? 0.9 : 0.5 } }
    }
    let game = try EmpiricalGame(table(3, prompts: 4, judge: Biased()), resamples: 5)
    for pairing in game.pairings { #expect(abs(pairing.preference - 0.7) < 1e-12) }
  }

  @Test func theSeedDecides() throws {
    let judge = Verdicts(game: try .rockPaperScissors(strength: 0.1), seed: 1)
    let table = try table(3, prompts: 30, judge: judge)
    let first = try EmpiricalGame(table, resamples: 40, seed: 1)
    #expect(try first == EmpiricalGame(table, resamples: 40, seed: 1))
    let second = try EmpiricalGame(table, resamples: 40, seed: 2)
    #expect(first.game == second.game && first.standings != second.standings)
  }
}

extension PreferenceGame {
  fileprivate static func random(count: Int, seed: UInt64) throws -> PreferenceGame {
    var generator = CounterGenerator(seed)
    return try .random(count: count, using: &generator)
  }
}
