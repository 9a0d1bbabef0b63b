import Foundation
import PoiseFiles
import PoiseGames
import PoiseModel

/// All responses that a policy can give, so that nothing about it has to be sampled: what it and a reference do at a prompt, and
/// the preference game they play there, are computed exactly.
///
/// A response is complete with its first end-of-sequence token or with its most tokens, whichever comes first.
public final class ResponseEnumeration<Trained: TrainablePolicy> {
  /// In lexicographic order of their tokens.
  public let responses: [[Int32]]

  private let policy: Trained
  private let texts: [String]
  private let pass: ShardedPass<Trained.Model>

  /// Responses of one packed group: the unit of parallel work.
  private static var groupSize: Int { 64 }

  /// - Parameter maximumTokens: most tokens of a response, end-of-sequence included, 1 or more.
  /// - Throws: `EnumerationError.tooManyResponses`.
  public init(_ policy: Trained, maximumTokens: Int, pool: WorkerPool) throws(EnumerationError) {
    precondition(maximumTokens >= 1)
    let model = policy.languageModel
    let ends = Set(model.endOfSequence.map { Int32($0) })
    try EnumerationError.check(vocabularySize: model.vocabularySize, ends: ends.count, maximumTokens: maximumTokens)
    self.policy = policy
    responses = Self.responses(vocabularySize: model.vocabularySize, ends: ends, maximumTokens: maximumTokens)
    texts = responses.map(policy.text(of:))
    pass = ShardedPass(
      model, pool: pool, shardCount: (responses.count + Self.groupSize - 1) / Self.groupSize, backward: false, reference: false)
  }

  private static func responses(vocabularySize: Int, ends: Set<Int32>, maximumTokens: Int) -> [[Int32]] {
    func continuations(of response: [Int32]) -> [[Int32]] {
      let isComplete = response.count == maximumTokens || response.last.map(ends.contains) == true
      return isComplete ? [response] : (0..<Int32(vocabularySize)).flatMap { continuations(of: response + [$0]) }
    }
    return continuations(of: [])
  }

  /// π(y | prompt) of every response, scaled to add up to 1 to the last bit.
  ///
  /// - Parameter parameters: of the policy's own form.
  /// - Throws: `EnumerationError.probabilitiesDoNotAddUp`, where they are farther off than rounding explains.
  public func distribution(_ parameters: Arena, prompt: Prompt) throws(EnumerationError) -> [Double] {
    let groups = stride(from: 0, to: responses.count, by: Self.groupSize).map { start in
      TokenGroup(
        prompt: prompt.tokens, responses: Array(responses[start..<min(start + Self.groupSize, responses.count)]))
    }
    pass.evaluate(groups, policy: parameters)
    let probabilities = pass.outcomes.map { exp($0.logProbability) }
    let sum = probabilities.reduce(0, +)
    guard abs(sum - 1) <= EnumerationError.tolerance else { throw .probabilitiesDoNotAddUp(sum: sum) }
    return probabilities.map { $0 / sum }
  }

  /// The game at a prompt whose actions are the responses, in their order, and whose reference is what `reference` does there.
  ///
  /// - Parameters:
  ///   - reference: parameters of the policy's own form.
  ///   - judge: asked about every pair of responses once, or once in either order where it has a bias of position.
  /// - Throws: what the judge throws; `GameError` where the reference gives a response no probability at all.
  public func game(prompt: Prompt, reference: Arena, judge: any Annotator) throws -> PreferenceGame {
    let judge = BothOrders.symmetrizing(judge)
    var preferences = Array(repeating: Array(repeating: 0.5, count: responses.count), count: responses.count)
    for row in responses.indices {  // a row at a time: all pairs together would take more memory than the game
      let columns = row + 1..<responses.count
      let answers = try judge.preferences(
        columns.map { Comparison(prompt.question, first: texts[row], second: texts[$0]) })
      for (column, preference) in zip(columns, answers) {
        preferences[row][column] = preference
        preferences[column][row] = 1 - preference
      }
    }
    return try PreferenceGame(preferences: preferences, reference: try distribution(reference, prompt: prompt))
  }
}

/// Why the responses of a policy cannot be enumerated.
public enum EnumerationError: ExplainedError, Equatable {
  /// `count` is nil where it is beyond counting.
  case tooManyResponses(vocabularySize: Int, maximumTokens: Int, count: Int?)
  case probabilitiesDoNotAddUp(sum: Double)

  /// Most responses: their game has as many rows and columns.
  public static let limit = 2_000
  /// How far sums of probabilities may be from 1. Log-probabilities of a token are exact to some 1e-6.
  static let tolerance = 1e-4

  public var category: FailureCategory {
    switch self {
    case .tooManyResponses: .configuration
    case .probabilitiesDoNotAddUp: .internalFault
    }
  }

  public var description: String {
    switch self {
    case .tooManyResponses(let size, let length, let count):
      "A vocabulary of \(size) tokens and responses of up to \(length) make \(count.map(String.init) ?? "more than 10^18") "
        + "different responses, and at most \(Self.limit) can be enumerated. Lower --max-new-tokens, or compare policies with "
        + "each other: that takes samples only."
    case .probabilitiesDoNotAddUp(let sum):
      "The probabilities of all responses to a prompt add up to \(sum) instead of 1, which rounding does not explain. The "
        + "parameters may be damaged."
    }
  }

  /// Of V tokens e end a response: e (V − e)^(n−1) responses end with token n, and (V − e)^L go on to the last.
  fileprivate static func check(vocabularySize: Int, ends: Int, maximumTokens: Int) throws(EnumerationError) {
    var (count, unfinished) = (0, 1)
    for _ in 0..<maximumTokens {
      let (ended, endedOverflow) = unfinished.multipliedReportingOverflow(by: ends)
      let (further, overflow) = unfinished.multipliedReportingOverflow(by: vocabularySize - ends)
      let (sum, sumOverflow) = count.addingReportingOverflow(ended)
      guard !overflow, !endedOverflow, !sumOverflow else {
        throw .tooManyResponses(vocabularySize: vocabularySize, maximumTokens: maximumTokens, count: nil)
      }
      (count, unfinished) = (sum, further)
    }
    let total = count.addingReportingOverflow(unfinished)
    guard !total.overflow, total.partialValue <= limit else {
      throw .tooManyResponses(
        vocabularySize: vocabularySize, maximumTokens: maximumTokens, count: total.overflow ? nil : total.partialValue)
    }
  }
}
