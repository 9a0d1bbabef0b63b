import Foundation
import Testing

@testable import PoiseGames

@Suite struct AlgorithmOutcomeTests {
  private func outcomes(_ game: PreferenceGame, tau: Double = 0.1) throws -> [GameAlgorithm: AlgorithmOutcome] {
    let learners = GameAlgorithm.allCases.map { GameLearner($0, tau: tau, mixture: 0.125) }
    let outcomes = try GameAnalysis(game, learners: learners, tau: tau).outcomes.map { try $0.get() }
    return Dictionary(uniqueKeysWithValues: zip(GameAlgorithm.allCases, outcomes))
  }

  /// The printed figures of the skewed game: E_τ, E₀, and who settles.
  @Test func skewedRockPaperScissors() throws {
    let outcomes = try outcomes(try PoiseGamesTests.skewedRockPaperScissors())
    let printed: [GameAlgorithm: (Double, Double)] = [
      .nash: (0, 0.0992), .onlineIPO: (0, 0.0992), .selfPlay: (0, 0.0992), .ipoMD: (0.0021, 0.1065),
      .nashMD: (0.0021, 0.1065), .offlineIPO: (0.1154, 0.3032), .bestResponse: (0.1154, 0.3032),
      .onlineDPO: (0.0141, 0.0249), .reinforce: (0.0827, 0.1999), .offlineDPO: (0.0827, 0.1999),
    ]
    for (algorithm, figures) in printed {
      let outcome = try #require(outcomes[algorithm])
      #expect(rounded(outcome.standing.exploitability, 4) == figures.0, "\(algorithm)")
      #expect(rounded(outcome.standing.rawExploitability, 4) == figures.1, "\(algorithm)")
      #expect(outcome.settles)
    }
    let orbit = try #require(outcomes[.onlineSLiC])
    #expect(!orbit.settles)
    guard case .orbits = orbit.leadingEigenvalue?.motion else {
      Issue.record("SLiC orbits, but the motion is \(String(describing: orbit.leadingEigenvalue?.motion))"); return
    }
    #expect(largestDifference(orbit.policy, [1.0 / 3, 1.0 / 3, 1.0 / 3]) < 1e-9)
    guard case .spiralsIn = outcomes[.onlineIPO]?.leadingEigenvalue?.motion else { Issue.record("online IPO spirals in"); return }
    guard case .settles = outcomes[.reinforce]?.leadingEigenvalue?.motion else { Issue.record("RL goes straight in"); return }
  }

  /// A narrow box ends SLiC's orbit at its walls: with a best answer it stops h = 1/τ away from the others.
  @Test func hingesSettleAtTheWallsOfTheirBox() throws {
    let game = try PreferenceGame.bradleyTerry(scores: [2, 1, 0])
    let outcome = try #require(try outcomes(game, tau: 0.5)[.onlineSLiC])
    #expect(outcome.settles && outcome.leadingEigenvalue == nil)
    // Both others are as far from the best as the box allows.
    for other in 1...2 { #expect(abs(log(outcome.policy[0] / outcome.policy[other]) - 1 / 0.5) < 0.01) }
  }

  @Test func certainPreferencesLeaveRewardsWithoutAnEnd() throws {
    let game = try PreferenceGame(preferences: [[0.5, 1, 1], [0, 0.5, 0.6], [0, 0.4, 0.5]])
    let learners = [GameAlgorithm.onlineIPO, .onlineDPO, .offlineDPO, .reinforce].map { GameLearner($0, tau: 0.1) }
    let outcomes = try GameAnalysis(game, learners: learners, tau: 0.1).outcomes
    #expect((try? outcomes[0].get()) != nil)
    for outcome in outcomes.dropFirst() {
      #expect(throws: GameError.unboundedScores(winners: [0])) { try outcome.get() }
    }
  }

  /// Without preferences every policy in the box is a rest, and SLiC stays where it is.
  @Test func withoutPreferencesNothingMoves() throws {
    let game = try PreferenceGame(
      preferences: Array(repeating: [0.5, 0.5, 0.5], count: 3), reference: [0.5, 0.3, 0.2], rewards: [0, 0, 0])
    for outcome in try outcomes(game).values {
      #expect(outcome.settles && largestDifference(outcome.policy, game.reference) < 1e-12)
    }
  }

  @Test func oneActionIsWhereEverybodyEnds() throws {
    let game = try PreferenceGame(preferences: [[0.5]])
    for outcome in try outcomes(game).values {
      #expect(outcome.policy == [1] && outcome.settles && outcome.leadingEigenvalue == nil)
    }
  }
}
