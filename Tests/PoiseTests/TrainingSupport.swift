import Foundation
import PoiseFiles
import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

/// A policy without words: its texts are token ids.
func tinyPolicy(seed: UInt64 = 1, vocabularySize: Int = 11, deviation: Float = 0.3) -> Policy {
  let configuration = TransformerConfiguration(
    vocabularySize: vocabularySize, contextLength: 24, width: 8, blockCount: 1, headCount: 2, keyValueHeadCount: 1,
    feedForwardWidth: 12, endOfSequence: [0], initializationDeviation: deviation)
  return Policy(model: StoredModel(new: configuration, seed: seed), tokenizer: nil)
}

/// Likes large token ids, and says so softly.
struct LargeTokens: Annotator {
  let isAntisymmetric = true

  func preferences(_ comparisons: [Comparison]) -> [Double] {
    comparisons.map { 1 / (1 + exp(score($0.second) - score($0.first))) }
  }

  private func score(_ text: String) -> Double {
    let tokens = text.split(separator: " ").compactMap { Double($0) }
    return tokens.reduce(0, +) / Double(max(tokens.count, 1))
  }
}

/// A trainer whose policy is a transformer.
protocol PolicyTrainer: Trainer {
  var policy: Policy { get }
}

extension SupervisedTrainer: PolicyTrainer {}
extension OnlineTrainer: PolicyTrainer where Trained == Policy {}
extension OfflineTrainer: PolicyTrainer where Trained == Policy {}

/// What a trainer of a test starts from; equal calls give equal trainers.
enum TinyTrainer {
  static let prompts = [[3], [4, 5, 6], [7, 1], [8, 9, 10, 2], [5]].map { Prompt(tokens: $0, text: "\($0)") }

  static func options(
    _ optimizer: OptimizerKind = .adafactor, steps: Int = 6, batchSize: Int = 4, shards: Int = 4
  ) -> TrainingOptions {
    TrainingOptions(
      steps: steps, batchSize: batchSize, schedule: Schedule(rate: 0.02, warmupSteps: 2, shape: .linear, totalSteps: steps),
      optimizer: optimizer, shards: shards, seed: 5)
  }

  static func online(
    _ policy: Policy = tinyPolicy(), algorithm: Algorithm = Algorithm(.ipo, .init(tau: 0.2)),
    feedback: Feedback = .preferences(LargeTokens()), workers: Int = 1, responsesPerPrompt: Int = 3,
    options: TrainingOptions = options()
  ) -> OnlineTrainer<Policy> {
    let reference = Arena(policy.transformer.parameters.layout)
    reference.copy(from: tinyPolicy().parameters)
    return OnlineTrainer(
      policy, reference: reference, algorithm: algorithm, feedback: feedback, prompts: prompts,
      responsesPerPrompt: responsesPerPrompt, sampling: SamplingOptions(maximumTokens: 6), options: options,
      pool: WorkerPool(workerCount: workers))
  }

  static func supervised(
    _ policy: Policy = tinyPolicy(), workers: Int = 1, options: TrainingOptions = options(.adamW())
  ) -> SupervisedTrainer {
    let responses: [[Int32]] = [[4, 4, 4, 0], [9, 0], [2, 3, 2, 3, 0], [1], [6, 7, 8, 0]]
    let groups = zip(prompts, responses).map { TokenGroup(prompt: $0.tokens, responses: [$1]) }
    return SupervisedTrainer(policy, groups: groups, options: options, pool: WorkerPool(workerCount: workers))
  }
}

extension Arena {
  /// The bits, for comparisons to the last of them.
  var bits: [UInt32] {
    let values = all
    return values.indices.map { values[$0].bitPattern }
  }
}

extension StepRecord {
  /// The record without what a clock says.
  var untimed: StepRecord {
    var record = self
    record.times = Times()
    return record
  }
}

/// A folder that lives as long as the test that made it.
final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "poise-tests-" + UUID().uuidString

  init() throws { try Files.createDirectory(path) }

  deinit { Files.remove(path) }

  /// Writes a file and gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    try Files.replace(path + "/" + name, with: text)
    return path + "/" + name
  }
}
