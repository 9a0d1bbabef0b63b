import PoiseFiles
import PoiseObjectives
import PoiseRandom
import PoiseText

/// A line of `poise loss`: what a pair objective is a function of, given as numbers.
///
///     {"logps": [-12.5, -9.75], "ref_logps": [-11, -10], "preference": 0.8, "lengths": [7, 5]}
public struct LossRequest: DataRecord, Equatable {
  /// Lengths are 1 where the line gives none.
  public let pair: Pair
  public let hasLengths: Bool
  public let line: Int
  private let path: String

  /// - Throws: `DataError` for what is missing, of the wrong kind, or out of range.
  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    let fields = LossFields(json: json, path: path, line: line)
    let policy = try fields.pair("logps")
    let reference = try fields.pair("ref_logps")
    hasLengths = json["lengths"] != nil
    let lengths = hasLengths ? try fields.lengths("lengths") : (1, 1)
    pair = Pair(
      first: ResponseStatistics(logProbability: policy.0, referenceLogProbability: reference.0, length: lengths.0),
      second: ResponseStatistics(logProbability: policy.1, referenceLogProbability: reference.1, length: lengths.1),
      preference: try fields.probability("preference"))
    self.path = path
    self.line = line
  }

  /// The value and coefficients of an objective.
  ///
  /// - Parameter seed: of Bernoulli labels, which depend on it and the line's number alone.
  /// - Throws: `DataError` where the reduction divides by lengths that the line does not give.
  public func evaluate(
    _ objective: some PairObjective, reduction: LogProbabilityReduction, labels: PreferenceLabels, seed: UInt64
  ) throws(DataError) -> PairLoss {
    guard hasLengths || reduction == .sum else {
      throw DataError(path, line: line, "\"lengths\" was expected, because the mean of token log-probabilities divides by them.")
    }
    var labelled = pair
    var generator = CounterGenerator(seed, 0x6C61_6265_6C, UInt64(line))  // "label"
    labelled.preference = labels.label(pair.preference, uniform: generator.uniform())
    return Reduced(objective, reduction: reduction).evaluate(labelled)
  }
}

extension PairLoss {
  /// `{"loss", "coefficients", "h"}`
  public var json: JSON {
    ["loss": .init(loss), "coefficients": .init([coefficients.first, coefficients.second]), "h": .init(margin)]
  }
}

/// Numbers of a line, and the words for what is wrong with them.
private struct LossFields {
  let json: JSON
  let path: String
  let line: Int

  private func wrong(_ key: String, _ expected: String) -> DataError {
    let found = json[key].map { "is \($0.line.prefix(60))" } ?? "is missing"
    return DataError(path, line: line, "\"\(key)\" \(found); \(expected) expected.")
  }

  func pair(_ key: String) throws(DataError) -> (Double, Double) {
    let values = json[key]?.array?.compactMap(\.double) ?? []
    guard values.count == 2, json[key]?.array?.count == 2, values.allSatisfy(\.isFinite) else {
      throw wrong(key, "two finite numbers, one a response, were")
    }
    return (values[0], values[1])
  }

  func lengths(_ key: String) throws(DataError) -> (Int, Int) {
    let values = json[key]?.array?.compactMap(\.int) ?? []
    guard values.count == 2, json[key]?.array?.count == 2, values.allSatisfy({ $0 >= 1 }) else {
      throw wrong(key, "two whole numbers of tokens, 1 or more, were")
    }
    return (values[0], values[1])
  }

  func probability(_ key: String) throws(DataError) -> Double {
    guard let value = json[key]?.double, (0...1).contains(value) else {
      throw wrong(key, "p(first ≻ second), a number from 0 to 1, was")
    }
    return value
  }
}
