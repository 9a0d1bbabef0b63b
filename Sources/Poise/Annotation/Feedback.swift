import PoiseObjectives

/// One response to a prompt, as text.
public struct Answer: Sendable, Equatable {
  public var question: Question
  public var response: String

  /// As text.
  public var prompt: String { question.text }

  public init(_ question: Question, response: String) {
    self.question = question
    self.response = response
  }

  public init(prompt: String, response: String) { self.init(Question(prompt), response: response) }
}

/// Says how good one response is, whatever the others are.
public protocol Rewarder: Sendable {
  /// r(x, y), on the logit scale of Bradley & Terry: differences are log-odds of being preferred.
  func rewards(_ answers: [Answer]) throws -> [Double]
}

/// Prefers what has the higher reward: p(y ≻ y′) = σ(r(y) − r(y′)).
public struct RewardAnnotator: Annotator {
  public let rewarder: any Rewarder
  public var isAntisymmetric: Bool { true }

  public init(_ rewarder: any Rewarder) { self.rewarder = rewarder }

  public func preferences(_ comparisons: [Comparison]) throws -> [Double] {
    let told = comparisons.map { $0.isInByteOrder ? $0 : $0.swapped }
    let rewards = try rewarder.rewards(
      told.flatMap { [Answer($0.question, response: $0.first), Answer($0.question, response: $0.second)] })
    return comparisons.enumerated().map { index, comparison in
      let margin = rewards[2 * index] - rewards[2 * index + 1]
      return PreferenceProbability.bradleyTerry(rewardMargin: comparison.isInByteOrder ? margin : -margin)
    }
  }
}

/// What an online algorithm is told: preferences, or rewards.
public enum Feedback: Sendable {
  case preferences(any Annotator)
  case rewards(any Rewarder)

  public var signal: Algorithm.Signal {
    switch self {
    case .preferences: .preferences
    case .rewards: .rewards
    }
  }

  /// Who prefers: of rewards, whoever prefers the higher.
  public var annotator: any Annotator {
    switch self {
    case .preferences(let annotator): annotator
    case .rewards(let rewarder): RewardAnnotator(rewarder)
    }
  }

  /// The same with a memory of what was answered, where answers cost something or may vary.
  ///
  /// - Parameter name: what the annotator was named by.
  public func remembering(in memory: AnnotationMemory, name: String) -> Feedback {
    switch self {
    case .preferences(let annotator): .preferences(RememberingAnnotator.remembering(annotator, name: name, in: memory))
    case .rewards: self
    }
  }

  /// The same without a bias of position: Nash-MD-PG, whose own response always comes first, would otherwise play another game.
  var symmetrized: Feedback {
    switch self {
    case .preferences(let annotator): .preferences(BothOrders.symmetrizing(annotator))
    case .rewards: self
    }
  }
}
