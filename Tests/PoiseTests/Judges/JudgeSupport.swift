import PoiseModel
import PoiseRandom
import PoiseText
import Testing

@testable import Poise

/// Judges of a size for tests, and what they may learn.
enum TinyJudge {
  /// Words that are one token each, with the space before them.
  static let words = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen"]

  /// Byte-level, with a token a word.
  static let tokenizer = try! BytePairTrainer(vocabularySize: 400).train(on: Array(repeating: text(words), count: 3))

  /// One that spells most words in parts.
  static let otherTokenizer = try! BytePairTrainer(vocabularySize: 260, specialTokens: ["<pad>", "<end>"])
    .train(on: Array(repeating: " the then", count: 3))

  static func text(_ words: some Sequence<String>) -> String { words.map { " " + $0 }.joined() }

  /// A policy with words.
  static func policy(
    _ tokenizer: Tokenizer = tokenizer, blocks: Int = 1, width: Int = 16, contextLength: Int = 32, seed: UInt64 = 1
  ) -> Policy {
    let end = tokenizer.id(of: "<|endoftext|>") ?? tokenizer.id(of: "<end>")!
    let configuration = TransformerConfiguration(
      vocabularySize: tokenizer.vocabularySize, contextLength: contextLength, width: width, blockCount: blocks, headCount: 2,
      feedForwardWidth: 2 * width, endOfSequence: [end], initializationDeviation: 1 / Float(width).squareRoot())
    return Policy(model: StoredModel(new: configuration, seed: seed), tokenizer: tokenizer)
  }

  /// A judge with opinions: its head is random, not zero.
  static func opinionated(_ kind: JudgeModel.Kind, _ policy: Policy = policy(), seed: UInt64 = 3) throws -> JudgeModel {
    let judge = try JudgeModel(kind, startingFrom: policy)
    let head = try #require(judge.transformer.parameterLayout.tensors.first { $0.name == "head.weight" })
    var generator = CounterGenerator(seed)
    let parameters = judge.parameters
    var values = parameters[writing: head]
    for index in values.indices { values[index] = Float(generator.normal()) }
    return judge
  }

  /// The word that stands at a place of the list counts for more the later it stands.
  static func rank(_ word: String) -> Int { words.firstIndex(of: word)! }

  /// Pairs of different words about prompts of their own, labelled by a rule on their places in the list.
  static func comparisons(
    _ count: Int, words: Int = words.count, seed: UInt64, rule: (_ first: Int, _ second: Int) -> Double
  ) -> [RecordedComparison] {
    var generator = CounterGenerator(seed)
    return (0..<count).map { index in
      let first = generator.below(words)
      let second = (first + 1 + generator.below(words - 1)) % words
      let prompt = "\(seed).\(index)?"
      let comparison = Comparison(prompt: prompt, first: text([Self.words[first]]), second: text([Self.words[second]]))
      return RecordedComparison(comparison, preference: rule(first, second))
    }
  }

  static func options(steps: Int, batchSize: Int = 16, rate: Double = 1e-2, seed: UInt64 = 5) -> TrainingOptions {
    TrainingOptions(
      steps: steps, batchSize: batchSize, schedule: Schedule(rate: rate, shape: .constant, totalSteps: steps),
      optimizer: .adamW(weightDecay: 0), seed: seed)
  }

  static func trainer(
    _ judge: JudgeModel, _ training: [RecordedComparison], heldOut: [RecordedComparison] = [],
    stopping: JudgeTrainer.Stopping = .init(evaluateEvery: 20, patience: 100), centring: Double = 0.01, workers: Int = 1,
    options: TrainingOptions
  ) throws -> JudgeTrainer {
    JudgeTrainer(
      judge, examples: try judge.examples(training).examples, heldOut: try judge.examples(heldOut).examples, stopping: stopping,
      centring: centring, options: options, pool: WorkerPool(workerCount: workers))
  }
}

extension JudgeModel {
  /// p(first ≻ second) as an annotator would say it.
  func preferences(_ comparisons: [RecordedComparison]) throws -> [Double] {
    let pool = WorkerPool(workerCount: 1)
    switch kind {
    case .reward: return try RewardAnnotator(RewardModelRewarder(self, pool: pool)).preferences(comparisons.map(\.comparison))
    case .preference: return try PreferenceModelAnnotator(self, pool: pool).preferences(comparisons.map(\.comparison))
    }
  }

  /// The share of decided comparisons on which it agrees with the label.
  func agreement(_ comparisons: [RecordedComparison]) throws -> Double {
    let verdicts = try zip(preferences(comparisons), comparisons).compactMap {
      JudgedPair.correctness(of: $0, label: $1.preference)
    }
    return verdicts.reduce(0, +) / Double(verdicts.count)
  }
}
