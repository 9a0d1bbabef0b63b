import Foundation
import PoiseGames
import PoiseObjectives
import Testing

@testable import Poise

/// Sums and means of log-probabilities have different fixed points.
@Suite struct ReductionFixedPointTests {
  static let tau = 0.5

  private func trained(_ toy: Toy, _ reduction: LogProbabilityReduction) -> [Double] {
    var settings = Algorithm.Settings(tau: Self.tau)
    settings.reduction = reduction
    let policy = TabularPolicy(toy.model, logits: toy.reference.parameters.doubles)
    let trainer = EnumeratedTrainer(
      EnumeratedPairs(toy.game, Algorithm(.ipo, settings)), policy, responses: toy.responses,
      reference: toy.reference.parameters)
    #expect(trainer.settle(rate: 1, patience: 4000))
    return trainer.distribution
  }

  /// Responses of several tokens are actions like others.
  @Test(arguments: Toy.mild) func withSumsResponsesReachTheEquilibrium(_ toy: Toy) throws {
    let found = trained(toy, .sum)
    #expect(totalVariation(found, try toy.game.regularizedNash(tau: Self.tau).policy) < 1e-3)
  }

  /// Where all are of one length N, means are sums at τ/N, with gradients N times smaller.
  @Test func withMeansOfEqualLengthsTheEquilibriumIsThatOfASmallerTau() throws {
    let toy = Toy.mild[0]
    let found = trained(toy, .mean)
    #expect(totalVariation(found, try toy.game.regularizedNash(tau: Self.tau / 2).policy) < 1e-3)
  }

  /// log π/μ (y) = |y| ((p(y ≻ π) − ½)/τ + k) with one k for all, here where longer is better: no equilibrium, but a tilt in
  /// length.
  @Test func withMeansOfUnequalLengthsTheFixedPointIsTiltedInLength() throws {
    var toy = Toy.mild[1]
    toy.game = try .bradleyTerry(scores: toy.responses.map { 0.8 * Double($0.count) }, reference: toy.game.reference)
    let found = trained(toy, .mean)
    let rates = toy.game.winRates(against: found)
    let constants = toy.responses.indices.map { y in
      log(found[y] / toy.game.reference[y]) / Double(toy.responses[y].count) - (rates[y] - 0.5) / Self.tau
    }
    #expect(constants.max()! - constants.min()! < 1e-4)
    #expect(abs(constants[0]) > 0.01)
    #expect(totalVariation(found, try toy.game.regularizedNash(tau: Self.tau).policy) > 0.05)
  }
}
