/// What one worker needs for one shard: the packed groups, their activations and what came out. Allocated once for a capacity;
/// a pass allocates nothing.
public final class Workspace: @unchecked Sendable {
  public let capacity: WorkspaceCapacity
  public var batch = PackedGroups()
  /// What the first group of the batch is called in the outcomes.
  public var firstGroup = 0
  /// One a response of the batch, in its order, after a pass.
  public internal(set) var outcomes: [ResponseOutcome] = []
  let plan: ActivationLayout
  let activations: Arena
  /// Scratch of the head: rows of a block's targets, counted from its first.
  var blockRows: [Int32] = []

  /// - Parameters:
  ///   - backward: gradients will be asked for.
  ///   - reference: a reference will be evaluated beside the policy.
  public init(_ transformer: Transformer, capacity: WorkspaceCapacity, backward: Bool, reference: Bool) {
    self.capacity = capacity
    plan = ActivationLayout(
      transformer.configuration, capacity: capacity, purpose: .init(backward: backward, reference: reference))
    activations = Arena(plan.layout)
  }

  /// log π of every target of the batch, ordered by the batch's rows, after a pass.
  public var logProbabilities: Span<Float> {
    @_lifetime(borrow self) get {
      let a = activations
      return _overrideLifetime(a[plan.head.logProbabilities, rows: 0..<batch.targetCount], borrowing: self)
    }
  }

  /// log π of the tokens of one response, in order.
  public func tokenLogProbabilities(response: Int) -> [Float] {
    let values = logProbabilities
    return batch.targetResponses.indices.filter { batch.targetResponses[$0] == response }.map { values[$0] }
  }
}

/// What a pass found out about one response. Sums over its tokens, end-of-sequence included, in nats.
public struct ResponseOutcome: Sendable, Equatable {
  /// Group of the batch that it belongs to.
  public var group: Int
  /// Tokens, the end-of-sequence token included.
  public var tokenCount: Int
  /// log π(y | x).
  public var logProbability: Double = 0
  /// log π_ref(y | x); 0 without a reference.
  public var referenceLogProbability: Double = 0
  /// Σ_t KL(π(· | x, y_<t) ‖ π_ref(· | x, y_<t)) over the whole vocabulary.
  public var divergence: Double = 0
  /// Σ_t entropy of π(· | x, y_<t).
  public var entropy: Double = 0
  /// ∂loss/∂log π(y): written by the objective, read by the backward pass.
  public var coefficient: Double = 0
}
