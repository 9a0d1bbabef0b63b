import PoiseFiles
import PoiseModel
import PoiseObjectives

/// Trains a judge on recorded comparisons, and stops where held-out agreement no longer grows: in the end the judge has the
/// parameters that agreed best, of those whose probabilities were better than a coin's.
///
/// A reward model learns p(y ≻ y′) = σ(r − r′) (``BradleyTerryLoss``), a preference model the log-odds of both orders
/// (``LogisticLoss``). Labels are soft: p is what annotators said, vote shares for example.
public final class JudgeTrainer: Trainer {
  public let judge: JudgeModel
  public let options: TrainingOptions
  public var optimizer: Optimizer { update.optimizer }

  /// When to look at the held-out comparisons, and when to give up.
  public struct Stopping: Sendable, Equatable {
    /// Steps between looks.
    public var evaluateEvery: Int
    /// Looks without a better agreement after which training ends.
    public var patience: Int

    public init(evaluateEvery: Int, patience: Int) {
      self.evaluateEvery = evaluateEvery
      self.patience = patience
    }
  }

  /// The best look so far.
  struct Best: Equatable {
    var step = 0
    var agreement = -Float.infinity
    var logLoss = Float.infinity

    /// Probabilities that say less than a coin's, log 2, are those of a judge who has learnt its training pairs by heart: among
    /// few held-out pairs it may agree best by chance, but what it says is not worth training on.
    private var knowsSomething: Bool { logLoss < Self.ofACoin }
    private static let ofACoin = Float(JudgedPair.logLoss(of: 0.5, label: 1))

    func isBeaten(by other: Best) -> Bool {
      if other.knowsSomething != knowsSomething { return other.knowsSomething }
      return other.agreement > agreement || (other.agreement == agreement && other.logLoss < logLoss)
    }
  }

  private let examples: [PreferenceExample]
  private let heldOut: [PreferenceExample]
  private let stopping: Stopping
  private let loss: BradleyTerryLoss
  private let pass: ShardedPass<Transformer>
  private let scorer: JudgeScorer
  private let update: ParameterUpdate
  private var order: DataOrder
  private(set) var best = Best()
  /// The step after which the judge agreed best with the held-out comparisons; nil before the first look.
  public var bestStep: Int? { best.step == 0 ? nil : best.step }
  private let bestParameters: Arena
  public var tokenCount = 0

  /// - Parameters:
  ///   - examples: groups as the judge reads them; at least one.
  ///   - heldOut: comparisons about other prompts; without any, training goes on to its last step.
  ///   - centring: λ of ``BradleyTerryLoss``; a preference model has no use for it.
  public init(
    _ judge: JudgeModel, examples: [PreferenceExample], heldOut: [PreferenceExample], stopping: Stopping, centring: Double,
    options: TrainingOptions, pool: WorkerPool
  ) {
    precondition(!examples.isEmpty)
    self.judge = judge
    self.examples = examples
    self.heldOut = heldOut
    self.stopping = stopping
    self.options = options
    loss = BradleyTerryLoss(centring: centring)
    pass = ShardedPass(judge.transformer, pool: pool, shardCount: options.shards, backward: true, reference: false)
    pass.reserve(
      WorkspaceCapacity(largest: examples.map(\.group), perShard: options.groupsPerShard, reading: judge.transformer.reading))
    scorer = JudgeScorer(judge, pool: pool)
    update = ParameterUpdate(options, judge.transformer.parameterLayout, pool: pool)
    order = DataOrder(count: examples.count, batchSize: options.batchSize, seed: options.seed)
    bestParameters = Arena(judge.transformer.parameterLayout)
    bestParameters.copy(from: judge.parameters)
  }

  public var isFinished: Bool {
    optimizer.step >= options.steps
      || (!heldOut.isEmpty && optimizer.step - best.step >= stopping.patience * stopping.evaluateEvery)
  }

  public func step() throws -> StepRecord {
    let clock = StepClock()
    var times = StepRecord.Times()
    let batch = order.batch(optimizer.step).map { examples[$0] }
    pass.differentiate(batch.map(\.group), policy: judge.parameters, reference: nil) { responses in
      let result = evaluate(responses[0].score, responses[1].score, batch[responses[0].group].preference)
      responses[0].coefficient = result.coefficients.first / Double(batch.count)
      responses[1].coefficient = result.coefficients.second / Double(batch.count)
    }
    let (mean, quantities) = summary(batch)
    var record = quantities
    let tokens = batch.reduce(0) { $0 + $1.group.responseTokenCount }
    tokenCount += tokens
    times.differentiate = clock.lap()
    let (norm, rate) = try update.apply(pass, to: judge.parameters, loss: mean)
    times.update = clock.lap()
    profiled(.evaluate) { look(&record) }
    times.evaluate = clock.lap()
    return StepRecord(
      step: optimizer.step, epoch: order.epochs(after: optimizer.step), loss: mean, learningRate: rate, gradientNorm: norm,
      tokenCount: tokenCount, entropy: nil, responseLength: Double(tokens) / Double(2 * batch.count), preference: nil,
      judge: record, times: times, exampleCount: batch.count, stepTokenCount: tokens)
  }

  /// Loss of one comparison and its derivatives by the two scores.
  private func evaluate(
    _ first: Double, _ second: Double, _ preference: Double
  ) -> (loss: Double, coefficients: (first: Double, second: Double)) {
    guard judge.kind == .preference else { return loss.evaluate(first, second, preference: preference) }
    let forward = LogisticLoss().evaluate(first, label: preference)
    let backward = LogisticLoss().evaluate(second, label: 1 - preference)
    return ((forward.loss + backward.loss) / 2, (forward.coefficient / 2, backward.coefficient / 2))
  }

  /// The batch's loss, and its quantities for the record.
  private func summary(_ batch: [PreferenceExample]) -> (loss: Double, judge: StepRecord.JudgeRecord) {
    let scores = batch.indices.map { (pass.outcomes[2 * $0].score, pass.outcomes[2 * $0 + 1].score) }
    let labels = batch.map(\.preference)
    func mean(_ value: (Double, Double, Double) -> Double) -> Double {
      zip(scores, labels).reduce(0) { $0 + value($1.0.0, $1.0.1, $1.1) } / Double(batch.count)
    }
    var record = StepRecord.JudgeRecord()
    let decided = zip(scores, labels).compactMap { JudgedPair.correctness(of: probability($0.0, $0.1), label: $1) }
    record.accuracy = decided.isEmpty ? nil : decided.reduce(0, +) / Double(decided.count)
    record.margin = mean { first, second, label in label < 0.5 ? second - first : first - second }
    switch judge.kind {
    case .reward:
      let rewards = scores.flatMap { [$0.0, $0.1] }
      record.rewards = .init(
        minimum: rewards.min()!, mean: mean { first, second, _ in (first + second) / 2 }, maximum: rewards.max()!)
    case .preference:
      record.margin /= 2
      record.asymmetry = mean { first, second, _ in BothOrdersPrediction(logits: [first, second]).asymmetry }
    }
    return (mean { evaluate($0, $1, $2).loss }, record)
  }

  private func probability(_ first: Double, _ second: Double) -> Double {
    switch judge.kind {
    case .reward: PreferenceProbability.bradleyTerry(rewardMargin: first - second)
    case .preference: BothOrdersPrediction(logits: [first, second]).preference
    }
  }

  /// Every so often, and at the end: how well the judge agrees with what it has not seen.
  private func look(_ record: inout StepRecord.JudgeRecord) {
    let isLast = optimizer.step == options.steps
    guard !heldOut.isEmpty, isLast || optimizer.step % stopping.evaluateEvery == 0 else { return }
    let predictions = scorer.scores(heldOut.map(\.group)).map { probability($0[0], $0[1]) }
    let judged = zip(predictions, heldOut.map(\.preference))
    let decided = judged.compactMap { JudgedPair.correctness(of: $0, label: $1) }
    let agreement = decided.isEmpty ? 0.5 : decided.reduce(0, +) / Double(decided.count)
    let logLoss = judged.reduce(0) { $0 + JudgedPair.logLoss(of: $1.0, label: $1.1) } / Double(heldOut.count)
    record.heldOutAccuracy = agreement
    record.heldOutLogLoss = logLoss
    let now = Best(step: optimizer.step, agreement: Float(agreement), logLoss: Float(logLoss))
    if best.isBeaten(by: now) {
      best = now
      bestParameters.copy(from: judge.parameters)
    }
    if isFinished { judge.parameters.copy(from: bestParameters) }
  }

  /// The best look and its parameters.
  public var extraState: [SafeTensorsWriter.Tensor] {
    let summary = [Float(best.step), best.agreement, best.logLoss]
    let parameters = bestParameters
    return [
      .init("best", shape: [3]) { sink in try sink.write(summary.span) },
      .init("best.parameters", shape: [parameters.count]) { sink in try sink.write(parameters[elements: 0..<parameters.count]) },
    ]
  }

  public func restoreExtraState(from weights: SafeTensorsCollection) throws {
    var summary: [Float] = [0, 0, 0]
    try weights.read("best", shape: [3], into: summary.mutableSpan)
    guard let step = Int(exactly: summary[0]), (0...1 << 24).contains(step) else {  // as far as floats count
      throw DataError(weights.path, "the tensor best begins with \(summary[0]), and a number of steps was expected.")
    }
    best = Best(step: step, agreement: summary[1], logLoss: summary[2])
    let parameters = bestParameters
    let name = "best.parameters"
    try weights.read(name, shape: [parameters.count], into: parameters[writingElements: 0..<parameters.count])
    guard parameters.firstNotFinite(of: judge.transformer.parameterLayout) == nil else {
      throw CheckpointError.notFinite(path: weights.path, tensor: name)
    }
  }
}

extension JudgeTrainer {
  /// What a trainer makes beside the judge's parameters.
  package static func memoryPlan(
    _ configuration: TransformerConfiguration, examples: [TokenGroup], heldOut: [TokenGroup], options: TrainingOptions,
    workers: Int
  ) -> MemoryPlan {
    let capacity = WorkspaceCapacity(largest: examples, perShard: options.groupsPerShard, reading: .ends)
    return options.memoryPlan(TransformerForm(configuration), capacity: capacity, workers: workers)
      + MemoryPlan(parametersOf: "the best judge so far", TransformerForm(configuration))
      + JudgeScorer.memoryPlan(configuration, groups: heldOut, count: heldOut.count, workers: workers)
  }
}
