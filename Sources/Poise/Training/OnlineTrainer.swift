import PoiseModel
import PoiseObjectives

/// Online preference optimisation. A step is one line: prompts are sampled into groups, annotated, differentiated, and the
/// policy is updated.
public final class OnlineTrainer: Trainer {
  public let policy: Policy
  public let options: TrainingOptions
  public var optimizer: Optimizer { update.optimizer }

  /// π_ref: frozen.
  private let reference: Arena
  private let algorithm: OnlineAlgorithm
  private let annotator: any Annotator
  private let prompts: [Prompt]
  private let responsesPerPrompt: Int
  private let sampler: Sampler
  private let pass: ShardedPass
  private let update: ParameterUpdate
  private var order: DataOrder
  private var tokenCount = 0

  /// - Parameters:
  ///   - reference: parameters of π_ref, of the policy's own form; a copy of the start unless said otherwise.
  ///   - prompts: at least one; with `sampling.maximumTokens` behind them they fit the context.
  ///   - sampling: how tokens are drawn; the mixture is the algorithm's.
  ///   - responsesPerPrompt: k ≥ 2; all k(k−1)/2 pairs are compared.
  public init(
    _ policy: Policy, reference: Arena, algorithm: OnlineAlgorithm, annotator: any Annotator, prompts: [Prompt],
    responsesPerPrompt: Int = 2, sampling: SamplingOptions, options: TrainingOptions, pool: WorkerPool
  ) {
    precondition(!prompts.isEmpty && responsesPerPrompt >= 2)
    self.policy = policy
    self.reference = reference
    self.algorithm = algorithm
    self.annotator = annotator
    self.prompts = prompts
    self.responsesPerPrompt = responsesPerPrompt
    self.options = options
    var sampling = sampling
    sampling.mixture = algorithm.mixture
    sampler = Sampler(policy.transformer, options: sampling, pool: pool, shardCount: options.shards)
    pass = ShardedPass(policy.transformer, pool: pool, shardCount: options.shards, backward: true, reference: true)
    let longest = prompts.lazy.map(\.tokens.count).max()!
    let largest = TokenGroup(
      prompt: Array(repeating: 0, count: longest),
      responses: Array(repeating: Array(repeating: 0, count: sampling.maximumTokens), count: responsesPerPrompt))
    pass.reserve(WorkspaceCapacity(largest: [largest], perShard: options.groupsPerShard))
    update = ParameterUpdate(options, policy.transformer, pool: pool)
    order = DataOrder(count: prompts.count, batchSize: options.batchSize, seed: options.seed)
  }

  public func step() throws -> StepRecord {
    let clock = StepClock()
    var times = StepRecord.Times()
    let batch = order.batch(optimizer.step).map { prompts[$0] }

    let responses = sampler.sample(
      batch.map(\.tokens), count: responsesPerPrompt, policy: policy.parameters, reference: reference,
      key: SamplingKey(seed: options.seed, step: UInt64(optimizer.step)))
    times.sample = clock.lap()

    let pairs = PairTable(try annotate(batch, responses), responsesPerPrompt: responsesPerPrompt)
    times.annotate = clock.lap()

    let groups = zip(batch, responses).map { prompt, responses in
      TokenGroup(prompt: prompt.tokens, responses: responses.map(\.tokens))
    }
    pass.differentiate(groups, policy: policy.parameters, reference: reference) { responses in
      pairs.differentiate(algorithm, &responses, weight: 1 / Double(pairs.count))
    }
    let evaluated = pairs.evaluate(algorithm, pass.outcomes)
    times.differentiate = clock.lap()

    let (norm, rate) = try update.apply(pass, to: policy.parameters, loss: evaluated.loss)
    times.update = clock.lap()
    return record(responses.flatMap(\.self), evaluated, norm: norm, rate: rate, times)
  }

  /// p(y_i ≻ y_j) of all pairs i < j of every group, group by group.
  private func annotate(_ batch: [Prompt], _ responses: [[SampledResponse]]) throws -> [Double] {
    let comparisons = zip(batch, responses).flatMap { prompt, responses in
      let texts = responses.map { policy.text(of: $0.tokens) }
      return PairTable.pairs(responsesPerPrompt).map {
        Comparison(prompt: prompt.text, first: texts[$0.first], second: texts[$0.second])
      }
    }
    return try annotator.preferences(comparisons)
  }

  private func record(
    _ responses: [SampledResponse], _ evaluated: PairTable.Evaluation, norm: Double, rate: Double, _ times: StepRecord.Times
  ) -> StepRecord {
    let outcomes = pass.outcomes
    let count = Double(outcomes.count)
    let tokens = outcomes.reduce(0) { $0 + $1.tokenCount }
    tokenCount += tokens
    var preference = evaluated.record
    preference.sequenceDivergence = outcomes.reduce(0) { $0 + $1.logProbability - $1.referenceLogProbability } / count
    preference.exactDivergence = outcomes.reduce(0) { $0 + $1.divergence } / count
    preference.endedShare = Double(responses.count { $0.finish == .eos }) / count
    preference.samplingGap = zip(responses, outcomes).reduce(0) { $0 + abs($1.0.logProbability - $1.1.logProbability) } / count
    preference.tau = algorithm.tau
    return StepRecord(
      step: optimizer.step, epoch: order.epochs(after: optimizer.step), loss: evaluated.loss, learningRate: rate,
      gradientNorm: norm, tokenCount: tokenCount, entropy: outcomes.reduce(0) { $0 + $1.entropy } / count,
      responseLength: Double(tokens) / count, preference: preference, times: times, exampleCount: options.batchSize,
      stepTokenCount: tokens)
  }
}
