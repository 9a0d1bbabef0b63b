import PoiseModel
import PoiseObjectives

/// The preferences of a batch of groups of k responses: all pairs i < j of every group.
struct PairTable: Sendable {
  /// p(y_i ≻ y_j), group by group.
  let preferences: [Double]
  private let responsesPerPrompt: Int
  private let pairs: [(first: Int, second: Int)]

  init(_ preferences: [Double], responsesPerPrompt: Int) {
    self.preferences = preferences
    self.responsesPerPrompt = responsesPerPrompt
    pairs = Self.pairs(responsesPerPrompt)
  }

  var count: Int { preferences.count }

  /// (0, 1), (0, 2), …, (k−2, k−1)
  static func pairs(_ responseCount: Int) -> [(first: Int, second: Int)] {
    (0..<responseCount).flatMap { first in (first + 1..<responseCount).map { (first, $0) } }
  }

  /// Adds weight · ∂loss/∂log π of all pairs of one group to its responses.
  func differentiate(_ algorithm: OnlineAlgorithm, _ responses: inout MutableSpan<ResponseOutcome>, weight: Double) {
    let group = responses[0].group
    for (index, pair) in pairs.enumerated() {
      let loss = algorithm.objective.evaluate(
        Pair(
          first: responses[pair.first].statistics, second: responses[pair.second].statistics,
          preference: algorithm.labels.label(preferences[group * pairs.count + index], uniform: 0.5)))
      responses[pair.first].coefficient += weight * loss.coefficients.first
      responses[pair.second].coefficient += weight * loss.coefficients.second
    }
  }

  /// What the batch amounts to.
  struct Evaluation {
    /// Mean over the pairs.
    var loss = 0.0
    var record = StepRecord.PreferenceRecord()
  }

  func evaluate(_ algorithm: OnlineAlgorithm, _ outcomes: [ResponseOutcome]) -> Evaluation {
    var result = Evaluation()
    for (index, preference) in preferences.enumerated() {
      let (group, pair) = (index / pairs.count, pairs[index % pairs.count])
      let first = outcomes[group * responsesPerPrompt + pair.first].statistics
      let second = outcomes[group * responsesPerPrompt + pair.second].statistics
      let asked = Pair(first: first, second: second, preference: preference)
      let label = algorithm.labels.label(preference, uniform: 0.5)
      let labelled = Pair(first: first, second: second, preference: label)
      result.add(asked, loss: algorithm.objective.evaluate(labelled).loss, weight: 1 / Double(count))
    }
    return result
  }
}

extension PairTable.Evaluation {
  fileprivate mutating func add(_ pair: Pair, loss pairLoss: Double, weight: Double) {
    let told = pair.preference >= 0.5 ? pair : pair.swapped  // the chosen response first
    loss += weight * pairLoss
    record.decidedness += weight * told.preference
    record.margin += weight * told.margin
    record.chosenLogRatio += weight * told.first.logRatio
    record.rejectedLogRatio += weight * told.second.logRatio
    record.chosenLogProbability += weight * told.first.logProbability
    record.rejectedLogProbability += weight * told.second.logProbability
    record.accuracy += weight * (told.margin > 0 ? 1 : told.margin == 0 ? 0.5 : 0)
  }
}

extension ResponseOutcome {
  /// What an objective may know.
  var statistics: ResponseStatistics {
    ResponseStatistics(
      logProbability: logProbability, referenceLogProbability: referenceLogProbability, length: tokenCount)
  }
}
