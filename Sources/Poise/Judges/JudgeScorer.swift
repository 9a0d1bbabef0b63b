import Foundation
import PoiseModel
import PoiseObjectives

/// Evaluates a judge on text, many groups at a time.
final class JudgeScorer: @unchecked Sendable {
  let judge: JudgeModel
  private let pass: ShardedPass<Transformer>
  private let lock = NSLock()

  /// Groups of one pass: enough for the matrix products to run at speed.
  private static let batchSize = 64

  init(_ judge: JudgeModel, pool: WorkerPool) {
    self.judge = judge
    pass = ShardedPass(judge.transformer, pool: pool, shardCount: 8, backward: false, reference: false)
  }

  /// What the head says of every response of every group.
  func scores(_ groups: [TokenGroup], parameters: Arena? = nil) -> [[Double]] {
    lock.lock()
    defer { lock.unlock() }
    var scores: [[Double]] = []
    for start in stride(from: 0, to: groups.count, by: Self.batchSize) {
      let batch = Array(groups[start..<min(start + Self.batchSize, groups.count)])
      pass.evaluate(batch, policy: parameters ?? judge.parameters)
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

  /// Equal answers get equal rewards, to the bit: each is evaluated once.
  public func rewards(_ answers: [Answer]) -> [Double] {
    var order: [String] = []
    var responses: [String: [String]] = [:]
    var places: [Place: Int] = [:]
    for answer in answers where places[Place(answer)] == nil {
      if responses[answer.prompt] == nil { order.append(answer.prompt) }
      places[Place(answer)] = responses[answer.prompt, default: []].count
      responses[answer.prompt, default: []].append(answer.response)
    }
    let scores = scorer.scores(order.map { scorer.judge.group(prompt: $0, responses: responses[$0]!) })
    let byPrompt = Dictionary(uniqueKeysWithValues: zip(order, scores))
    return answers.map { byPrompt[$0.prompt]![places[Place($0)]!] }
  }

  private struct Place: Hashable {
    let prompt: String
    let response: String

    init(_ answer: Answer) { (prompt, response) = (answer.prompt, answer.response) }
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

  public func preferences(_ comparisons: [Comparison]) -> [Double] { predictions(comparisons).map(\.preference) }

  /// What the model says of each order, before they are averaged.
  func predictions(_ comparisons: [Comparison]) -> [BothOrdersPrediction] {
    let different = comparisons.indices.filter { comparisons[$0].first != comparisons[$0].second }
    let logits = scorer.scores(
      different.map { index in
        var isCut = false
        let asked = comparisons[index]
        return scorer.judge.group(prompt: asked.prompt, first: asked.first, second: asked.second, isCut: &isCut)
      })
    var predictions = Array(repeating: BothOrdersPrediction(forth: 0.5, back: 0.5), count: comparisons.count)
    for (index, logits) in zip(different, logits) { predictions[index] = BothOrdersPrediction(logits: logits) }
    return predictions
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
