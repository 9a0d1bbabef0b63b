import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

/// Every row of the table through the trainer.
@Suite struct OnlineAlgorithmTests {
  /// Rewards large token ids.
  private struct LargeTokenRewarder: Rewarder {
    func rewards(_ answers: [Answer]) -> [Double] {
      answers.map { answer in
        let tokens = answer.response.split(separator: " ").compactMap { Double($0) }
        return tokens.reduce(0, +) / Double(max(tokens.count, 1))
      }
    }
  }

  private func feedback(_ name: Algorithm.Name) -> Feedback {
    Algorithm.row(name).signal == .rewards ? .rewards(LargeTokenRewarder()) : .preferences(LargeTokens())
  }

  private func trainer(_ name: Algorithm.Name, _ policy: Policy = tinyPolicy(), workers: Int = 1) -> OnlineTrainer<Policy> {
    TinyTrainer.online(policy, algorithm: Algorithm(name), feedback: feedback(name), workers: workers)
  }

  @Test func theTableHasARowForEveryName() {
    for name in Algorithm.Name.allCases { #expect(Algorithm.table.count { $0.name == name } == 1) }
    #expect(Algorithm.table.count == Algorithm.Name.allCases.count)
  }

  @Test(arguments: Algorithm.Name.allCases)
  func everyAlgorithmMakesSteps(_ name: Algorithm.Name) throws {
    let trainer = trainer(name)
    for step in 1...2 {
      let record = try trainer.step()
      let (preference, sampling) = (try #require(record.preference), try #require(record.sampling))
      #expect(record.step == step && record.loss.isFinite && record.gradientNorm > 0)
      #expect(preference.tau == Algorithm.row(name).tau ?? 0)
      #expect(sampling.mixture == Algorithm.row(name).sampling.mixture)
      #expect((sampling.reward != nil) == (name == .reinforce))
      #expect(sampling.samplingGap == 0)
      #expect(step == 1 ? sampling.exactDivergence == 0 : sampling.exactDivergence > 0)
      let isMixed = step == 2 && [.ipoMD, .nashMD].contains(name)
      #expect(isMixed ? sampling.logMixturePartition < -1e-6 : abs(sampling.logMixturePartition) < 1e-6)
    }
  }

  @Test(arguments: Algorithm.Name.allCases)
  func aResumedRunEndsInTheBitsOfTheUndisturbedOne(_ name: Algorithm.Name) throws {
    try expectResumable { trainer(name, $0) }
  }

  @Test(arguments: Algorithm.Name.allCases)
  func trainingDoesNotDependOnTheNumberOfWorkers(_ name: Algorithm.Name) throws {
    try expectInvariance(steps: 2) { trainer(name, workers: $0) }
  }

  /// A gradient step of Nash-MD-PG against one made here from the same samples: −(p − ½ − τ·log π/μ) on the policy's own
  /// responses, nothing on the opponent's.
  @Test(arguments: [Algorithm.Name.nashMD, .selfPlay, .bestResponse])
  func onlyThePolicysOwnResponsesAreMoved(_ name: Algorithm.Name) throws {
    let policy = tinyPolicy(seed: 3)  // TinyTrainer's reference is another one
    let reference = tinyPolicy().parameters
    let (tau, mixture) = (0.3, Algorithm.row(name).sampling.mixture)
    let pool = WorkerPool(workerCount: 1)
    let sampler = Sampler(
      policy.transformer, options: SamplingOptions(maximumTokens: 6), pool: pool, decodesReference: mixture > 0)
    var order = DataOrder(count: 5, batchSize: 4, seed: 5)
    let prompts = order.batch(0).map { TinyTrainer.prompts[$0] }
    let responses = sampler.sample(
      prompts.map(\.tokens), mixtures: [0, mixture], policy: policy.parameters, reference: mixture > 0 ? reference : nil,
      key: SamplingKey(seed: 5, step: 0))
    let preferences = zip(prompts, responses).map { prompt, pair in
      LargeTokens().preferences([
        Comparison(prompt: prompt.text, first: policy.text(of: pair[0].tokens), second: policy.text(of: pair[1].tokens))
      ])[0]
    }
    let pass = ShardedPass(policy.transformer, pool: pool, shardCount: 4, backward: true, reference: true)
    pass.differentiate(
      zip(prompts, responses).map { TokenGroup(prompt: $0.tokens, responses: $1.map(\.tokens)) }, policy: policy.parameters,
      reference: reference
    ) { pair in
      let logRatio = pair[0].logProbability - pair[0].referenceLogProbability
      pair[0].coefficient = -(preferences[pair[0].group] - 0.5 - tau * logRatio) / 4
      pair[0].logRatioCoefficient = tau / 4
    }
    let (before, gradients) = (policy.parameters, pass.gradients)
    let expected = before.all.indices.map { Double(before.all[$0]) - 0.01 * Double(gradients.all[$0]) }

    var options = TinyTrainer.options(.stochasticGradientDescent())
    options.schedule = Schedule(rate: 0.01, shape: .constant, totalSteps: 6)
    options.gradientClip = 1e9
    let trainer = TinyTrainer.online(
      policy, algorithm: Algorithm(name, .init(tau: tau)), responsesPerPrompt: 2, options: options)
    let record = try trainer.step()
    #expect(record.gradientNorm > 0.1)
    let after = policy.parameters.all
    for (index, expected) in expected.enumerated() { #expect(abs(Double(after[index]) - expected) < 1e-6) }
  }

  /// Prefers what it is shown first, and knows it.
  private struct FirstWins: Annotator {
    let isAntisymmetric = false

    func preferences(_ comparisons: [Comparison]) -> [Double] {
      zip(comparisons, LargeTokens().preferences(comparisons)).map { min($1 + 0.2, 1) }
    }
  }

  /// Of Nash-MD-PG the policy's own response always comes first, so a bias of position would be a reward for nothing.
  @Test(arguments: [Algorithm.Name.ipo, .nashMD])
  func aBiasOfPositionIsAveragedAway(_ name: Algorithm.Name) throws {
    func run(_ annotator: any Annotator) throws -> ([StepRecord], [UInt32]) {
      let trainer = TinyTrainer.online(algorithm: Algorithm(name), feedback: .preferences(annotator))
      return (try (0..<2).map { _ in try trainer.step().untimed }, trainer.policy.parameters.bits)
    }
    let (biased, averaged) = (try run(FirstWins()), try run(BothOrders(FirstWins())))
    #expect(biased.0 == averaged.0)
    let isEqual = biased.1 == averaged.1
    #expect(isEqual)
    // Without the average it would be another game.
    struct Believed: Annotator {
      let isAntisymmetric = true
      func preferences(_ comparisons: [Comparison]) -> [Double] { FirstWins().preferences(comparisons) }
    }
    let believed = try run(Believed()).1 == averaged.1
    #expect(!believed)
  }
}
