import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct RegularizedNashTests {
  /// log π ← (1 − α) log π + α (log μ + P π/τ), which converges for α ≤ τ²/(τ² + L²) with L the largest |p − ½|: a slow road
  /// to the same place that shares no code with the solver.
  private func dampedDescent(_ game: PreferenceGame, tau: Double) -> [Double] {
    let strength = game.preferences.reduce(0) { max($0, abs($1 - 0.5)) }
    let damping = tau * tau / (tau * tau + strength * strength)
    let count = game.count
    var logits = game.reference.map { log($0) }
    var policy = game.reference
    for _ in 0..<40_000 {
      var change = 0.0
      let old = policy
      for row in 0..<count {
        let rate = (0..<count).reduce(0.0) { $0 + game.preferences[row * count + $1] * old[$1] }
        logits[row] += damping * (log(game.reference[row]) + rate / tau - logits[row])
      }
      let partition = log(logits.reduce(0) { $0 + exp($1) })
      for row in 0..<count {
        policy[row] = exp(logits[row] - partition)
        change = max(change, abs(policy[row] - old[row]))
      }
      if change < 1e-16 { break }
    }
    return policy
  }

  @Test(arguments: [0.1, 0.3, 1]) func newtonArrivesWhereDampedDescentDoes(tau: Double) throws {
    for game in try randomGames() {
      let equilibrium = try game.regularizedNash(tau: tau)
      #expect(largestDifference(equilibrium.policy, dampedDescent(game, tau: tau)) < 1e-11)
      #expect(equilibrium.residual < 1e-13)
      #expect(abs(equilibrium.exploitability) < 1e-14)
    }
  }

  @Test(arguments: [3, 5], [0.01, 0.001]) func smallTemperaturesConvergeOnCycles(size: Int, tau: Double) throws {
    var generator = CounterGenerator(13, UInt64(size))
    let game = try PreferenceGame.rockPaperScissors(size: size, strength: 0.5, reference: generator.policy(size))
    let equilibrium = try game.regularizedNash(tau: tau)
    #expect(equilibrium.residual < 1e-12)
    #expect(abs(equilibrium.exploitability) < 1e-12)
    #expect(game.rawExploitability(of: equilibrium.policy) < 2 * tau, "nearly the unregularised equilibrium")
    #expect(equilibrium.iterations < 100)
  }

  @Test func largeRandomGamesAndSmallTemperaturesConverge() throws {
    var generator = CounterGenerator(14)
    for count in [10, 40] {
      let game = try PreferenceGame.random(count: count, using: &generator)
      for tau in [0.001, 0.01, 0.1] {
        let equilibrium = try game.regularizedNash(tau: tau)
        #expect(equilibrium.residual < 1e-12)
        #expect(abs(equilibrium.exploitability) < 1e-12)
      }
    }
  }

  @Test func cyclesWithoutFavouriteStayUniform() throws {
    let game = try PreferenceGame.rockPaperScissors(size: 5, strength: 0.4)
    for tau in [0.01, 0.1, 1] {
      #expect(largestDifference(try game.regularizedNash(tau: tau).policy, game.reference) < 1e-15)
    }
  }

  /// Munos et al. 2023, section 3.2: three kinds of voters; the unregularised equilibrium moves continuously with their shares.
  @Test(arguments: [-0.1, 0, 0.1]) func threeKindsOfVotersShareTheChoice(shift: Double) throws {
    let shares = [1 / 3 - shift, 1 / 3 + shift / 2, 1 / 3 + shift / 2]
    // The first kind prefers 1 to 0, the second 0 to 2, the third 2 to 1; all else is a tie.
    var preferences = [[Double]](repeating: [0.5, 0.5, 0.5], count: 3)
    for ((winner, loser), share) in zip([(1, 0), (0, 2), (2, 1)], shares) {
      preferences[winner][loser] += share / 2
      preferences[loser][winner] -= share / 2
    }
    let equilibrium = try PreferenceGame(preferences: preferences).regularizedNash(tau: 1e-4)
    #expect(largestDifference(equilibrium.policy, [1 / 3 + shift / 2, 1 / 3 + shift / 2, 1 / 3 - shift]) < 1e-3)
  }

  /// Rock–paper–scissors won with probability 0.9, the reference (0.6, 0.3, 0.1), τ = 0.1: figures of the specification,
  /// printed to four decimals.
  @Test func skewedRockPaperScissorsHasTheKnownEquilibria() throws {
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4, reference: [0.6, 0.3, 0.1])
    func figures(_ policy: [Double]) -> [Double] {
      (policy + [game.exploitability(of: policy, tau: 0.1), game.rawExploitability(of: policy)]).map { rounded($0, 4) }
    }
    #expect(figures(try game.regularizedNash(tau: 0.1).policy) == [0.4607, 0.2127, 0.3267, 0, 0.0992])
    #expect(
      figures(try game.mixtureEquilibrium(tau: 0.1, mixture: 0.125).policy) == [0.4518, 0.1856, 0.3626, 0.0021, 0.1065])
    let half = try game.mixtureEquilibrium(tau: 0.1, mixture: 0.5)
    #expect(figures(half.policy) == [0.4334, 0.0792, 0.4874, 0.0422, 0.1417])
    #expect(half.mixture.map { rounded($0, 4) } == [0.5763, 0.1742, 0.2495])
    let offline = game.bestResponse(to: game.reference, tau: 0.1)
    #expect(figures(offline) == [0.7818, 0.0238, 0.1944, 0.1154, 0.3032])
    #expect(try game.mixtureEquilibrium(tau: 0.1, mixture: 1).policy == offline)
  }

  @Test(arguments: [0, 0.125, 0.5, 0.9, 1]) func mixturesOfTheTrainedPolicyAreEquilibria(weight: Double) throws {
    for game in try randomGames() {
      let end = try game.mixtureEquilibrium(tau: 0.2, mixture: weight)
      #expect(largestDifference(game.mixture(of: end.policy, weight: weight), end.mixture) < 1e-13)
      #expect(largestDifference(game.bestResponse(to: end.mixture, tau: 0.2), end.policy) < 1e-13)
      if weight == 0 { #expect(largestDifference(end.policy, end.mixture) < 1e-13) }
    }
  }

  @Test func twoActionsHaveAClosedForm() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.8], [0.2, 0.5]], reference: [0.3, 0.7])
    let odds = 0.3 / 0.7 * exp(0.3 / 0.25)
    let expected = [odds / (1 + odds), 1 / (1 + odds)]
    #expect(largestDifference(try game.regularizedNash(tau: 0.25).policy, expected) < 1e-15)
    for weight in [0.125, 0.5, 1] {
      let end = try game.mixtureEquilibrium(tau: 0.25, mixture: weight)
      #expect(largestDifference(end.policy, expected) < 1e-15, "whatever the mixture")
    }
  }

  @Test func equilibriaBeatTheReferenceByMoreThanTheyPay() throws {
    for game in try randomGames() {
      let policy = try game.regularizedNash(tau: 0.1).policy
      let divergence = game.divergence(of: policy)
      #expect(divergence > 1e-4)
      #expect(game.preference(of: policy, over: game.reference) >= 0.5 + 0.1 * divergence - 1e-14)
    }
  }
}
