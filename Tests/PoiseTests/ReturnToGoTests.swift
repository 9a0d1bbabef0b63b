import Foundation
import PoiseGames
import PoiseModel
import PoiseTestSupport
import PoiseTwins
import Testing

@testable import Poise

/// Gradients of policies that say several tokens, in the logits of every context. The engine's are floats of order 1: they are
/// compared to 1e-6; differences in double precision are exact to 1e-9.
@Suite struct ReturnToGoTests {
  static let tau = 0.3

  private func trainer(_ toy: Toy, _ algorithm: Algorithm, opponent: [Double]? = nil) -> EnumeratedTrainer {
    EnumeratedTrainer(
      EnumeratedPairs(toy.game, algorithm) { ($0, opponent ?? $0) }, toy.policy, responses: toy.responses,
      reference: toy.reference.parameters)
  }

  private func divergence(_ toy: Toy, _ logits: [Double]) -> Double {
    let (own, other) = (toy.distribution(toy.table(logits)), toy.distribution(toy.other))
    return zip(own, other).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
  }

  /// Σ π(y) Σ_n w_n ∇ log π(y_n) with weights that stand still.
  private func scoreGradient(_ toy: Toy, weights: (_ ratios: [Double], _ token: Int) -> Double) -> [Double] {
    let own = toy.own
    let weighed = toy.responses.map { response in
      let ratios = zip(own.tokenLogProbabilities(of: response), toy.other.tokenLogProbabilities(of: response)).map(-)
      return ratios.indices.map { exp(own.logProbability(of: response)) * weights(ratios, $0) }
    }
    return centralDifference(
      of: { logits in
        let moved = toy.table(logits)
        return zip(toy.responses, weighed).reduce(0) { $0 + innerProduct($1.1, moved.tokenLogProbabilities(of: $1.0)) }
      }, at: own.logits)
  }

  /// A reward that is the same for all leaves −τ KL(π ‖ μ), twice: once for each response of a pair.
  @Test(arguments: Toy.all) func whereNothingIsRewardedPolicyGradientsDescendTheDivergence(_ toy: Toy) {
    let expected = centralDifference(of: { 2 * Self.tau * divergence(toy, $0) }, at: toy.own.logits)
    let trainer = trainer(toy, Algorithm(.reinforce, .init(tau: Self.tau)))
    let (toGo, full) = (trainer.gradient(), trainer.gradient(returnsToGo: false))
    #expect(largestDifference(toGo, expected) < 1e-6)
    #expect(largestDifference(full, expected) < 1e-6)
    #expect(expected.map(abs).max()! > 0.05)
  }

  /// What a token's log-ratio alone gives is another gradient, and a divergence that is differentiated where it was sampled has
  /// none.
  @Test(arguments: Toy.all) func aTokenAnswersForAllThatFollowIt(_ toy: Toy) {
    let expected = centralDifference(of: { divergence(toy, $0) }, at: toy.own.logits)
    let toGo = scoreGradient(toy) { ratios, token in ratios[token...].reduce(0, +) }
    let alone = scoreGradient(toy) { ratios, token in ratios[token] }
    let constant = scoreGradient(toy) { _, _ in 1 }
    #expect(largestDifference(toGo, expected) < 1e-8)
    #expect(largestDifference(alone, expected) > 0.05)
    #expect(constant.map(abs).max()! < 1e-9)
  }

  /// P(π ≻ q) − τ KL(π ‖ μ) with the token-wise mixture q of today, which stands still.
  @Test(arguments: Toy.all, [0, 0.125, 1]) func nashMDClimbsItsObjective(_ toy: Toy, _ weight: Double) {
    let opponent = toy.mixture(weight)
    let expected = centralDifference(
      of: { logits in
        let own = toy.distribution(toy.table(logits))
        return Self.tau * divergence(toy, logits) - toy.game.preference(of: own, over: opponent)
      }, at: toy.own.logits)
    let trainer = trainer(toy, Algorithm(.nashMD, .init(tau: Self.tau, mixture: weight)), opponent: opponent)
    #expect(largestDifference(trainer.gradient(), expected) < 1e-6)
    #expect(largestDifference(trainer.gradient(returnsToGo: false), expected) < 1e-6)
    #expect(expected.map(abs).max()! > 0.05)
  }
}
