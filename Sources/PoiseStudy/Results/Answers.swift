import Poise
import PoiseFiles
import PoiseText

/// What a policy answered to the prompts of a split, one answer to each: all that tables and pictures are made of. A file that
/// `poise sample --json` wrote.
public struct Answers: Sendable {
  public struct Answer: Sendable {
    public let prompt: String
    public let text: String
    public let tokens: [Int]
    /// log π and log π_ref of the answer, in nats.
    public let logProbability: Double
    public let referenceLogProbability: Double
  }

  public let list: [Answer]

  init(list: [Answer]) { self.list = list }

  /// - Throws: `DataError` where a line is no answer.
  public init(_ path: String) throws {
    var list: [Answer] = []
    try JSONLines.read(path) { line, json in
      guard let prompt = Self.text(json["prompt"]), let text = Self.text(json["completion"]),
        let tokens = json["completion_ids"]?.array?.compactMap(\.int), let logProbability = json["logp"]?.double,
        let reference = json["ref_logp"]?.double
      else { throw DataError(path, line: line, "an answer with its reference's log-probability was expected.") }
      list.append(
        Answer(
          prompt: prompt, text: text, tokens: tokens, logProbability: logProbability, referenceLogProbability: reference))
    }
    self.list = list
  }

  /// Conversations as their last message's text.
  private static func text(_ json: JSON?) -> String? { json?.string ?? json?.array?.last?["content"]?.string }

  /// Mean log π(y) − log π_ref(y): an unbiased estimate of KL(π‖π_ref), in nats a response.
  public var divergence: Double { list.map { $0.logProbability - $0.referenceLogProbability }.mean }

  /// Mean tokens of an answer.
  public var length: Double { list.map { Double($0.tokens.count) }.mean }

  /// Different pairs of neighbouring tokens among all pairs of all answers, from 0 to 1 (distinct-2, Li et al. 2016).
  public var distinctPairs: Double {
    var different: Set<[Int]> = []
    var count = 0
    for answer in list {
      for pair in zip(answer.tokens, answer.tokens.dropFirst()) { different.insert([pair.0, pair.1]) }
      count += max(answer.tokens.count - 1, 0)
    }
    return count == 0 ? 0 : Double(different.count) / Double(count)
  }
}

extension [Double] {
  /// 0 of nothing.
  var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }

  /// Of a sample: divided by n − 1; 0 of fewer than two.
  var standardDeviation: Double {
    guard count > 1 else { return 0 }
    let mean = mean
    return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
  }
}
