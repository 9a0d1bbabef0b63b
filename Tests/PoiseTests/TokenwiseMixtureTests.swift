import Foundation
import PoiseGames
import PoiseModel
import PoiseTestSupport
import PoiseTwins
import Testing

@testable import Poise

/// What is sampled when two models are mixed token by token. Sampling computes in single precision: sums of up to three
/// log-probabilities of order 1 are exact to some 1e-6.
@Suite struct TokenwiseMixtureTests {
  @Test(arguments: Toy.all, [0.125, 0.5, 0.9])
  func theSamplerSaysWhatItDrawsFrom(_ toy: Toy, _ weight: Double) {
    let samples = toy.sample(1000, mixture: weight)
    #expect(Set(samples.map(\.tokens)) == Set(toy.responses))
    for sample in samples {
      let (logProbability, logPartition) = toy.mixture(weight, of: sample.tokens)
      #expect(abs(sample.behaviourLogProbability - logProbability) < 1e-5)
      #expect(abs(sample.logMixturePartition - logPartition) < 1e-5)
      #expect(abs(sample.logProbability - toy.own.logProbability(of: sample.tokens)) < 1e-5)
      #expect(abs(sample.referenceLogProbability! - toy.other.logProbability(of: sample.tokens)) < 1e-5)
      #expect((sample.finish == .eos) == toy.model.endOfSequence.contains(Int(sample.tokens.last!)))
    }
  }

  /// π^(1−m) μ^m (y) = q(y) ∏ Z_n, with Z_n ≤ 1.
  @Test(arguments: Toy.all, [0.125, 0.5, 0.9])
  func partitionsAreWhatSeparatesTheTwoMixtures(_ toy: Toy, _ weight: Double) {
    for response in toy.responses {
      let (logProbability, logPartition) = toy.mixture(weight, of: response)
      let product = (1 - weight) * toy.own.logProbability(of: response) + weight * toy.other.logProbability(of: response)
      #expect(abs(product - (logProbability + logPartition)) < 1e-14)
      #expect(logPartition < 0)
    }
    #expect(abs(toy.mixture(weight).reduce(0, +) - 1) < 1e-14)
  }

  /// The weights that the sampler hands out, exp Σ log Z_n, turn one into the other.
  @Test(arguments: Toy.all) func theTokenwiseMixtureIsNotThatOfSequencesButKnowsTheWay(_ toy: Toy) throws {
    let weight = 0.5
    let (tokenwise, whole) = (toy.mixture(weight), toy.sequenceMixture(weight))
    #expect(totalVariation(tokenwise, whole) > 0.02)
    let partitions = Dictionary(
      toy.sample(1000, mixture: weight).map { ($0.tokens, exp($0.logMixturePartition)) }, uniquingKeysWith: { first, _ in first })
    let weighed = try zip(toy.responses, tokenwise).map { try #require(partitions[$0]) * $1 }
    #expect(totalVariation(weighed.map { $0 / weighed.reduce(0, +) }, whole) < 1e-5)
  }

  /// χ² of n − 1 degrees of freedom exceeds n − 1 + 4√(2(n − 1)) once in some ten thousand times.
  private func expectFrequencies(
    _ counts: [Double], _ expected: [Double], areThose: Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let total = counts.reduce(0, +)
    let distance = zip(counts, expected).reduce(0) { $0 + ($1.0 - total * $1.1) * ($1.0 - total * $1.1) / (total * $1.1) }
    let freedom = Double(counts.count - 1)
    #expect((distance < freedom + 4 * (2 * freedom).squareRoot()) == areThose, "\(distance)", sourceLocation: sourceLocation)
  }

  @Test(arguments: Toy.all) func responsesComeAsOftenAsTheyShould(_ toy: Toy) {
    let weight = 0.5
    let samples = toy.sample(10_000, mixture: weight)
    let counts = toy.responses.map { response in Double(samples.count { $0.tokens == response }) }
    expectFrequencies(counts, toy.mixture(weight), areThose: true)
    expectFrequencies(counts, toy.sequenceMixture(weight), areThose: false)
    expectFrequencies(counts, toy.distribution(toy.own), areThose: false)
    expectFrequencies(counts, toy.distribution(toy.other), areThose: false)
    expectWeighedFrequencies(samples, toy, toy.sequenceMixture(weight))
  }

  /// Shares of exp Σ log Z_n instead of counts, to four standard errors of a ratio of two means.
  private func expectWeighedFrequencies(_ samples: [SampledResponse], _ toy: Toy, _ expected: [Double]) {
    let weights = samples.map { exp($0.logMixturePartition) }
    let total = weights.reduce(0, +)
    for (response, expected) in zip(toy.responses, expected) {
      let isThat = samples.map { $0.tokens == response ? 1.0 : 0 }
      let found = innerProduct(weights, isThat) / total
      let variance = zip(weights, isThat).reduce(0) { $0 + $1.0 * $1.0 * ($1.1 - found) * ($1.1 - found) }
      #expect(abs(found - expected) < 4 * variance.squareRoot() / total)
    }
  }
}
