import PoiseFiles
import PoiseObjectives
import PoiseText

/// Two responses to one prompt, as text, for somebody to compare.
public struct Comparison: Sendable, Equatable {
  public var question: Question
  public var first: String
  public var second: String

  /// As text.
  public var prompt: String { question.text }

  public init(_ question: Question, first: String, second: String) {
    self.question = question
    self.first = first
    self.second = second
  }

  public init(prompt: String, first: String, second: String) { self.init(Question(prompt), first: first, second: second) }

  /// The same with the responses in the other order.
  public var swapped: Comparison { Comparison(question, first: second, second: first) }

  /// Whether the bytes of the first response come no later than those of the second. Who evaluates the two in that order,
  /// whichever is named first, cannot tell (y, y′) from (y′, y), not even by rounding.
  var isInByteOrder: Bool { ExactString(first) <= ExactString(second) }
}

/// Says how often one response is preferred to another. A rubric, a learned model, a program, a person: all the same to a
/// trainer.
public protocol Annotator: Sendable {
  /// Whether p(y ≻ y′) + p(y′ ≻ y) = 1 holds for whatever it is asked; who is not is asked in both orders.
  var isAntisymmetric: Bool { get }
  /// p(first ≻ second | prompt) in [0, 1] for every comparison, in order.
  func preferences(_ comparisons: [Comparison]) throws -> [Double]
  /// Nothing more will be asked. Throws where it turns out that answers were not what they seemed.
  func finish() throws
}

extension Annotator {
  public func finish() {}
}

/// An annotator whose answers cost something, or may be others the next time: it gives each as soon as it has it, so that none is lost.
public protocol IncrementalAnnotator: Annotator {
  /// Calls `each` with the index of every comparison and p(first ≻ second | prompt), in order.
  func answer(_ comparisons: [Comparison], each: (_ index: Int, _ preference: Double) throws -> Void) throws
}

/// Asks about every pair in both orders and averages, so that p(y, y′) + p(y′, y) = 1 whatever the position bias.
public struct BothOrders: Annotator {
  public let annotator: any Annotator
  public var isAntisymmetric: Bool { true }

  public init(_ annotator: any Annotator) { self.annotator = annotator }

  public func finish() throws { try annotator.finish() }

  /// The annotator itself where it has no bias of position.
  public static func symmetrizing(_ annotator: any Annotator) -> any Annotator {
    annotator.isAntisymmetric ? annotator : BothOrders(annotator)
  }

  public func preferences(_ comparisons: [Comparison]) throws -> [Double] {
    let answers = try annotator.preferences(comparisons + comparisons.map(\.swapped))
    return comparisons.indices.map {
      PreferenceProbability.symmetrized(forward: answers[$0], backward: answers[comparisons.count + $0])
    }
  }
}

/// The built-in task's rubric.
public struct RubricAnnotator: Annotator {
  public let rubric: Rubric
  public var isAntisymmetric: Bool { true }

  public init(_ rubric: Rubric = Rubric()) { self.rubric = rubric }

  /// - Throws: `PostError` where a prompt is no post of the built-in task.
  public func preferences(_ comparisons: [Comparison]) throws -> [Double] {
    try comparisons.map { try rubric.preference($0.first, over: $0.second, prompt: $0.prompt) }
  }
}

/// The built-in task's rubric without a taste in styles, as a reward: points over the points that change the odds by a factor of e.
public struct RubricRewarder: Rewarder {
  private let rubric = Rubric()

  public init() {}

  /// - Throws: `PostError` where a prompt is no post of the built-in task.
  public func rewards(_ answers: [Answer]) throws -> [Double] {
    try answers.map { answer in
      rubric.score(summary: answer.response, of: try TaskGenerator.post(fromPrompt: answer.prompt)).total / rubric.scale
    }
  }
}
