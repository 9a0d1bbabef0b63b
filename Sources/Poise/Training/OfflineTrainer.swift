import PoiseModel
import PoiseObjectives

/// A recorded comparison as token ids: the chosen response first.
public struct PreferenceExample: Sendable, Equatable {
  /// Two responses.
  public var group: TokenGroup
  /// p(chosen ≻ rejected) in [0, 1].
  public var preference: Double

  public init(group: TokenGroup, preference: Double) {
    precondition(group.responses.count == 2)
    self.group = group
    self.preference = preference
  }
}

/// Preference optimisation on recorded comparisons. The reference does not change, so its log-probabilities are computed once,
/// before the first step.
public final class OfflineTrainer<Trained: TrainablePolicy>: PlainTrainer {
  public let policy: Trained
  public let options: TrainingOptions
  public var optimizer: Optimizer { update.optimizer }

  private let algorithm: Algorithm
  private let examples: [PreferenceExample]
  /// log π_ref of both responses, by example.
  private let referenceLogProbabilities: [(chosen: Double, rejected: Double)]
  private let plan = ResponsePlan(.alike(mixture: 0), responseCount: 2)
  private let pass: ShardedPass<Trained.Model>
  private let update: ParameterUpdate
  private var order: DataOrder
  public var tokenCount = 0

  /// - Parameters:
  ///   - reference: parameters of π_ref, of the policy's own form.
  ///   - algorithm: one that a file can feed: its signal is preferences.
  ///   - examples: at least one.
  public init(
    _ policy: Trained, reference: Arena, algorithm: Algorithm, examples: [PreferenceExample], options: TrainingOptions,
    pool: WorkerPool
  ) {
    precondition(!examples.isEmpty && Algorithm.row(algorithm.name).isOffline)
    self.policy = policy
    self.algorithm = algorithm
    self.examples = examples
    self.options = options
    pass = ShardedPass(policy.languageModel, pool: pool, shardCount: options.shards, backward: true, reference: false)
    pass.reserve(
      WorkspaceCapacity(largest: examples.map(\.group), perShard: options.groupsPerShard, reading: policy.languageModel.reading))
    referenceLogProbabilities = Self.annotate(examples, pass, reference: reference, batchSize: options.batchSize)
    update = ParameterUpdate(options, policy.languageModel.parameterLayout, pool: pool)
    order = DataOrder(count: examples.count, batchSize: options.batchSize, seed: options.seed)
  }

  private static func annotate(
    _ examples: [PreferenceExample], _ pass: ShardedPass<Trained.Model>, reference: Arena, batchSize: Int
  ) -> [(chosen: Double, rejected: Double)] {
    stride(from: 0, to: examples.count, by: batchSize).flatMap { start in
      let batch = examples[start..<min(start + batchSize, examples.count)]
      pass.evaluate(batch.map(\.group), policy: reference)
      let outcomes = pass.outcomes
      return batch.indices.map { index in
        let first = 2 * (index - start)
        return (outcomes[first].logProbability, outcomes[first + 1].logProbability)
      }
    }
  }

  public func step() throws -> StepRecord {
    let clock = StepClock()
    var times = StepRecord.Times()
    let batch = order.batch(optimizer.step)
    let references = batch.map { referenceLogProbabilities[$0] }
    let pairs = PairTable(
      plan: plan, preferences: batch.map { examples[$0].preference }, labels: algorithm.labels,
      key: SamplingKey(seed: options.seed, step: UInt64(optimizer.step)))
    pass.differentiate(batch.map { examples[$0].group }, policy: policy.parameters, reference: nil) { responses in
      let reference = references[responses[0].group]
      responses[0].referenceLogProbability = reference.chosen
      responses[1].referenceLogProbability = reference.rejected
      pairs.differentiate(algorithm.objective, &responses, weight: 1 / Double(pairs.count))
    }
    let identical = batch.map { examples[$0].group.responses[0] == examples[$0].group.responses[1] }
    var evaluated = profiled(.loss) { pairs.evaluate(algorithm.objective, pass.outcomes, isIdentical: identical) }
    evaluated.record.tau = algorithm.tau
    times.differentiate = clock.lap()

    let applied = try update.apply(pass, to: policy.parameters, loss: evaluated.loss)
    times.update = clock.lap()
    let record = StepRecord(
      evaluated, pass.outcomes, step: optimizer.step, epoch: order.epochs(after: optimizer.step), applied,
      earlierTokens: tokenCount, sampling: nil, times, exampleCount: batch.count)
    tokenCount = record.tokenCount
    return record
  }
}

extension OfflineTrainer where Trained == Policy {
  /// What a trainer makes beside the parameters of policy and reference.
  package static func memoryPlan(
    _ form: TransformerForm, groups: [TokenGroup], options: TrainingOptions, workers: Int
  ) -> MemoryPlan {
    options.memoryPlan(
      form, capacity: WorkspaceCapacity(largest: groups, perShard: options.groupsPerShard), workers: workers)
  }
}
