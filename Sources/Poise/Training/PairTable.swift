import PoiseModel
import PoiseObjectives
import PoiseRandom

/// What is known of the comparisons of a batch of groups before it is differentiated.
struct PairTable: Sendable {
  let plan: ResponsePlan
  /// p(first ≻ second), group by group, pair by pair.
  let preferences: [Double]
  /// What the loss is told of each.
  let labels: [Double]
  /// r(y) − b, group by group, response by response; empty where the signal is preferences.
  let advantages: [Double]

  var count: Int { preferences.count }

  /// - Parameter key: what a Bernoulli label is drawn for.
  init(plan: ResponsePlan, preferences: [Double], labels: PreferenceLabels, advantages: [Double] = [], key: SamplingKey) {
    self.plan = plan
    self.preferences = preferences
    self.advantages = advantages
    self.labels = preferences.enumerated().map { index, preference in
      var generator = CounterGenerator(key.seed, 0x6C61_6265_6C, key.step, UInt64(index))  // "label"
      return labels.label(preference, uniform: generator.uniform())
    }
  }

  /// Adds weight · ∂loss/∂log π of all pairs of one group to its responses.
  func differentiate(_ objective: any PairObjective, _ responses: inout MutableSpan<ResponseOutcome>, weight: Double) {
    let group = responses[0].group
    for (index, pair) in plan.pairs.enumerated() {
      let loss = objective.evaluate(
        Pair(
          first: statistics(responses[pair.first], group, pair.first),
          second: statistics(responses[pair.second], group, pair.second),
          preference: labels[group * plan.pairs.count + index]))
      responses[pair.first].add(loss.coefficients.first, loss.logRatioCoefficients.first, weight)
      responses[pair.second].add(loss.coefficients.second, loss.logRatioCoefficients.second, weight)
    }
  }

  private func statistics(_ outcome: ResponseOutcome, _ group: Int, _ response: Int) -> ResponseStatistics {
    outcome.statistics(advantage: advantages.isEmpty ? 0 : advantages[group * plan.responseCount + response])
  }

  /// What the batch amounts to.
  struct Evaluation {
    /// Mean over the pairs.
    var loss = 0.0
    var record = StepRecord.PreferenceRecord()
  }

  /// - Parameter isIdentical: whether the two responses of a pair are the same tokens, in the order of the preferences.
  func evaluate(_ objective: any PairObjective, _ outcomes: [ResponseOutcome], isIdentical: [Bool]) -> Evaluation {
    var result = Evaluation()
    for (index, preference) in preferences.enumerated() {
      let (group, pair) = (index / plan.pairs.count, plan.pairs[index % plan.pairs.count])
      let first = statistics(outcomes[group * plan.responseCount + pair.first], group, pair.first)
      let second = statistics(outcomes[group * plan.responseCount + pair.second], group, pair.second)
      let loss = objective.evaluate(Pair(first: first, second: second, preference: labels[index])).loss
      let asked = Pair(first: first, second: second, preference: preference)
      result.add(asked, loss: loss, isIdentical: isIdentical[index], weight: 1 / Double(count))
    }
    return result
  }
}

extension StepRecord {
  /// A step on pairs.
  init(
    _ evaluated: PairTable.Evaluation, _ outcomes: [ResponseOutcome], step: Int, epoch: Double,
    _ applied: (norm: Double, rate: Double), earlierTokens: Int, sampling: SamplingRecord?, _ times: Times, exampleCount: Int
  ) {
    let (count, tokens) = (Double(outcomes.count), outcomes.reduce(0) { $0 + $1.tokenCount })
    self.init(
      step: step, epoch: epoch, loss: evaluated.loss, learningRate: applied.rate, gradientNorm: applied.norm,
      tokenCount: earlierTokens + tokens, entropy: outcomes.reduce(0) { $0 + $1.entropy } / count,
      responseLength: Double(tokens) / count, preference: evaluated.record, sampling: sampling, times: times,
      exampleCount: exampleCount, stepTokenCount: tokens)
  }
}

extension ResponseOutcome {
  /// What an objective may know.
  func statistics(advantage: Double = 0) -> ResponseStatistics {
    ResponseStatistics(
      logProbability: logProbability, referenceLogProbability: referenceLogProbability, length: tokenCount,
      advantage: advantage)
  }

  fileprivate mutating func add(_ coefficient: Double, _ logRatioCoefficient: Double, _ weight: Double) {
    self.coefficient += weight * coefficient
    self.logRatioCoefficient += weight * logRatioCoefficient
  }
}

extension PairTable.Evaluation {
  fileprivate mutating func add(_ pair: Pair, loss pairLoss: Double, isIdentical: Bool, weight: Double) {
    let told = pair.preference >= 0.5 ? pair : pair.swapped  // the chosen response first
    loss += weight * pairLoss
    record.decidedness += weight * told.preference
    record.margin += weight * told.margin
    record.chosenLogRatio += weight * told.first.logRatio
    record.rejectedLogRatio += weight * told.second.logRatio
    record.chosenLogProbability += weight * told.first.logProbability
    record.rejectedLogProbability += weight * told.second.logProbability
    record.chosenLength += weight * Double(told.first.length)
    record.rejectedLength += weight * Double(told.second.length)
    // The same tokens are neither right nor wrong, whatever last bits a model gives them that is not exact.
    record.accuracy += weight * (isIdentical || told.margin == 0 ? 0.5 : told.margin > 0 ? 1 : 0)
    record.tiedShare += weight * (told.preference == 0.5 ? 1 : 0)
    record.identicalShare += weight * (isIdentical ? 1 : 0)
    record.saturatedShare += weight * (told.preference > StepRecord.PreferenceRecord.saturation ? 1 : 0)
  }
}
