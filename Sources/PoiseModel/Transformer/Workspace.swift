/// What one worker needs for one shard: the packed groups, their activations and what came out. Allocated once for a capacity;
/// a pass allocates nothing.
public final class Workspace: ModelWorkspace, @unchecked Sendable {
  public let capacity: WorkspaceCapacity
  public var batch: PackedGroups
  /// What the first group of the batch is called in the outcomes.
  public var firstGroup = 0
  /// One a response of the batch, in its order, after a pass.
  public internal(set) var outcomes: [ResponseOutcome] = []
  let plan: ActivationLayout
  let activations: Arena
  /// Scratch of the head: rows of a piece's targets, counted from its first.
  var pieceRows: [Int32] = []
  /// Scratch of the head: by response, Σ log π/π_ref of the tokens that got their coefficient.
  var elapsedLogRatios: [Double] = []

  /// - Parameters:
  ///   - backward: gradients will be asked for.
  ///   - reference: a reference will be evaluated beside the policy.
  public convenience init(_ transformer: Transformer, capacity: WorkspaceCapacity, backward: Bool, reference: Bool) {
    self.init(transformer, capacity: capacity, purpose: .init(backward: backward, reference: reference))
  }

  init(_ transformer: Transformer, capacity: WorkspaceCapacity, purpose: ActivationLayout.Purpose) {
    self.capacity = capacity
    batch = PackedGroups(reading: transformer.reading, encoder: transformer.configuration.encoder)
    plan = ActivationLayout(transformer.form, capacity: capacity, purpose: purpose)
    activations = Arena(plan.layout)
    transformer.tabulateRotations(into: plan.rotations, activations)
  }

  public func pack(_ groups: [TokenGroup], _ shard: Range<Int>) {
    batch.removeAll()
    firstGroup = shard.lowerBound
    for index in shard { batch.append(groups[index]) }
  }

  /// log π of every target of the batch, ordered by the batch's rows, after a pass.
  public var logProbabilities: Span<Float> {
    @_lifetime(borrow self) get {
      let a = activations
      return _overrideLifetime(a[plan.head.logProbabilities, rows: 0..<batch.targetCount], borrowing: self)
    }
  }

  public func tokenLogProbabilities(response: Int) -> [Float] {
    let values = logProbabilities
    return batch.targetResponses.indices.filter { batch.targetResponses[$0] == response }.map { values[$0] }
  }
}
