import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct MixtureEquilibriumTests {
  @Test(arguments: [0, 0.125, 0.5, 0.9, 1]) func mixturesOfTheTrainedPolicyAreEquilibria(weight: Double) throws {
    for game in try randomGames() {
      let end = try game.mixtureEquilibrium(tau: 0.2, mixture: weight)
      #expect(largestDifference(game.mixture(of: end.policy, weight: weight), end.mixture) < 1e-13)
      #expect(largestDifference(game.bestResponse(to: end.mixture, tau: 0.2), end.policy) < 1e-13)
      if weight == 0 { #expect(largestDifference(end.policy, end.mixture) < 1e-13) }
      guard weight < 1 else { continue }
      #expect(abs(game.exploitability(of: end.mixture, tau: 0.2 / (1 - weight))) < 1e-14)
    }
  }

  /// log π/μ is 1/(1 − m) times log ν/μ, up to a constant.
  @Test func theTrainedPolicyOvershootsTheMixture() throws {
    for game in try randomGames() {
      for weight in [0.125, 0.5, 0.9] {
        let end = try game.mixtureEquilibrium(tau: 0.2, mixture: weight)
        let overshoot = zip(game.logRatios(of: end.policy), game.logRatios(of: end.mixture)).map {
          (1 - weight) * $0 - $1
        }
        #expect(span(overshoot) < 1e-12)
        #expect(game.divergence(of: end.policy) > game.divergence(of: end.mixture))
      }
    }
  }

  @Test func trainingAtALowerTemperatureMakesTheMixtureTheEquilibriumOfTheTarget() throws {
    for game in try randomGames() {
      let end = try game.mixtureEquilibrium(tau: 0.75 * 0.3, mixture: 0.25)
      #expect(largestDifference(end.mixture, try game.regularizedNash(tau: 0.3).policy) < 1e-13)
    }
  }

  @Test func twoActionsDoNotFeelTheMixture() throws {
    for seed in 0..<6 {
      var generator = CounterGenerator(18, UInt64(seed))
      let game = try PreferenceGame.random(count: 2, reference: generator.policy(2), using: &generator)
      let equilibrium = try game.regularizedNash(tau: 0.2).policy
      for weight in [0.125, 0.5, 1] {
        #expect(largestDifference(try game.mixtureEquilibrium(tau: 0.2, mixture: weight).policy, equilibrium) < 1e-14)
      }
    }
  }

  /// p(y ≻ y′) = ½ + s(y) − s(y′): an action gains the same against every opponent.
  @Test func additivePreferencesDoNotFeelTheMixture() throws {
    for seed in 0..<6 {
      var generator = CounterGenerator(19, UInt64(seed))
      let scores = (0..<5).map { _ in generator.uniform() / 2 }
      let game = try PreferenceGame(
        preferences: scores.map { first in scores.map { 0.5 + first - $0 } }, reference: generator.policy(5))
      let equilibrium = try game.regularizedNash(tau: 0.1).policy
      #expect(largestDifference(equilibrium, game.optimalPolicy(rewards: scores, tau: 0.1)) < 1e-13)
      for weight in [0.125, 0.5, 1] {
        #expect(largestDifference(try game.mixtureEquilibrium(tau: 0.1, mixture: weight).policy, equilibrium) < 1e-13)
      }
    }
  }

  @Test func otherwiseTheTrainedPolicyIsNoEquilibriumAtAnyTemperature() throws {
    let game = try skewedRockPaperScissors()
    let policy = try game.mixtureEquilibrium(tau: 0.1, mixture: 0.5).policy
    for exponent in stride(from: -3.0, through: 3, by: 0.125) {
      #expect(game.exploitability(of: policy, tau: pow(10, exponent)) > 0.01)
    }
  }

  @Test func exploitabilityGrowsWithTheMixture() throws {
    let game = try skewedRockPaperScissors()
    var last = -1e-15
    for weight in [0, 0.125, 0.25, 0.5, 0.75, 1] {
      let policy = try game.mixtureEquilibrium(tau: 0.1, mixture: weight).policy
      let exploitability = game.exploitability(of: policy, tau: 0.1)
      #expect(exploitability > last)
      last = exploitability + 1e-3
    }
  }

  /// What a little mixing costs at the temperature of the training: nothing where symmetry already settles the matter, and
  /// little elsewhere, but for a strong cycle under a skewed reference at a low temperature.
  @Test(arguments: [0.1, 0.2, 0.5]) func aMixtureOfAnEighthCostsLittle(tau: Double) throws {
    func exploitability(_ game: PreferenceGame) throws -> Double {
      game.exploitability(of: try game.mixtureEquilibrium(tau: tau, mixture: 0.125).policy, tau: tau)
    }
    var generator = CounterGenerator(35)
    let voters = [try PreferenceGame.voterTypes(epsilon: 0.1), try .voterTypes(epsilon: -0.1)]
    for game in voters + [try PreferenceGame.random(count: 5, using: &generator)] {
      #expect(try exploitability(game) > 1e-8)
      #expect(try exploitability(game) <= 4.8e-4)
    }
    for game in [try PreferenceGame.rockPaperScissors(strength: 0.4), try rockPaperScissorsAndADominatedFourth()] {
      #expect(try abs(exploitability(game)) < 1e-14)
    }
    let skewed = try exploitability(skewedRockPaperScissors())
    if tau == 0.1 { #expect(rounded(skewed, 4) == 0.0021) } else { #expect(skewed <= 4.8e-4) }
  }
}
