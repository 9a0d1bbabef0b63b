import Foundation
import PoiseGames
import PoiseRandom
import Testing

/// The fixed points, put into the expected gradients of the losses whose fixed points they are. Derivatives by log π(y) are
/// written down from the losses, in terms of h and p.
@Suite struct StationarityTests {
  private let tau = 0.15

  private func identity(_ margin: Double, _ preference: Double) -> Double { 2 * margin - (2 * preference - 1) / tau }
  private func logistic(_ margin: Double, _ preference: Double) -> Double {
    -tau * (preference - 1 / (1 + exp(-tau * margin)))
  }

  private func largest(_ gradient: [Double]) -> Double { gradient.reduce(0) { max($0, abs($1)) } }

  /// π(y) (A(y) − E_π A).
  private func policyGradient(_ policy: [Double], advantages: [Double]) -> [Double] {
    let mean = zip(policy, advantages).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(policy, advantages).map { $0 * ($1 - mean) }
  }

  /// p(· ≻ opponent) − τ log π/μ.
  private func advantages(_ game: PreferenceGame, _ policy: [Double], against opponent: [Double]) -> [Double] {
    zip(game.winRates(against: opponent), game.logRatios(of: policy)).map { $0 - tau * $1 }
  }

  private func forEveryGame(_ body: (PreferenceGame, _ other: [Double]) throws -> Void) throws {
    for (index, game) in try randomGames().enumerated() {
      var generator = CounterGenerator(20, UInt64(index))
      try body(game, generator.policy(game.count))
    }
  }

  @Test func onlineIPOAndSelfPlayRestAtTheEquilibrium() throws {
    try forEveryGame { game, other in
      let policy = try game.regularizedNash(tau: tau).policy
      #expect(largest(game.contrastiveGradient(of: policy, sampler: policy, derivative: identity)) < 1e-13)
      #expect(largest(policyGradient(policy, advantages: advantages(game, policy, against: policy))) < 1e-14)
      #expect(largest(game.contrastiveGradient(of: other, sampler: other, derivative: identity)) > 1e-2)
    }
  }

  @Test(arguments: [0.125, 0.5, 1]) func mixtureAlgorithmsRestAtTheMixtureEquilibrium(weight: Double) throws {
    try forEveryGame { game, other in
      let policy = try game.mixtureEquilibrium(tau: tau, mixture: weight).policy
      let sampler = game.mixture(of: policy, weight: weight)
      #expect(largest(game.contrastiveGradient(of: policy, sampler: sampler, derivative: identity)) < 1e-13)
      #expect(largest(policyGradient(policy, advantages: advantages(game, policy, against: sampler))) < 1e-14)
      let otherSampler = game.mixture(of: other, weight: weight)
      #expect(largest(game.contrastiveGradient(of: other, sampler: otherSampler, derivative: identity)) > 1e-3)
    }
  }

  /// −(4/τ) Cov over y ~ ν of ∇ log π(y) and A(y). A baseline of ½ instead of the mean of A would leave a drift towards the
  /// sampler, even at the fixed point.
  @Test func theGradientOfIPOMDIsACovariance() throws {
    try forEveryGame { game, policy in
      for weight in [0, 0.25, 1] {
        let sampler = game.mixture(of: policy, weight: weight)
        let advantages = advantages(game, policy, against: sampler)
        let gradient = game.contrastiveGradient(of: policy, sampler: sampler, derivative: identity)
        let covariance = policyGradient(sampler, advantages: advantages)
        #expect(largestDifference(gradient, covariance.map { -4 / tau * $0 }) < 1e-12)
        let drift = zip(sampler, advantages).reduce(-0.5) { $0 + $1.0 * $1.1 }
        let oneSided = policy.indices.map { action in
          sampler.indices.reduce(0) { sum, sample in
            sum + sampler[sample] * ((sample == action ? 1 : 0) - policy[action]) * (advantages[sample] - 0.5)
          }
        }
        let expected = zip(covariance, zip(sampler, policy)).map { $0 + drift * ($1.0 - $1.1) }
        #expect(largestDifference(oneSided, expected) < 1e-14)
        #expect((abs(drift) * largestDifference(sampler, policy) > 1e-4) == (weight > 0))
      }
    }
  }

  @Test func offlineLossesRestWhereTheirDataSays() throws {
    try forEveryGame { game, data in
      let identityPolicy = game.bestResponse(to: data, tau: tau)
      #expect(largest(game.contrastiveGradient(of: identityPolicy, sampler: data, derivative: identity)) < 1e-13)
      let logisticPolicy = try game.optimalPolicy(rewardFittedOn: data, tau: tau)
      #expect(largest(game.contrastiveGradient(of: logisticPolicy, sampler: data, derivative: logistic)) < 1e-13)
      for derivative in [identity, logistic] {
        #expect(largest(game.contrastiveGradient(of: game.reference, sampler: data, derivative: derivative)) > 1e-4)
      }
    }
  }

  @Test func onlineDPORestsAtItsEquilibrium() throws {
    try forEveryGame { game, other in
      let policy = try game.onlineDPOEquilibrium(tau: tau).policy
      #expect(largest(game.contrastiveGradient(of: policy, sampler: policy, derivative: logistic)) < 1e-14)
      #expect(largest(game.contrastiveGradient(of: other, sampler: other, derivative: logistic)) > 1e-4)
    }
  }

  @Test func rewardMaximisationRestsAtTheTiltedReference() throws {
    try forEveryGame { game, _ in
      var generator = CounterGenerator(21)
      let rewards = (0..<game.count).map { _ in generator.normal() }
      let policy = game.optimalPolicy(rewards: rewards, tau: tau)
      let advantages = zip(rewards, game.logRatios(of: policy)).map { $0 - tau * $1 }
      #expect(largest(policyGradient(policy, advantages: advantages)) < 1e-14)
      #expect(largest(policyGradient(game.reference, advantages: rewards)) > 1e-3)
      #expect(game.optimalPolicy(rewards: game.winRates(against: policy), tau: tau) == game.bestResponse(to: policy, tau: tau))
    }
  }

  /// Along the flow that moves logits by p(· ≻ π) − τ l, the divergence from the equilibrium falls at the rate
  /// τ (KL(π* | π) + KL(π | π*)), cycles or not.
  @Test func naturalGradientsOfSelfPlayNeverLeaveTheEquilibrium() throws {
    try forEveryGame { game, policy in
      let rest = try game.regularizedNash(tau: tau).policy
      let flow = advantages(game, policy, against: policy)
      let rate = zip(flow, zip(rest, policy)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
      let divergences = zip(rest, policy).reduce(0) { $0 + ($1.0 - $1.1) * log($1.0 / $1.1) }
      #expect(abs(rate - tau * divergences) < 1e-13)
    }
  }

  /// The same rate by differences along the flow: of the second order in the step, with third derivatives below 1.
  @Test func theDivergenceFromTheEquilibriumFallsAtTheKnownRate() throws {
    var cycles = [try skewedRockPaperScissors(), try rockPaperScissorsAndADominatedFourth()]
    cycles.append(try .rockPaperScissors(size: 5, strength: 0.5))
    for (index, game) in (cycles + (try randomGames())).enumerated() {
      var generator = CounterGenerator(34, UInt64(index))
      let policy = generator.policy(game.count)
      let rest = try game.regularizedNash(tau: tau).policy
      let flow = advantages(game, policy, against: policy)
      func divergence(after time: Double) -> Double {
        let weights = zip(policy, flow).map { $0 * exp(time * $1) }
        let sum = weights.reduce(0, +)
        return zip(rest, weights).reduce(0) { $0 + $1.0 * log($1.0 * sum / $1.1) }
      }
      let rate = (divergence(after: 1e-4) - divergence(after: -1e-4)) / 2e-4
      let divergences = zip(rest, policy).reduce(0) { $0 + ($1.0 - $1.1) * log($1.0 / $1.1) }
      #expect(rate < 0)
      #expect(abs(rate + tau * divergences) < 1e-8)
    }
  }

  /// Around the uniform policy of rock–paper–scissors a field of logits has the eigenvalues u₀ − (u₁ + u₂)/2 ± i √3/2 (u₁ − u₂),
  /// where u is its derivative by one logit.
  private func eigenvalue(_ field: (PreferenceGame, [Double]) -> [Double]) throws -> (real: Double, imaginary: Double) {
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4)
    let step = 1e-4
    let sides = [step, -step].map { change in
      let weights = [exp(change), 1, 1]
      return field(game, weights.map { $0 / (exp(change) + 2) })
    }
    let column = zip(sides[0], sides[1]).map { ($0 - $1) / (2 * step) }
    return (column[0] - (column[1] + column[2]) / 2, abs(3.0.squareRoot() / 2 * (column[1] - column[2])))
  }

  @Test(arguments: [0, 0.125, 0.5]) func samplingFromTheMixtureDampsRotation(weight: Double) throws {
    let rotation = (1 - weight) * 0.4 / 3.0.squareRoot()
    let contrastive = try eigenvalue { game, policy in
      let sampler = game.mixture(of: policy, weight: weight)
      return game.contrastiveGradient(of: policy, sampler: sampler) { -2 * tau * $0 + 2 * $1 - 1 }
    }
    #expect(abs(contrastive.real + 4.0 / 3 * tau) < 1e-7)
    #expect(abs(contrastive.imaginary - 4.0 / 3 * rotation) < 1e-7)
    let oneSided = try eigenvalue { game, policy in
      let opponent = game.mixture(of: policy, weight: weight)
      return policyGradient(policy, advantages: advantages(game, policy, against: opponent))
    }
    #expect(abs(oneSided.real + tau / 3) < 1e-7)
    #expect(abs(oneSided.imaginary - rotation / 3) < 1e-7)
  }

  @Test func onlineDPOIsPulledBackAQuarterAsHard() throws {
    let eigenvalue = try eigenvalue { game, policy in
      zip(policy, game.logisticShortfalls(of: policy, tau: tau)).map { $0 * $1 }
    }
    #expect(abs(eigenvalue.real + tau / 12) < 1e-7)
    #expect(abs(eigenvalue.imaginary - 0.4 / 3.0.squareRoot() / 3) < 1e-7)
  }
}
