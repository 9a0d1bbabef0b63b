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

  private func coefficients(
    _ table: PairTable, _ algorithm: OnlineAlgorithm, _ outcomes: [ResponseOutcome], group: Range<Int>, weight: Double
  ) -> [Double] {
    var responses = Array(outcomes[group])
    var span = responses.mutableSpan
    table.differentiate(algorithm, &span, weight: weight)
    return responses.map(\.coefficient)
  }

  @Test func pairsAreCountedInOrder() {
    #expect(PairTable.pairs(2).map { [$0.first, $0.second] } == [[0, 1]])
    #expect(PairTable.pairs(3).map { [$0.first, $0.second] } == [[0, 1], [0, 2], [1, 2]])
    #expect(PairTable.pairs(5).count == 10)
  }

  /// c = 2τh − (2p − 1), worked by hand with τ = ¼.
  @Test func pairsOfTwoGetTheirOwnPreference() {
    let table = PairTable([0.75, 0.5], responsesPerPrompt: 2)
    let outcomes = outcomes([-1, -2, -5, -3], responsesPerPrompt: 2)
    let algorithm = OnlineAlgorithm.onlineIPO(tau: 0.25)
    #expect(coefficients(table, algorithm, outcomes, group: 0..<2, weight: 0.5) == [0, 0])  // ½(½·1 − ½)
    #expect(coefficients(table, algorithm, outcomes, group: 2..<4, weight: 0.5) == [-0.5, 0.5])  // ½(½·(−2))
    let evaluation = table.evaluate(algorithm, outcomes)
    #expect(evaluation.loss == ((0.25 - 0.5) + 1) / 2)  // τh² − (2p − 1)·h each
    #expect(evaluation.record.margin == (1 - 2) / 2.0)
    #expect(evaluation.record.decidedness == 0.625)
    #expect(evaluation.record.accuracy == 0.5)
  }

  @Test func ofThreeResponsesEveryOneMeetsTheTwoOthers() {
    let table = PairTable([0.5, 0.5, 0.5, 1, 0, 0.75], responsesPerPrompt: 3)
    let outcomes = outcomes([0, 0, 0, -1, -3, -4], responsesPerPrompt: 3)
    let algorithm = OnlineAlgorithm.onlineIPO(tau: 0.25)
    #expect(coefficients(table, algorithm, outcomes, group: 0..<3, weight: 1) == [0, 0, 0])
    // h: 2, 3, 1; 2p − 1: 1, −1, ½; c: 0, 2.5, 0.
    #expect(coefficients(table, algorithm, outcomes, group: 3..<6, weight: 2) == [5, 0, -5])
    #expect(abs(table.evaluate(algorithm, outcomes).loss - ((1 - 2) + (2.25 + 3) + (0.25 - 0.5)) / 6) < 1e-15)
  }

  @Test func hardLabelsAreTheMajority() {
    let table = PairTable([0.6], responsesPerPrompt: 2)
    let outcomes = outcomes([0, 0], responsesPerPrompt: 2)
    let algorithm = OnlineAlgorithm.onlineIPO(tau: 1, labels: .argmax)
    #expect(coefficients(table, algorithm, outcomes, group: 0..<2, weight: 1) == [-1, 1])
  }
}
