import Foundation
import PoiseFiles
import PoiseObjectives
import Testing

/// The folder of data that POISE_TEST_DATA names.
private let sharedData = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]

/// Losses that others worked out and published.
@Suite(.enabled(if: sharedData != nil, "POISE_TEST_DATA names no folder")) struct PublishedLossTests {
  let vectors: JSON

  init() throws { vectors = try Files.readJSON(try #require(sharedData) + "/vectors/loss_vectors.json") }

  /// An example gives either τ and log-probabilities, or 1/(2τ) and h.
  @Test func identityPreferenceOptimizationAgrees() throws {
    let examples = try #require(vectors["ipo_worked"]?.array)
    try #require(examples.count == 3)
    for example in examples {
      let expected = try #require((example["loss"] ?? example["ipo"])?.double)
      let tau = try #require((example["beta"]?.double) ?? example["target"]?.double.map { 1 / (2 * $0) })
      let loss = IdentityPreferenceOptimization(tau: tau, form: .squared).evaluate(try pair(example)).loss
      #expect(abs(loss - expected) < 1e-9)
    }
  }

  /// The second worked example gives DPO beside IPO, to nine digits.
  @Test func directPreferenceOptimizationAgreesWithTheWorkedExample() throws {
    let example = try #require(vectors["ipo_worked"]?.array?.first { $0["dpo"] != nil })
    let (expected, tau) = (try #require(example["dpo"]?.double), try #require(example["beta"]?.double))
    #expect(abs(DirectPreferenceOptimization(tau: tau).evaluate(try pair(example)).loss - expected) < 1e-9)
  }

  @Test func directPreferenceOptimizationAgreesWithTorchtune() throws {
    let batch = try #require(vectors["dpo_torchtune"])
    let expected = try numbers(batch, "expected_values")
    let objective = DirectPreferenceOptimization(tau: try #require(batch["beta"]?.double))
    let found = try pairs(batch).map { objective.evaluate($0).loss }
    try #require(found.count == 3 && expected.count == 3)
    for (loss, expected) in zip(found, expected) { expectClose(loss, expected) }
  }

  /// On the pairs of the DPO test, with γ = τ.
  @Test func hingeNormAgreesWithTorchtune() throws {
    let expected = try numbers(try #require(vectors["slic_hinge_torchtune"]), "expected")
    let batch = try #require(vectors["dpo_torchtune"])
    let objective = HingeNorm(tau: try #require(batch["beta"]?.double))
    let found = try pairs(batch).map { objective.evaluate($0).loss }
    try #require(found.count == 3 && expected.count == 3)
    for (loss, expected) in zip(found, expected) { expectClose(loss, expected) }
  }

  /// A policy that is its reference loses log 2 on its first step; published in single precision, in the note's last number.
  @Test func directPreferenceOptimizationStartsWhereOthersStart() throws {
    let note = try #require(vectors["trl_dpo_step1"]?["note"]?.string)
    let published = try #require(note.split(separator: " ").last.flatMap { Double($0) })
    for preference in Pair.preferences {
      let loss = DirectPreferenceOptimization(tau: 0.1).evaluate(Pair(margin: 0, preference: preference)).loss
      #expect(abs(loss - published) < 1e-7)
    }
  }

  private func numbers(_ json: JSON, _ key: String) throws -> [Double] {
    try #require(json[key]?.array).map { try #require($0.double) }
  }

  private func pair(_ example: JSON) throws -> Pair {
    func number(_ key: String) -> Double? { example[key]?.double }
    return Pair(
      first: ResponseStatistics(
        logProbability: try #require(number("policy_chosen") ?? number("h")), referenceLogProbability: number("ref_chosen") ?? 0),
      second: ResponseStatistics(
        logProbability: number("policy_rejected") ?? 0, referenceLogProbability: number("ref_rejected") ?? 0), preference: 1)
  }

  private func pairs(_ batch: JSON) throws -> [Pair] {
    let (chosen, rejected) = (try numbers(batch, "policy_chosen"), try numbers(batch, "policy_rejected"))
    let (chosenReference, rejectedReference) = (try numbers(batch, "ref_chosen"), try numbers(batch, "ref_rejected"))
    return chosen.indices.map {
      Pair(
        first: ResponseStatistics(logProbability: chosen[$0], referenceLogProbability: chosenReference[$0]),
        second: ResponseStatistics(logProbability: rejected[$0], referenceLogProbability: rejectedReference[$0]), preference: 1)
    }
  }
}
