import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct HingeTests {
  /// The derivative of p max(0, 1 − τh) + (1 − p) max(0, 1 + τh) by log π(y).
  private func hinge(tau: Double) -> (Double, Double) -> Double {
    { -tau * ($1 * (tau * $0 < 1 ? 1 : 0) - (1 - $1) * (tau * $0 > -1 ? 1 : 0)) }
  }

  @Test(arguments: [0.51, 0.99, 0.2]) func twoActionsMoveAsFarHoweverWideThePreference(preference: Double) throws {
    let game = try PreferenceGame(preferences: [[0.5, preference], [1 - preference, 0.5]], reference: [0.3, 0.7])
    for tau in [0.5, 2] {
      let policy = game.onlineSLiCOfTwoActions(tau: tau)
      let ratios = game.logRatios(of: policy)
      #expect(abs(ratios[0] - ratios[1] - (preference > 0.5 ? 1 : -1) / tau) < 1e-14)
      // On either side the loss falls towards it.
      for change in [0.01, -0.01] {
        let beside = game.optimalPolicy(rewards: [ratios[0] + change, ratios[1]], tau: 1)
        let gradient = game.contrastiveGradient(of: beside, sampler: beside, derivative: hinge(tau: tau))
        #expect(gradient[0] * change > 0)
        #expect(game.isInsideHingeBox(beside, tau: tau) == ((change > 0) != (preference > 0.5)))
      }
    }
  }

  @Test func withoutPreferenceEveryPolicyInTheBoxIsAtRest() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.5], [0.5, 0.5]], reference: [0.3, 0.7])
    #expect(largestDifference(game.onlineSLiCOfTwoActions(tau: 1), game.reference) < 1e-15)
    let tied = try PreferenceGame.rockPaperScissors(strength: 0, reference: [0.6, 0.3, 0.1])
    for policy in [tied.reference, [0.5, 0.3, 0.2], [0.4, 0.4, 0.2]] {
      #expect(tied.isInsideHingeBox(policy, tau: 0.5))
      let gradient = tied.contrastiveGradient(of: policy, sampler: policy, derivative: hinge(tau: 0.5))
      #expect(gradient.allSatisfy { abs($0) < 1e-16 })
    }
  }

  /// In the box the expected gradient is −2τ π(y) (2p(y ≻ π) − 1), whatever the reference. An equilibrium of full support is
  /// neither approached nor left: along the natural-gradient flow, KL(π* | π) stays what it is.
  @Test func insideTheBoxNothingPullsBack() throws {
    let game = try skewedRockPaperScissors()
    let nash = [1.0 / 3, 1.0 / 3, 1.0 / 3]
    #expect(game.isInsideHingeBox(nash, tau: 0.1))
    #expect(!game.isInsideHingeBox(nash, tau: 1))
    for seed in 0..<12 {
      var generator = CounterGenerator(31, UInt64(seed))
      let policy = generator.policy(3)
      try #require(game.isInsideHingeBox(policy, tau: 0.1))
      let gradient = game.contrastiveGradient(of: policy, sampler: policy, derivative: hinge(tau: 0.1))
      let rates = game.winRates(against: policy)
      #expect(largestDifference(gradient, zip(policy, rates).map { -0.2 * $0 * (2 * $1 - 1) }) < 1e-15)
      let rate = zip(rates, zip(nash, policy)).reduce(0) { $0 + (2 * $1.0 - 1) * ($1.1.0 - $1.1.1) }
      #expect(abs(rate) < 1e-15)
      #expect(largestDifference(rates, [0.5, 0.5, 0.5]) > 1e-3, "and yet the policy moves")
    }
  }
}
