import Foundation
import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

@Suite struct SamplerTests {
  let policy = tinyPolicy(seed: 1)
  let reference = tinyPolicy(seed: 2)
  let prompts: [[Int32]] = [[1, 2, 3], [4], [5, 6], [7, 8, 9, 10, 1], [2]]
  let key = SamplingKey(seed: 3, step: 4)

  private func sample(
    _ options: SamplingOptions, mixture: Double = 0, policy: Policy? = nil, reference: Policy? = nil, workers: Int = 1,
    prompts: [[Int32]]? = nil, firstPrompt: Int = 0
  ) -> [[SampledResponse]] {
    let sampler = Sampler(
      self.policy.transformer, options: options, pool: WorkerPool(workerCount: workers),
      decodesReference: reference != nil)
    return sampler.sample(
      prompts ?? self.prompts, mixtures: [mixture, mixture, mixture], policy: (policy ?? self.policy).parameters,
      reference: reference?.parameters, key: key,
      firstPrompt: firstPrompt)
  }

  @Test func responsesEndWithTheirEndOrAtTheLimit() {
    let responses = sample(SamplingOptions(maximumTokens: 7)).flatMap(\.self)
    #expect(responses.count == 15)
    #expect(Set(responses.map(\.finish)) == [.eos, .length])
    for response in responses {
      #expect(!response.tokens.dropLast().contains(0))
      #expect((response.tokens.last == 0) == (response.finish == .eos))
      #expect(response.finish == .eos ? response.tokens.count <= 7 : response.tokens.count == 7)
    }
  }

  @Test func samplesDoNotDependOnTheNumberOfWorkers() {
    let options = SamplingOptions(maximumTokens: 7)
    let one = sample(options, mixture: 0.3, reference: reference)
    for workers in [2, 3] { #expect(sample(options, mixture: 0.3, reference: reference, workers: workers) == one) }
  }

  @Test func aLaterBatchGoesOnWhereAnEarlierStopped() {
    let options = SamplingOptions(maximumTokens: 7)
    let whole = sample(options).map { $0.map(\.tokens) }
    let later = sample(options, prompts: Array(prompts[2...]), firstPrompt: 2).map { $0.map(\.tokens) }
    #expect(later == Array(whole[2...]))
  }

  @Test func keysTellSamplesApart() {
    let sampler = Sampler(
      policy.transformer, options: SamplingOptions(maximumTokens: 7), pool: WorkerPool(workerCount: 1))
    let keys = [SamplingKey(seed: 1), SamplingKey(seed: 2), SamplingKey(seed: 1, step: 1)]
    let samples = keys.map { sampler.sample(prompts, count: 2, policy: policy.parameters, key: $0).map { $0.map(\.tokens) } }
    #expect(Set(samples).count == 3)
    #expect(samples[0].contains { $0[0] != $0[1] })
  }

  /// m = 0 is the policy and m = 1 the reference: tokens and behaviour alike, to the last bit.
  @Test func theEndsOfTheMixtureAreTheTwoModels() {
    for (mixture, source) in [(0.0, policy), (1, reference)] {
      let mixed = sample(SamplingOptions(maximumTokens: 7), mixture: mixture, reference: reference).flatMap(\.self)
      let alone = sample(SamplingOptions(maximumTokens: 7), policy: source).flatMap(\.self)
      #expect(mixed.map(\.tokens) == alone.map(\.tokens))
      #expect(mixed.map(\.behaviourLogProbability) == alone.map(\.behaviourLogProbability))
      #expect(mixed.allSatisfy { $0.logMixturePartition == 0 })
      for response in mixed {
        #expect(response.behaviourLogProbability == (mixture == 0 ? response.logProbability : response.referenceLogProbability))
      }
    }
  }

  /// log β = (1−m) log π + m log μ − Σ log Z.
  @Test func behaviourIsTheMixtureOfBothModels() throws {
    for response in sample(SamplingOptions(maximumTokens: 7), mixture: 0.25, reference: reference).flatMap(\.self) {
      let expected =
        0.75 * response.logProbability + 0.25 * (try #require(response.referenceLogProbability)) - response.logMixturePartition
      #expect(abs(response.behaviourLogProbability - expected) < 1e-5)
      #expect(response.logMixturePartition < 0)
    }
  }

  @Test func logProbabilitiesAreThoseOfScoring() throws {
    let responses = sample(SamplingOptions(maximumTokens: 7, temperature: 1.5, topK: 8), reference: reference)
    let groups = zip(prompts, responses).map { TokenGroup(prompt: $0, responses: $1.map(\.tokens)) }
    let scorer = Scorer(
      policy.transformer, policy: policy.parameters, reference: reference.parameters, pool: WorkerPool(workerCount: 2))
    for (response, score) in zip(responses.flatMap(\.self), scorer.score(groups)) {
      #expect(response.logProbability == score.logProbability)
      #expect(try #require(response.referenceLogProbability) == (try #require(score.referenceLogProbability)))
      #expect(score.tokenLogProbabilities.count == response.tokens.count)
    }
  }

  @Test func truncationKeepsToItsTokens() {
    let greedy = sample(SamplingOptions(maximumTokens: 7, isGreedy: true)).map { $0.map(\.tokens) }
    #expect(greedy.allSatisfy { Set($0).count == 1 })
    #expect(sample(SamplingOptions(maximumTokens: 7, topK: 1)).map { $0.map(\.tokens) } == greedy)
    #expect(sample(SamplingOptions(maximumTokens: 7, topP: 1e-6)).map { $0.map(\.tokens) } == greedy)
    #expect(sample(SamplingOptions(maximumTokens: 7, temperature: 0.001)).map { $0.map(\.tokens) } == greedy)
  }

  @Test(.enabled(if: storiesFolder != nil, "POISE_TEST_DATA names no folder"))
  func greedyDecodingTellsThePublishedStory() throws {
    let folder = try #require(storiesFolder)
    let golden = try Files.readJSON(folder + "/vectors/golden_stories260K.json")
    let tokens = try #require(golden["tokens"]?.array).compactMap { $0.int.map { Int32($0) } }
    let model = try StoredModel(folder: folder + "/models/stories260K_hf")
    let sampler = Sampler(
      model.transformer, options: SamplingOptions(maximumTokens: 150, isGreedy: true), pool: WorkerPool(workerCount: 1))
    let response = sampler.sample([[tokens[0]]], count: 1, policy: model.parameters, key: SamplingKey(seed: 0))[0][0]
    #expect(response.tokens == Array(tokens[1...150]))
  }
}

/// The folder of data that POISE_TEST_DATA names.
private let storiesFolder = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]
