import Foundation

/// Next-token distributions by what was said so far, in double precision: the twin of a tabular language model, and what finite
/// differences are taken of.
public struct SoftmaxTable {
  /// (contexts, V)
  public var logits: [Double]
  public let vocabularySize: Int
  /// The row of what follows a prefix of a response.
  private let row: (_ prefix: ArraySlice<Int32>) -> Int

  public init(logits: [Double], vocabularySize: Int, row: @escaping (_ prefix: ArraySlice<Int32>) -> Int) {
    self.logits = logits
    self.vocabularySize = vocabularySize
    self.row = row
  }

  /// log π of every token that may follow `prefix`.
  public func logProbabilities(after prefix: ArraySlice<Int32>) -> [Double] {
    let start = row(prefix) * vocabularySize
    let values = logits[start..<start + vocabularySize]
    let partition = log(values.reduce(0) { $0 + exp($1) })
    return values.map { $0 - partition }
  }

  /// log π of a response, token by token.
  public func tokenLogProbabilities(of response: [Int32]) -> [Double] {
    response.indices.map { logProbabilities(after: response[..<$0])[Int(response[$0])] }
  }

  /// log π of a response.
  public func logProbability(of response: [Int32]) -> Double { tokenLogProbabilities(of: response).reduce(0, +) }

  /// Every response that can be sampled: ended, or of the full length.
  public static func responses(vocabularySize: Int, length: Int, endOfSequence: Set<Int32> = []) -> [[Int32]] {
    (0..<length).reduce([[]]) { responses, position in
      responses.flatMap { response -> [[Int32]] in
        let isComplete = response.count < position || response.last.map(endOfSequence.contains) == true
        return isComplete ? [response] : (0..<Int32(vocabularySize)).map { response + [$0] }
      }
    }
  }
}
