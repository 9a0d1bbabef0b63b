import PoiseModel
import Testing

@testable import Poise

/// What sampling finds out about the reference is what a pass finds out, to the last bit.
@Suite struct SampledReferenceTests {
  enum Family: CaseIterable {
    case llama, gpt2, t5

    var configuration: TransformerConfiguration {
      switch self {
      case .llama:
        TransformerConfiguration(
          vocabularySize: 40, contextLength: 160, width: 16, blockCount: 2, headCount: 4, keyValueHeadCount: 2,
          feedForwardWidth: 20, tiesHead: false, endOfSequence: [0], initializationDeviation: 0.3)
      case .gpt2:
        TransformerConfiguration(
          vocabularySize: 40, contextLength: 160, width: 16, blockCount: 2, headCount: 4, feedForwardWidth: 24,
          normalization: .layer, positions: .learned, activation: .gelu,
          biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true), endOfSequence: [0],
          initializationDeviation: 0.3)
      case .t5:
        TransformerConfiguration(
          vocabularySize: 40, contextLength: 160, width: 16, blockCount: 2, encoder: .init(blockCount: 2, startToken: 0),
          headCount: 4, feedForwardWidth: 24, positions: .relative(buckets: 32, maximumDistance: 128), scalesScores: false,
          activation: .geluGate, tiesHead: false, endOfSequence: [0], initializationDeviation: 1)
      }
    }
  }

  /// Responses of both models' mixture to prompts shorter and longer than a panel of keys; some end long before others.
  private struct Sampled {
    let transformer: Transformer
    let policy: Arena
    let reference: Arena
    let prompts: [[Int32]]
    let responses: [[SampledResponse]]

    init(_ family: Family, _ options: SamplingOptions) {
      transformer = Transformer(family.configuration)
      policy = transformer.initialParameters(seed: 1)
      reference = transformer.initialParameters(seed: 2)
      prompts = [1, 31, 32, 33, 70].map { length in (0..<length).map { Int32(1 + ($0 * $0 + length) % 39) } }
      responses = Sampler(transformer, options: options, pool: WorkerPool(workerCount: 1), decodesReference: true).sample(
        prompts, mixtures: [0, 0.3, 0.5, 1], policy: policy, reference: reference, key: SamplingKey(seed: 3))
    }

    func groups(withReferences: Bool) -> [TokenGroup] {
      zip(prompts, responses).map { prompt, responses in
        TokenGroup(
          prompt: prompt, responses: responses.map(\.tokens), references: withReferences ? responses.map(\.references) : [])
      }
    }
  }

  @Test(arguments: Family.allCases, [SamplingOptions(maximumTokens: 80), .init(maximumTokens: 80, temperature: 1.3, topK: 20)])
  func samplingFindsTheBitsOfAnEvaluation(_ family: Family, _ options: SamplingOptions) {
    let sampled = Sampled(family, options)
    let responses = sampled.responses.flatMap(\.self)
    #expect(Set(responses.map(\.tokens.count)).count > 5)
    let pass = ShardedPass(
      sampled.transformer, pool: WorkerPool(workerCount: 1), shardCount: 2, backward: false, reference: true)
    pass.evaluate(sampled.groups(withReferences: false), policy: sampled.policy, reference: sampled.reference)
    for (response, outcome) in zip(responses, pass.outcomes) {
      #expect(response.logProbability == outcome.logProbability)
      #expect(response.referenceLogProbability == outcome.referenceLogProbability)
      #expect(response.references.reduce(0) { $0 + Double($1.divergence) } == outcome.divergence)
    }
  }

  /// With coefficients that answer for what follows a token, too.
  @Test(arguments: Family.allCases) func gradientsDoNotTellWhoEvaluatedTheReference(_ family: Family) {
    let sampled = Sampled(family, SamplingOptions(maximumTokens: 80))
    func differentiate(_ reference: Arena?) -> (outcomes: [ResponseOutcome], gradients: [UInt32]) {
      let pass = ShardedPass(
        sampled.transformer, pool: WorkerPool(workerCount: 1), shardCount: 2, backward: true, reference: reference != nil)
      pass.differentiate(
        sampled.groups(withReferences: reference == nil), policy: sampled.policy, reference: reference
      ) { responses in
        for index in responses.indices {
          responses[index].coefficient = responses[index].logProbability - responses[index].referenceLogProbability
          responses[index].logRatioCoefficient = 0.2
        }
      }
      return (pass.outcomes, pass.gradients.bits)
    }
    let (evaluated, known) = (differentiate(sampled.reference), differentiate(nil))
    #expect(evaluated.outcomes == known.outcomes)
    let isEqual = evaluated.gradients == known.gradients
    #expect(isEqual)
  }

  @Test(arguments: [Algorithm.Name.ipoMD, .nashMD, .bestResponse])
  func trainingEndsInTheBitsOfARunThatEvaluatesTheReference(_ name: Algorithm.Name) throws {
    func run<Trained: TrainablePolicy>(_ policy: Trained) throws -> (records: [StepRecord], parameters: [UInt32]) {
      let reference = Arena(policy.languageModel.parameterLayout)
      reference.copy(from: tinyPolicy(seed: 2).parameters)
      let trainer = OnlineTrainer(
        policy, reference: reference, algorithm: Algorithm(name), feedback: .preferences(LargeTokens()),
        prompts: TinyTrainer.prompts, responsesPerPrompt: 3, sampling: SamplingOptions(maximumTokens: 6),
        options: TinyTrainer.options(), pool: WorkerPool(workerCount: 2))
      return (try (0..<4).map { _ in try trainer.step().untimed }, policy.parameters.bits)
    }
    let (taken, evaluated) = (try run(tinyPolicy()), try run(EvaluatingPolicy(tinyPolicy())))
    #expect(taken.records == evaluated.records)
    let isEqual = taken.parameters == evaluated.parameters
    #expect(isEqual)
  }
}

/// A policy whose trainer does not know that it decodes exactly.
private struct EvaluatingPolicy: TrainablePolicy {
  struct Model: LanguageModel {
    let transformer: Transformer

    var decodesExactly: Bool { false }
    var vocabularySize: Int { transformer.vocabularySize }
    var endOfSequence: [Int] { transformer.endOfSequence }
    var parameterLayout: Layout { transformer.parameterLayout }
    var reading: HeadReading { transformer.reading }

    func makeDecoders(_ count: Int, capacity: DecoderCapacity) -> [Decoder] {
      transformer.makeDecoders(count, capacity: capacity)
    }

    func makeWorkspace(capacity: WorkspaceCapacity, backward: Bool, reference: Bool) -> Workspace {
      transformer.makeWorkspace(capacity: capacity, backward: backward, reference: reference)
    }

    func evaluate(_ workspace: Workspace, policy: Arena, reference: Arena?) {
      transformer.evaluate(workspace, policy: policy, reference: reference)
    }

    func differentiate(
      _ workspace: Workspace, policy: Arena, reference: Arena?, addingTo gradients: Arena,
      objective: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void
    ) {
      transformer.differentiate(workspace, policy: policy, reference: reference, addingTo: gradients, objective: objective)
    }
  }

  let policy: Policy

  init(_ policy: Policy) { self.policy = policy }

  var languageModel: Model { Model(transformer: policy.transformer) }
  var parameters: Arena { policy.parameters }
  func text(of response: [Int32]) -> String { policy.text(of: response) }
}
