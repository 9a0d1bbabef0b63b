import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

/// At the start of preference training policy and reference are the same parameters, and the same bits must come out of both.
@Suite struct InitialisationTests {
  let policy = tinyPolicy()
  let groups: [TokenGroup] = [
    TokenGroup(prompt: [1, 2, 3], responses: [[4, 5, 0], [6, 0]]), TokenGroup(prompt: [7], responses: [[8], [9, 9, 9, 9, 0]]),
    TokenGroup(prompt: [2, 2], responses: [[0], [0]]), TokenGroup(prompt: [4], responses: [[5, 0], [5, 0]]),
    TokenGroup(prompt: [10, 3, 5, 1], responses: [[1, 2, 3, 4], [4, 3, 2, 1]]),
  ]
  let preferences = [0.9, 0.1, 0.5, 0.25, 1]

  @Test(arguments: [1, 2, 4], [1, 2])
  func marginsAndDivergencesAreExactlyZero(shardCount: Int, workerCount: Int) {
    let reference = Arena(policy.transformer.parameters.layout)
    reference.copy(from: policy.parameters)
    let pass = ShardedPass(
      policy.transformer, pool: WorkerPool(workerCount: workerCount), shardCount: shardCount, backward: true, reference: true)
    let table = PairTable(
      plan: ResponsePlan(.alike(mixture: 0), responseCount: 2), preferences: preferences, labels: .soft, key: SamplingKey(seed: 0)
    )
    let objective = IdentityPreferenceOptimization(tau: 0.7)
    pass.differentiate(groups, policy: policy.parameters, reference: reference) { responses in
      table.differentiate(objective, &responses, weight: 1)
    }
    #expect(pass.outcomes.count == 10)
    for outcome in pass.outcomes {
      #expect(outcome.logProbability < 0)
      #expect(outcome.logProbability == outcome.referenceLogProbability)
      #expect(outcome.divergence == 0)
    }
    for (group, preference) in preferences.enumerated() {
      let (first, second) = (pass.outcomes[2 * group], pass.outcomes[2 * group + 1])
      #expect(first.coefficient == -(2 * preference - 1))
      #expect(second.coefficient == 2 * preference - 1)
    }
    let evaluation = table.evaluate(objective, pass.outcomes, isIdentical: preferences.map { _ in false })
    #expect(evaluation.record.margin == 0)
    #expect(evaluation.record.accuracy == 0.5)
    #expect(pass.gradientNorm().norm > 0)
  }

  @Test func theFirstStepOfATrainingRunReportsNoDivergence() throws {
    let record = try TinyTrainer.online(workers: 2).step()
    let sampling = try #require(record.sampling)
    #expect(sampling.exactDivergence == 0)
    #expect(sampling.sequenceDivergence == 0)
    #expect(sampling.samplingGap == 0)
    #expect(record.preference?.margin == 0)
  }
}
