import Foundation
import PoiseFiles
import PoiseObjectives
import Testing

/// The folder of data that POISE_TEST_DATA names.
private let sharedData = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]

/// Losses that others worked out and published.
@Suite(.enabled(if: sharedData != nil, "POISE_TEST_DATA names no folder")) struct PublishedLossTests {
  @Test func identityPreferenceOptimizationAgrees() throws {
    let vectors = try Files.readJSON(try #require(sharedData) + "/vectors/loss_vectors.json")
    let examples = try #require(vectors["ipo_worked"]?.array)
    try #require(examples.count == 3)
    for example in examples {
      func number(_ key: String) -> Double? { example[key]?.double }
      let expected = try #require(number("loss") ?? number("ipo"))
      // An example gives either τ and log-probabilities, or 1/(2τ) and h.
      let tau = try #require(number("beta") ?? number("target").map { 1 / (2 * $0) })
      let pair = Pair(
        first: ResponseStatistics(
          logProbability: try #require(number("policy_chosen") ?? number("h")),
          referenceLogProbability: number("ref_chosen") ?? 0),
        second: ResponseStatistics(
          logProbability: number("policy_rejected") ?? 0, referenceLogProbability: number("ref_rejected") ?? 0), preference: 1)
      let loss = IdentityPreferenceOptimization(tau: tau, form: .squared).evaluate(pair).loss
      #expect(abs(loss - expected) < 1e-9)
    }
  }
}
