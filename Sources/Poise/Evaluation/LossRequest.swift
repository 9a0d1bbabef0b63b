import PoiseFiles
import PoiseObjectives
import PoiseRandom
import PoiseText

/// A line of `poise loss`: what a pair objective is a function of, given as numbers.
///
///     {"logps": [-12.5, -9.75], "ref_logps": [-11, -10], "preference": 0.8, "lengths": [7, 5]}
///     {"logps": [-12.5, -9.75], "ref_logps": [-11, -10], "rewards": [1.5, 0.25], "baseline": 1}
public struct LossRequest: DataRecord, Equatable {
  /// What an objective learns from.
  public enum Feedback: Sendable {
    case preference, rewards
  }

  /// Lengths are 1 and advantages 0 where the line does not give them.
  public let first: ResponseStatistics
  public let second: ResponseStatistics
  /// p(first ≻ second) in [0, 1].
  public let preference: Double?
  public let hasRewards: Bool
  public let hasLengths: Bool
  public let line: Int
  private let path: String

  /// - Throws: `DataError` for log-probabilities that are missing, and for what is of the wrong kind or out of range.
  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    let fields = LossFields(json: json, path: path, line: line)
    (hasRewards, hasLengths) = (fields.has("rewards"), fields.has("lengths"))
    let policy = try fields.pair("logps")
    let reference = try fields.pair("ref_logps")
    let lengths = hasLengths ? try fields.lengths("lengths") : (1, 1)
    let baseline = fields.has("baseline") ? try fields.number("baseline") : 0
    let rewards = hasRewards ? try fields.pair("rewards") : (baseline, baseline)
    first = ResponseStatistics(
      logProbability: policy.0, referenceLogProbability: reference.0, length: lengths.0, advantage: rewards.0 - baseline)
    second = ResponseStatistics(
      logProbability: policy.1, referenceLogProbability: reference.1, length: lengths.1, advantage: rewards.1 - baseline)
    preference = fields.has("preference") ? try fields.probability("preference") : nil
    self.path = path
    self.line = line
  }

  /// The value and coefficients of an objective.
  ///
  /// - Parameter seed: of Bernoulli labels, which depend on it and the line's number alone.
  /// - Throws: `DataError` where the line lacks what the objective learns from, or the lengths that a mean divides by.
  public func evaluate(
    _ objective: some PairObjective, learningFrom feedback: Feedback, reduction: LogProbabilityReduction,
    labels: PreferenceLabels, seed: UInt64
  ) throws(DataError) -> PairLoss {
    guard hasLengths || reduction == .sum else {
      throw DataError(path, line: line, "\"lengths\" was expected, because the mean of token log-probabilities divides by them.")
    }
    switch feedback {
    case .preference where preference == nil: throw missing("preference", LossFields.probability)
    case .rewards where !hasRewards: throw missing("rewards", LossFields.twoNumbers)
    default: break
    }
    // A policy gradient on rewards looks at no label.
    var generator = CounterGenerator(seed, 0x6C61_6265_6C, UInt64(line))  // "label"
    let label = labels.label(preference ?? 0.5, uniform: generator.uniform())
    return Reduced(objective, reduction: reduction).evaluate(Pair(first: first, second: second, preference: label))
  }

  private func missing(_ key: String, _ expected: String) -> DataError {
    DataError(path, line: line, "\"\(key)\" is missing; \(expected) expected.")
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
  static let twoNumbers = "two finite numbers, one a response, were"
  static let probability = "p(first ≻ second), a number from 0 to 1, was"

  let json: JSON
  let path: String
  let line: Int

  func has(_ key: String) -> Bool { json[key] != nil }

  private func wrong(_ key: String, _ expected: String) -> DataError {
    let found = json[key].map { "is \($0.line.prefix(60))" } ?? "is missing"
    return DataError(path, line: line, "\"\(key)\" \(found); \(expected) expected.")
  }

  func number(_ key: String) throws(DataError) -> Double {
    guard let value = json[key]?.double, value.isFinite else { throw wrong(key, "a finite number was") }
    return value
  }

  func pair(_ key: String) throws(DataError) -> (Double, Double) {
    let values = json[key]?.array?.compactMap(\.double) ?? []
    guard values.count == 2, json[key]?.array?.count == 2, values.allSatisfy(\.isFinite) else {
      throw wrong(key, Self.twoNumbers)
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
    guard let value = json[key]?.double, (0...1).contains(value) else { throw wrong(key, Self.probability) }
    return value
  }
}
