import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

@Suite struct PairTableTests {
  /// log π is all that differs: h of a pair is the difference of the two numbers.
  private func outcomes(_ logProbabilities: [Double], responsesPerPrompt: Int) -> [ResponseOutcome] {
    let pass = ShardedPass(
      tinyPolicy().transformer, pool: WorkerPool(workerCount: 1), shardCount: 1, backward: false, reference: false)
    let groups = (0..<logProbabilities.count / responsesPerPrompt).map { _ in
      TokenGroup(prompt: [1], responses: Array(repeating: [2, 3], count: responsesPerPrompt))
    }
    pass.evaluate(groups, policy: tinyPolicy().parameters)
    return zip(pass.outcomes, logProbabilities).map { outcome, logProbability in
      var outcome = outcome
      outcome.logProbability = logProbability
      return outcome
    }
  }

  private func table(_ preferences: [Double], responsesPerPrompt: Int, labels: PreferenceLabels = .soft) -> PairTable {
    PairTable(
      plan: ResponsePlan(.alike(mixture: 0), responseCount: responsesPerPrompt), preferences: preferences, labels: labels,
      key: SamplingKey(seed: 1))
  }

  private func coefficients(
    _ table: PairTable, _ objective: any PairObjective, _ outcomes: [ResponseOutcome], group: Range<Int>, weight: Double
  ) -> [Double] {
    var responses = Array(outcomes[group])
    var span = responses.mutableSpan
    table.differentiate(objective, &span, weight: weight)
    return responses.map(\.coefficient)
  }

  private func evaluate(
    _ table: PairTable, _ objective: any PairObjective, _ outcomes: [ResponseOutcome]
  ) -> PairTable.Evaluation {
    table.evaluate(objective, outcomes, isIdentical: Array(repeating: false, count: table.count))
  }

  /// c = 2τh − (2p − 1), worked by hand with τ = ¼.
  @Test func pairsOfTwoGetTheirOwnPreference() {
    let table = table([0.75, 0.5], responsesPerPrompt: 2)
    let outcomes = outcomes([-1, -2, -5, -3], responsesPerPrompt: 2)
    let objective = IdentityPreferenceOptimization(tau: 0.25)
    #expect(coefficients(table, objective, outcomes, group: 0..<2, weight: 0.5) == [0, 0])  // ½(½·1 − ½)
    #expect(coefficients(table, objective, outcomes, group: 2..<4, weight: 0.5) == [-0.5, 0.5])  // ½(½·(−2))
    let evaluation = evaluate(table, objective, outcomes)
    #expect(evaluation.loss == ((0.25 - 0.5) + 1) / 2)  // τh² − (2p − 1)·h each
    #expect(evaluation.record.margin == (1 - 2) / 2.0)
    #expect(evaluation.record.decidedness == 0.625)
    #expect(evaluation.record.accuracy == 0.5)
    #expect(evaluation.record.tiedShare == 0.5)
    #expect(evaluation.record.chosenLength == 2 && evaluation.record.rejectedLength == 2)
  }

  @Test func ofThreeResponsesEveryOneMeetsTheTwoOthers() {
    let table = table([0.5, 0.5, 0.5, 1, 0, 0.75], responsesPerPrompt: 3)
    let outcomes = outcomes([0, 0, 0, -1, -3, -4], responsesPerPrompt: 3)
    let objective = IdentityPreferenceOptimization(tau: 0.25)
    #expect(coefficients(table, objective, outcomes, group: 0..<3, weight: 1) == [0, 0, 0])
    // h: 2, 3, 1; 2p − 1: 1, −1, ½; c: 0, 2.5, 0.
    #expect(coefficients(table, objective, outcomes, group: 3..<6, weight: 2) == [5, 0, -5])
    #expect(abs(evaluate(table, objective, outcomes).loss - ((1 - 2) + (2.25 + 3) + (0.25 - 0.5)) / 6) < 1e-15)
  }

  /// In two rows of a batch the same tokens may differ in the last bits of log π.
  @Test func anIdenticalPairHasNoMarginToBeAccurateAbout() {
    for logProbability in [-1, (-1.0).nextUp, (-1.0).nextDown] {
      let evaluation = table([0.5], responsesPerPrompt: 2).evaluate(
        IdentityPreferenceOptimization(tau: 1), outcomes([-1, logProbability], responsesPerPrompt: 2), isIdentical: [true])
      #expect(evaluation.record.accuracy == 0.5 && evaluation.record.identicalShare == 1)
    }
  }

  @Test func argmaxLabelsAreTheMajority() {
    let table = table([0.6], responsesPerPrompt: 2, labels: .argmax)
    let outcomes = outcomes([0, 0], responsesPerPrompt: 2)
    let objective = IdentityPreferenceOptimization(tau: 1)
    #expect(coefficients(table, objective, outcomes, group: 0..<2, weight: 1) == [-1, 1])
  }

  /// Drawn once, so that gradient and record are told the same; the record keeps what the annotator said.
  @Test func bernoulliLabelsAreDrawnOnceAndOnAverageSoft() {
    let table = table(Array(repeating: 0.3, count: 4_000), responsesPerPrompt: 2, labels: .bernoulli)
    #expect(table.labels.allSatisfy { $0 == 0 || $0 == 1 })
    #expect(abs(table.labels.reduce(0, +) / 4_000 - 0.3) < 0.03)  // four standard deviations
    #expect(table.preferences.allSatisfy { $0 == 0.3 })
  }
}
