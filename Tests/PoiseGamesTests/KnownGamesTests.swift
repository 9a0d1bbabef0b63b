import Foundation
import PoiseGames
import Testing

/// Games whose equilibria others printed.
@Suite struct KnownGamesTests {
  /// A policy with its exploitability at τ = 0.1 and the raw one, to the digits of a table.
  private func figures(_ policy: [Double], in game: PreferenceGame) -> [Double] {
    (policy + [game.exploitability(of: policy, tau: 0.1), game.rawExploitability(of: policy)]).map { rounded($0, 4) }
  }

  /// Rock–paper–scissors won with probability 0.9, the reference (0.6, 0.3, 0.1), τ = 0.1: figures of the specification,
  /// printed to four decimals.
  @Test func skewedRockPaperScissorsHasTheKnownEquilibria() throws {
    let game = try skewedRockPaperScissors()
    #expect(figures(try game.regularizedNash(tau: 0.1).policy, in: game) == [0.4607, 0.2127, 0.3267, 0, 0.0992])
    let eighth = try game.mixtureEquilibrium(tau: 0.1, mixture: 0.125)
    #expect(figures(eighth.policy, in: game) == [0.4518, 0.1856, 0.3626, 0.0021, 0.1065])
    let half = try game.mixtureEquilibrium(tau: 0.1, mixture: 0.5)
    #expect(figures(half.policy, in: game) == [0.4334, 0.0792, 0.4874, 0.0422, 0.1417])
    #expect(half.mixture.map { rounded($0, 4) } == [0.5763, 0.1742, 0.2495])
    let offline = game.bestResponse(to: game.reference, tau: 0.1)
    #expect(figures(offline, in: game) == [0.7818, 0.0238, 0.1944, 0.1154, 0.3032])
    #expect(try game.mixtureEquilibrium(tau: 0.1, mixture: 1).policy == offline)
  }

  @Test func skewedRockPaperScissorsHasTheKnownRestingPointsOfRewards() throws {
    let game = try skewedRockPaperScissors()
    let online = try game.onlineDPOEquilibrium(tau: 0.1).policy
    #expect(figures(online, in: game) == [0.3592, 0.2970, 0.3438, 0.0141, 0.0249])
    let fitted = try game.optimalPolicy(rewardFittedOn: game.reference, tau: 0.1)
    #expect(figures(fitted, in: game) == [0.4998, 0.0000, 0.5002, 0.0827, 0.1999])
    let warmer = try game.onlineDPOEquilibrium(tau: 0.4).policy
    #expect(figures(warmer, in: game) == [0.4566, 0.2149, 0.3284, 0.0000, 0.0967])
    #expect(rounded(game.exploitability(of: warmer, tau: 0.1), 5) == 0.00002)
  }

  @Test func nashDPOAndRewardsDisagreeAboutSkewedCycles() throws {
    let game = try skewedRockPaperScissors()
    let policies = [
      try game.regularizedNash(tau: 0.1).policy, try game.onlineDPOEquilibrium(tau: 0.1).policy,
      try game.optimalPolicy(rewardFittedOn: game.reference, tau: 0.1),
    ]
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
      #expect(largestDifference(policies[first], policies[second]) > 0.1)
    }
  }

  @Test func cyclesWithoutFavouriteLeaveEveryAlgorithmAtTheReference() throws {
    let game = try PreferenceGame.rockPaperScissors(size: 5, strength: 0.4)
    for tau in [0.01, 0.1, 1] {
      let policies = [
        try game.regularizedNash(tau: tau).policy, try game.mixtureEquilibrium(tau: tau, mixture: 0.125).policy,
        game.bestResponse(to: game.reference, tau: tau), try game.onlineDPOEquilibrium(tau: tau).policy,
        try game.optimalPolicy(rewardFittedOn: game.reference, tau: tau),
      ]
      for policy in policies { #expect(largestDifference(policy, game.reference) < 1e-13) }
    }
  }

  @Test(arguments: [-0.1, 0, 0.1]) func threeKindsOfVotersShareTheChoice(shift: Double) throws {
    let equilibrium = try PreferenceGame.voterTypes(epsilon: shift).regularizedNash(tau: 1e-4)
    #expect(largestDifference(equilibrium.policy, [1 / 3 + shift / 2, 1 / 3 + shift / 2, 1 / 3 - shift]) < 1e-3)
  }

  /// Where the equilibrium moves continuously with the voters' shares, a reward picks one winner.
  @Test func rewardsJumpWithTheVotersMajority() throws {
    for (shift, winner) in [(0.001, 0), (-0.001, 1)] {
      let game = try PreferenceGame.voterTypes(epsilon: shift)
      let policy = try game.optimalPolicy(rewardFittedOn: game.reference, tau: 1e-5)
      #expect(policy[winner] > 0.999)
    }
  }

  /// Munos et al. 2023, appendix C: three dice of which each is beaten 5 times in 9.
  @Test func diceBeatEachOtherInACircle() throws {
    let game = try PreferenceGame.dice([[2, 4, 9], [1, 6, 8], [3, 5, 7]], reference: [0.2, 0.3, 0.5])
    for (winner, loser) in [(0, 1), (1, 2), (2, 0)] { #expect(abs(game[winner, loser] - 5.0 / 9) < 1e-15) }
    let uniform = [Double](repeating: 1 / 3, count: 3)
    #expect(largestDifference(try game.regularizedNash(tau: 1e-8).policy, uniform) < 1e-6)
    #expect(largestDifference(try game.onlineDPOEquilibrium(tau: 1e-8).policy, uniform) < 1e-6)
  }

  /// Munos et al. 2023, appendix A: of the policies that play 0 twice as often as 1, the one of the highest expected score
  /// loses to another, although scores explain the preferences.
  @Test func theHighestScoreMayLoseWherePoliciesAreConstrained() throws {
    let scores: [Double] = [0, log(9), log(2)]
    let game = try PreferenceGame.bradleyTerry(scores: scores)
    func score(_ policy: [Double]) -> Double { zip(policy, scores).reduce(0) { $0 + $1.0 * $1.1 } }
    let best = [2.0 / 3, 1.0 / 3, 0]
    for share in stride(from: 0.0, to: 1, by: 0.1) { #expect(score([2 * share / 3, share / 3, 1 - share]) < score(best)) }
    #expect(abs(game.preference(of: [0, 0, 1], over: best) - 50.0 / 99) < 1e-15)
  }
}
