import Foundation
import PoiseFiles
import PoiseModel
import PoiseObjectives
import PoiseText

/// Evaluates a judge on text, many groups at a time.
final class JudgeScorer: @unchecked Sendable {
  let judge: JudgeModel
  private let pass: ShardedPass<Transformer>
  private let lock = NSLock()

  /// Groups of one pass: enough for the matrix products to run at speed.
  private static let batchSize = 64
  private static let shardCount = 8

  init(_ judge: JudgeModel, pool: WorkerPool) {
    self.judge = judge
    pass = ShardedPass(judge.transformer, pool: pool, shardCount: Self.shardCount, backward: false, reference: false)
  }

  /// What scoring makes beside the judge's parameters, where every group is as large as the largest.
  static func memoryPlan(
    _ configuration: TransformerConfiguration, groups: [TokenGroup], count: Int, workers: Int
  ) -> MemoryPlan {
    guard let largest = EvenRuns(of: min(count, batchSize), into: shardCount).lazy.map(\.count).max() else { return MemoryPlan() }
    return ShardedPass.memoryPlan(
      TransformerForm(configuration), workers: workers, shardCount: shardCount, backward: false, reference: false,
      capacity: WorkspaceCapacity(largest: groups, perShard: largest, reading: .ends))
  }

  /// What the head says of every response of every group.
  func scores(_ groups: [TokenGroup]) -> [[Double]] {
    lock.lock()
    defer { lock.unlock() }
    var scores: [[Double]] = []
    for start in stride(from: 0, to: groups.count, by: Self.batchSize) {
      let batch = Array(groups[start..<min(start + Self.batchSize, groups.count)])
      pass.evaluate(batch, policy: judge.parameters)
      var outcomes = pass.outcomes[...]
      for group in batch {
        scores.append(outcomes.prefix(group.responses.count).map(\.score))
        outcomes = outcomes.dropFirst(group.responses.count)
      }
    }
    return scores
  }
}

/// A learned reward model at work.
public struct RewardModelRewarder: Rewarder {
  private let scorer: JudgeScorer

  /// - Precondition: the judge is a reward model.
  public init(_ judge: JudgeModel, pool: WorkerPool) {
    precondition(judge.kind == .reward)
    scorer = JudgeScorer(judge, pool: pool)
  }

  /// Equal answers get equal rewards, to the bit: each is evaluated once. What else is asked at the same time moves a reward by
  /// no more than rounding.
  public func rewards(_ answers: [Answer]) throws -> [Double] {
    var groups: [TokenGroup] = []
    var openGroups: [[Int32]: Int] = [:]  // by prompt, as the model reads it behind this very response
    var places: [Place: (group: Int, response: Int)] = [:]
    for answer in answers where places[Place(answer)] == nil {
      let alone = try scorer.judge.group(answer)
      var group = openGroups[alone.prompt] ?? groups.count
      if group < groups.count, groups[group].responses.count == Self.largestGroup { group = groups.count }
      if group == groups.count { groups.append(TokenGroup(prompt: alone.prompt, responses: [])) }
      openGroups[alone.prompt] = group
      places[Place(answer)] = (group, groups[group].responses.count)
      groups[group].responses += alone.responses
    }
    let scores = scorer.scores(groups)
    return answers.map { answer in
      let place = places[Place(answer)]!
      return scores[place.group][place.response]
    }
  }

  /// Responses that share their prompt's rows: memory is for the largest group.
  fileprivate static let largestGroup = 8

  private struct Place: Hashable {
    let prompt: ExactString
    let conversation: Conversation?
    let response: ExactString

    init(_ answer: Answer) {
      (prompt, conversation) = (ExactString(answer.prompt), answer.question.conversation)
      response = ExactString(answer.response)
    }
  }
}

/// A learned preference model at work. It sees every pair in both orders, and says ½ of two equal responses without looking.
public struct PreferenceModelAnnotator: Annotator {
  private let scorer: JudgeScorer
  public var isAntisymmetric: Bool { true }

  /// - Precondition: the judge is a preference model.
  public init(_ judge: JudgeModel, pool: WorkerPool) {
    precondition(judge.kind == .preference)
    scorer = JudgeScorer(judge, pool: pool)
  }

  public func preferences(_ comparisons: [Comparison]) throws -> [Double] { try predictions(comparisons).map(\.preference) }

  /// What the model says of each order, before they are averaged. A pair is evaluated once, and in the same place of the batch
  /// whichever response is named first, so that even rounding cannot tell (y, y′) from (y′, y).
  func predictions(_ comparisons: [Comparison]) throws -> [BothOrdersPrediction] {
    var groups: [TokenGroup] = []
    var places: [Pair: Int] = [:]
    for asked in comparisons {
      let pair = Pair(asked)
      guard pair.first != pair.second, places[pair] == nil else { continue }
      var isCut = false
      places[pair] = groups.count
      groups.append(try scorer.judge.group(asked.isInByteOrder ? asked : asked.swapped, isCut: &isCut))
    }
    let predictions = scorer.scores(groups).map { BothOrdersPrediction(logits: $0) }
    return comparisons.map { asked in
      guard let place = places[Pair(asked)] else { return BothOrdersPrediction(forth: 0.5, back: 0.5) }
      return asked.isInByteOrder ? predictions[place] : predictions[place].swapped
    }
  }

  /// A prompt and its responses, in the order of their bytes.
  private struct Pair: Hashable {
    let prompt: ExactString
    let conversation: Conversation?
    let first: ExactString
    let second: ExactString

    init(_ asked: Comparison) {
      let told = asked.isInByteOrder ? asked : asked.swapped
      (prompt, conversation) = (ExactString(told.prompt), told.question.conversation)
      (first, second) = (ExactString(told.first), ExactString(told.second))
    }
  }
}

extension BothOrdersPrediction {
  /// - Parameter logits: the log-odds of y ≻ y′ with y first, and of y′ ≻ y with y′ first.
  init(logits: [Double]) {
    self.init(
      forth: PreferenceProbability.bradleyTerry(rewardMargin: logits[0]),
      back: PreferenceProbability.bradleyTerry(rewardMargin: logits[1]))
  }

  /// p(y ≻ y′) without the bias of position.
  var preference: Double { PreferenceProbability.symmetrized(forward: forth, backward: back) }
}

extension JudgeModel.Kind {
  /// What a judge of this kind takes that compares all responses to each of `promptCount` prompts, its parameters included.
  ///
  /// - Parameters:
  ///   - longestPrompt: tokens, of prompts and of responses as the judge reads them.
  ///   - responses: to a prompt.
  func memoryPlan(
    _ configuration: TransformerConfiguration, promptCount: Int, longestPrompt: Int, responses: Int, responseTokens: Int,
    workers: Int
  ) -> MemoryPlan {
    // Every response ends with a separator.
    let (sequences, length, groups) =
      switch self {
      case .reward:
        (
          min(responses, RewardModelRewarder.largestGroup), responseTokens + 1,
          (responses + RewardModelRewarder.largestGroup - 1) / RewardModelRewarder.largestGroup
        )
      case .preference: (2, 2 * (responseTokens + 1), responses * (responses - 1) / 2)
      }
    let read = min(length, max(configuration.contextLength - 1, 1))
    let largest = TokenGroup(
      promptTokens: max(min(longestPrompt, configuration.contextLength - read), 1), responseTokens: read, responses: sequences)
    return MemoryPlan(parametersOf: "the judge", TransformerForm(configuration))
      + JudgeScorer.memoryPlan(configuration, groups: [largest], count: promptCount * groups, workers: workers)
  }
}
