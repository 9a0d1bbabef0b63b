import PoiseModel
import PoiseObjectives

/// Online preference optimisation. A step is one line: prompts are sampled into groups, annotated, differentiated, and the
/// policy is updated.
///
/// Where the responses are of a mixture, sampling has evaluated the reference beside the policy, on these very tokens. If the model
/// decodes exactly (``LanguageModel/decodesExactly``), a step takes that over instead of evaluating the reference anew: same
/// bits, a fifth of the operations of the pass less.
public final class OnlineTrainer<Trained: TrainablePolicy>: PlainTrainer {
  public let policy: Trained
  public let options: TrainingOptions
  public var optimizer: Optimizer { update.optimizer }

  /// π_ref: frozen.
  private let reference: Arena
  private let algorithm: Algorithm
  private let feedback: Feedback
  private let prompts: [Prompt]
  private let plan: ResponsePlan
  private let sampler: Sampler<Trained.Model>
  /// Whether what sampling finds out about the reference serves the step.
  private let takesReferenceFromSampling: Bool
  private let pass: ShardedPass<Trained.Model>
  private let update: ParameterUpdate
  private var order: DataOrder
  public var tokenCount = 0

  /// - Parameters:
  ///   - reference: parameters of π_ref, of the policy's own form; a copy of the start unless said otherwise.
  ///   - feedback: what the algorithm's signal asks for. Preferences that are not antisymmetric are asked for in both orders.
  ///   - prompts: at least one; with `sampling.maximumTokens` behind them they fit the context.
  ///   - responsesPerPrompt: k ≥ 2.
  ///   - sampling: how tokens are drawn; the mixture is the algorithm's.
  public init(
    _ policy: Trained, reference: Arena, algorithm: Algorithm, feedback: Feedback, prompts: [Prompt],
    responsesPerPrompt: Int = 2, sampling: SamplingOptions, options: TrainingOptions, pool: WorkerPool
  ) {
    precondition(!prompts.isEmpty && feedback.signal == algorithm.signal)
    self.policy = policy
    self.reference = reference
    self.algorithm = algorithm
    self.feedback = feedback.symmetrized
    self.prompts = prompts
    self.options = options
    plan = ResponsePlan(algorithm.sampling, responseCount: responsesPerPrompt)
    let decodesReference = algorithm.decodesReference
    sampler = Sampler(policy.languageModel, options: sampling, pool: pool, decodesReference: decodesReference)
    takesReferenceFromSampling = decodesReference && policy.languageModel.decodesExactly
    pass = ShardedPass(
      policy.languageModel, pool: pool, shardCount: options.shards, backward: true, reference: !takesReferenceFromSampling)
    let largest = TokenGroup(
      promptTokens: prompts.lazy.map(\.tokens.count).max()!, responseTokens: sampling.maximumTokens,
      responses: responsesPerPrompt)
    pass.reserve(WorkspaceCapacity(largest: [largest], perShard: options.groupsPerShard))
    update = ParameterUpdate(options, policy.languageModel.parameterLayout, pool: pool)
    order = DataOrder(count: prompts.count, batchSize: options.batchSize, seed: options.seed)
  }

  public func step() throws -> StepRecord {
    let clock = StepClock()
    var times = StepRecord.Times()
    let batch = order.batch(optimizer.step).map { prompts[$0] }
    let key = SamplingKey(seed: options.seed, step: UInt64(optimizer.step))

    let responses = profiled(.sample) {
      sampler.sample(batch.map(\.tokens), mixtures: plan.mixtures, policy: policy.parameters, reference: reference, key: key)
    }
    times.sample = clock.lap()

    let answers = try profiled(.annotate) { try annotate(batch, responses) }
    let pairs = PairTable(
      plan: plan, preferences: answers.preferences, labels: algorithm.labels, advantages: answers.advantages, key: key)
    times.annotate = clock.lap()

    let groups = zip(batch, responses).map { prompt, responses in
      TokenGroup(
        prompt: prompt.tokens, responses: responses.map(\.tokens),
        references: takesReferenceFromSampling ? responses.map(\.references) : [])
    }
    pass.differentiate(groups, policy: policy.parameters, reference: takesReferenceFromSampling ? nil : reference) { responses in
      pairs.differentiate(algorithm.objective, &responses, weight: 1 / Double(pairs.count))
    }
    var evaluated = profiled(.loss) { pairs.evaluate(algorithm.objective, pass.outcomes, isIdentical: identities(responses)) }
    evaluated.record.tau = algorithm.tau
    times.differentiate = clock.lap()

    let applied = try update.apply(pass, to: policy.parameters, loss: evaluated.loss)
    times.update = clock.lap()
    let record = StepRecord(
      evaluated, pass.outcomes, step: optimizer.step, epoch: order.epochs(after: optimizer.step), applied,
      earlierTokens: tokenCount,
      sampling: .init(
        responses.flatMap(\.self), pass.outcomes, mixture: algorithm.sampling.mixture, rewards: answers.rewards),
      times, exampleCount: batch.count)
    tokenCount = record.tokenCount
    return record
  }

  /// What the annotator says of a batch.
  private struct Answers {
    /// Of all pairs, group by group.
    var preferences: [Double]
    /// Of all responses, group by group; empty without rewards.
    var rewards: [Double] = []
    var advantages: [Double] = []
  }

  private func annotate(_ batch: [Prompt], _ responses: [[SampledResponse]]) throws -> Answers {
    let texts = responses.map { $0.map { policy.text(of: $0.tokens) } }
    switch feedback {
    case .preferences(let annotator):
      let comparisons = zip(batch, texts).flatMap { prompt, texts in
        plan.pairs.map { Comparison(prompt.question, first: texts[$0.first], second: texts[$0.second]) }
      }
      return Answers(preferences: try annotator.preferences(comparisons))
    case .rewards(let rewarder):
      let answers = zip(batch, texts).flatMap { prompt, texts in texts.map { Answer(prompt.question, response: $0) } }
      let rewards = try rewarder.rewards(answers)
      let groups = stride(from: 0, to: rewards.count, by: plan.responseCount).map { rewards[$0..<$0 + plan.responseCount] }
      return Answers(
        preferences: groups.flatMap { group in
          plan.pairs.map {
            PreferenceProbability.bradleyTerry(
              rewardMargin: group[group.startIndex + $0.first] - group[group.startIndex + $0.second])
          }
        }, rewards: rewards, advantages: groups.flatMap(algorithm.baseline.advantages))
    }
  }

  private func identities(_ responses: [[SampledResponse]]) -> [Bool] {
    responses.flatMap { group in plan.pairs.map { group[$0.first].tokens == group[$0.second].tokens } }
  }
}

extension OnlineTrainer where Trained == Policy {
  /// What a trainer makes beside the parameters of policy and reference, where every prompt is as long as the longest.
  package static func memoryPlan(
    _ form: TransformerForm, algorithm: Algorithm, longestPrompt: Int, responsesPerPrompt: Int,
    sampling: SamplingOptions, options: TrainingOptions, workers: Int
  ) -> MemoryPlan {
    let largest = TokenGroup(
      promptTokens: longestPrompt, responseTokens: sampling.maximumTokens, responses: responsesPerPrompt)
    return options.memoryPlan(
      form, capacity: WorkspaceCapacity(largest: [largest], perShard: options.groupsPerShard),
      reference: !algorithm.decodesReference, workers: workers)
      + Sampler.memoryPlan(
        form, promptCount: options.batchSize, longestPrompt: longestPrompt, responses: responsesPerPrompt,
        options: sampling, workers: workers, decodesReference: algorithm.decodesReference)
  }
}

extension Algorithm {
  /// Whether sampling evaluates the reference beside the policy.
  fileprivate var decodesReference: Bool { sampling.mixture > 0 }
}

extension StepRecord.SamplingRecord {
  fileprivate init(_ responses: [SampledResponse], _ outcomes: [ResponseOutcome], mixture: Double, rewards: [Double]) {
    let count = Double(outcomes.count)
    func mean(_ value: (SampledResponse, ResponseOutcome) -> Double) -> Double {
      zip(responses, outcomes).reduce(0) { $0 + value($1.0, $1.1) } / count
    }
    sequenceDivergence = mean { $1.logProbability - $1.referenceLogProbability }
    exactDivergence = mean { $1.divergence }
    endedShare = mean { response, _ in response.finish == .eos ? 1 : 0 }
    samplingGap = mean { abs($0.logProbability - $1.logProbability) }
    logMixturePartition = mean { response, _ in response.logMixturePartition }
    self.mixture = mixture
    reward = rewards.isEmpty ? nil : rewards.reduce(0, +) / count
  }
}
