import PoiseModel

/// Supervised fine-tuning: maximises log π of given responses. Every response is a group of one, whose coefficient is −1 over the
/// tokens of the batch; prompts are read, not learnt.
public final class SupervisedTrainer: PlainTrainer {
  public let policy: Policy
  public let options: TrainingOptions
  public var optimizer: Optimizer { update.optimizer }

  let groups: [TokenGroup]
  private let pass: ShardedPass<Transformer>
  private let update: ParameterUpdate
  private var order: DataOrder
  public var tokenCount = 0

  /// - Parameter groups: one response each; at least one group.
  public init(_ policy: Policy, groups: [TokenGroup], options: TrainingOptions, pool: WorkerPool) {
    precondition(!groups.isEmpty)
    self.policy = policy
    self.groups = groups
    self.options = options
    pass = ShardedPass(policy.transformer, pool: pool, shardCount: options.shards, backward: true, reference: false)
    pass.reserve(WorkspaceCapacity(largest: groups, perShard: options.groupsPerShard))
    update = ParameterUpdate(options, policy.transformer.parameterLayout, pool: pool)
    order = DataOrder(count: groups.count, batchSize: options.batchSize, seed: options.seed)
  }

  public func step() throws -> StepRecord {
    let clock = StepClock()
    let batch = order.batch(optimizer.step).map { groups[$0] }
    let tokens = batch.reduce(0) { $0 + $1.responseTokenCount }
    pass.differentiate(batch, policy: policy.parameters, reference: nil) { responses in
      for index in responses.indices { responses[index].coefficient = -1 / Double(tokens) }
    }
    let loss = -pass.outcomes.reduce(0) { $0 + $1.logProbability } / Double(tokens)
    let differentiated = clock.lap()
    let (norm, rate) = try update.apply(pass, to: policy.parameters, loss: loss)
    tokenCount += tokens
    let responses = Double(pass.outcomes.count)
    return StepRecord(
      step: optimizer.step, epoch: order.epochs(after: optimizer.step), loss: loss, learningRate: rate, gradientNorm: norm,
      tokenCount: tokenCount, entropy: pass.outcomes.reduce(0) { $0 + $1.entropy } / responses,
      responseLength: Double(tokens) / responses, preference: nil,
      times: .init(differentiate: differentiated, update: clock.lap()), exampleCount: batch.count, stepTokenCount: tokens)
  }
}

extension SupervisedTrainer {
  /// What a trainer makes beside the policy's parameters.
  package static func memoryPlan(
    _ form: TransformerForm, groups: [TokenGroup], options: TrainingOptions, workers: Int
  ) -> MemoryPlan {
    options.memoryPlan(
      form, capacity: WorkspaceCapacity(largest: groups, perShard: options.groupsPerShard), workers: workers)
  }
}

extension TrainingOptions {
  /// What every trainer makes: passes with gradients, and the optimiser that takes them.
  func memoryPlan(
    _ form: TransformerForm, capacity: WorkspaceCapacity, reference: Bool = false, workers: Int
  ) -> MemoryPlan {
    ShardedPass.memoryPlan(
      form, workers: workers, shardCount: shards, backward: true, reference: reference, capacity: capacity)
      + Optimizer.memoryPlan(optimizer, parameters: form.trainedLayout)
  }

  /// Most groups that one shard of a batch holds.
  var groupsPerShard: Int { (batchSize + min(shards, batchSize) - 1) / min(shards, batchSize) }
}
