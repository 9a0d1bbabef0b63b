import Foundation
import PoiseRandom
import PoiseTestSupport
import PoiseTwins
import Testing

@testable import PoiseModel

/// The smallest model against its twin, which is written over all responses at once.
@Suite struct TabularModelTests {
  static let models = [
    TabularModel(promptCount: 2, vocabularySize: 3, responseLength: 3),
    TabularModel(promptCount: 2, vocabularySize: 3, responseLength: 3, endOfSequence: [1]),
    TabularModel(vocabularySize: 5),
  ]

  private func randomParameters(_ model: TabularModel, seed: UInt64) -> Arena {
    let arena = Arena(model.parameterLayout)
    var values = arena[writing: model.logits]
    for (index, value) in normalRow("logits", seed: seed, count: values.count).enumerated() { values[index] = value }
    return arena
  }

  private func twin(_ model: TabularModel, _ logits: [Double], prompt: Int32 = 0) -> SoftmaxTable {
    SoftmaxTable(logits: logits, vocabularySize: model.vocabularySize) { model.context(prompt: prompt, after: $0) }
  }

  private func twin(_ model: TabularModel, _ parameters: Arena, prompt: Int32 = 0) -> SoftmaxTable {
    twin(model, parameters.floats.doubles, prompt: prompt)
  }

  private func responses(_ model: TabularModel) -> [[Int32]] {
    SoftmaxTable.responses(
      vocabularySize: model.vocabularySize, length: model.responseLength,
      endOfSequence: Set(model.endOfSequence.map { Int32($0) }))
  }

  /// One group a prompt, with every response to it.
  private func groups(_ model: TabularModel) -> [TokenGroup] {
    (0..<Int32(model.promptCount)).map { TokenGroup(prompt: [0, $0], responses: responses(model)) }
  }

  private func pass(_ model: TabularModel, backward: Bool = false) -> ShardedPass<TabularModel> {
    ShardedPass(model, pool: WorkerPool(workerCount: 1), shardCount: 1, backward: backward, reference: true)
  }

  @Test(arguments: models) func everyContextHasARowOfItsOwn(_ model: TabularModel) {
    let prefixes = (0..<model.responseLength).flatMap {
      SoftmaxTable.responses(vocabularySize: model.vocabularySize, length: $0)
    }
    let rows = (0..<Int32(model.promptCount)).flatMap { prompt in
      prefixes.map { model.context(prompt: prompt, after: $0) }
    }
    #expect(rows.sorted() == Array(0..<model.logits.rows))
    #expect(model.logits.columns == model.vocabularySize)
  }

  /// Of V = 3 tokens, three at most: 27 responses; where one token ends them, 1 + 2 + 4·3 = 15.
  @Test func responsesEndAtTheLimitOrAtTheirEnd() {
    #expect(responses(Self.models[0]).count == 27)
    let mixed = responses(Self.models[1])
    #expect(mixed.count == 15)
    #expect(Set(mixed.map(\.count)) == [1, 2, 3])
    #expect(mixed.allSatisfy { !$0.dropLast().contains(1) })
  }

  /// Both compute in double precision from the same floats, so only the order of sums differs.
  @Test(arguments: models) func outcomesAreThoseOfTheTwin(_ model: TabularModel) {
    let (policy, reference) = (randomParameters(model, seed: 1), randomParameters(model, seed: 2))
    let pass = pass(model)
    pass.evaluate(groups(model), policy: policy, reference: reference)
    var outcomes = pass.outcomes[...]
    for (index, group) in groups(model).enumerated() {
      let (own, other) = (twin(model, policy, prompt: Int32(index)), twin(model, reference, prompt: Int32(index)))
      for response in group.responses {
        let outcome = outcomes.removeFirst()
        #expect(outcome.group == index && outcome.tokenCount == response.count)
        #expect(abs(outcome.logProbability - own.logProbability(of: response)) < 1e-13)
        #expect(abs(outcome.referenceLogProbability - other.logProbability(of: response)) < 1e-13)
      }
    }
    #expect(outcomes.isEmpty)
  }

  /// By the chain rule, sums of a step's entropies and divergences average to those of whole responses.
  @Test(arguments: models) func whatIsSummedOverStepsAveragesToWhatIsSummedOverResponses(_ model: TabularModel) {
    let (policy, reference) = (randomParameters(model, seed: 1), randomParameters(model, seed: 2))
    let pass = pass(model)
    pass.evaluate(groups(model), policy: policy, reference: reference)
    for prompt in 0..<model.promptCount {
      let outcomes = pass.outcomes.filter { $0.group == prompt }
      func mean(_ value: (ResponseOutcome) -> Double) -> Double {
        outcomes.reduce(0) { $0 + exp($1.logProbability) * value($1) }
      }
      #expect(abs(mean { _ in 1 } - 1) < 1e-13)
      #expect(abs(mean(\.entropy) - mean { -$0.logProbability }) < 1e-12)
      #expect(abs(mean(\.divergence) - mean { $0.logProbability - $0.referenceLogProbability }) < 1e-12)
      #expect(mean(\.divergence) > 0.1)
    }
  }

  /// Whole rows, because divergence and entropy are sums over the vocabulary.
  @Test(arguments: models) func divergenceAndEntropyAreThoseOfTheRowsOnTheWay(_ model: TabularModel) {
    let (policy, reference) = (randomParameters(model, seed: 1), randomParameters(model, seed: 2))
    let pass = pass(model)
    pass.evaluate(groups(model), policy: policy, reference: reference)
    let (own, other) = (twin(model, policy), twin(model, reference))
    for (response, outcome) in zip(responses(model), pass.outcomes) {
      var (divergence, entropy) = (0.0, 0.0)
      for position in response.indices {
        let (p, q) = (own.logProbabilities(after: response[..<position]), other.logProbabilities(after: response[..<position]))
        for token in p.indices {
          divergence += exp(p[token]) * (p[token] - q[token])
          entropy -= exp(p[token]) * p[token]
        }
      }
      #expect(abs(outcome.divergence - divergence) < 1e-13)
      #expect(abs(outcome.entropy - entropy) < 1e-13)
    }
  }

  /// The decoder hands out logits as they are; tokens of responses that go on are given instead of drawn.
  @Test(arguments: models) func decoderRowsAreThoseOfThePass(_ model: TabularModel) {
    let policy = randomParameters(model, seed: 3)
    let responses = responses(model)
    let prompt = Int32(model.promptCount - 1)
    let decoder = model.makeDecoder(
      policy,
      capacity: DecoderCapacity(
        promptCount: 1, promptTokens: 1, longestPrompt: 1, sequenceCount: responses.count,
        responseTokens: model.responseLength))
    func row(_ index: Int) -> [Double] {
      let span = decoder.logits(row: index)
      return span.indices.map { Double(span[$0]) }
    }
    func expectRow(_ index: Int, after prefix: ArraySlice<Int32>) {
      let context = model.context(prompt: prompt, after: prefix)
      let found = SoftmaxTable(logits: row(index), vocabularySize: model.vocabularySize) { _ in 0 }.logProbabilities(after: [])
      for (found, expected) in zip(found, model.logProbabilities(policy, context: context)) {
        #expect(abs(found - expected) < 1e-13)
      }
    }
    decoder.prefill([[prompt]])
    expectRow(0, after: [])
    for position in 1..<model.responseLength {
      let active = responses.indices.filter { responses[$0].count > position }
      decoder.decode(
        active.map { responses[$0][position - 1] }, sequences: active, promptOf: responses.map { _ in 0 })
      for (index, sequence) in active.enumerated() { expectRow(index, after: responses[sequence][..<position]) }
    }
  }

  /// c and κ of every response at random. Token n is weighed by c − κ Σ_{m<n} ρ_m; with these weights frozen the gradient is
  /// that of Σ weight · log π, of which differences are exact to nine digits. Gradients are floats: seven.
  @Test(arguments: models, [false, true])
  func gradientsAgreeWithFiniteDifferences(_ model: TabularModel, hasLogRatioCoefficients: Bool) {
    let (policy, reference) = (randomParameters(model, seed: 1), randomParameters(model, seed: 2))
    let responses = responses(model)
    let coefficients = normalRow("coefficients", count: responses.count).doubles
    let logRatioCoefficients = normalRow("κ", count: responses.count).doubles.map { hasLogRatioCoefficients ? $0 : 0 }
    let pass = pass(model, backward: true)
    pass.differentiate([groups(model)[0]], policy: policy, reference: reference) { outcomes in
      for index in outcomes.indices {
        outcomes[index].coefficient = coefficients[index]
        outcomes[index].logRatioCoefficient = logRatioCoefficients[index]
      }
    }
    let (own, other) = (twin(model, policy), twin(model, reference))
    let weights = responses.indices.map { index in
      let ratios = zip(own.tokenLogProbabilities(of: responses[index]), other.tokenLogProbabilities(of: responses[index])).map(-)
      return ratios.indices.map { coefficients[index] - logRatioCoefficients[index] * ratios[..<$0].reduce(0, +) }
    }
    let expected = centralDifference(
      of: { point in
        let moved = twin(model, point)
        return zip(responses, weights).reduce(0) { $0 + innerProduct($1.1, moved.tokenLogProbabilities(of: $1.0)) }
      }, at: own.logits)
    let gradients = pass.gradients.floats.doubles
    #expect(gradients.count == expected.count)
    let size = expected.map(abs).max()!
    for (found, expected) in zip(gradients, expected) { #expect(abs(found - expected) < 2e-6 * size) }
  }
}
