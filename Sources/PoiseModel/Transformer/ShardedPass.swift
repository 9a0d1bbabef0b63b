import PoiseKernels

/// Passes over a whole batch, cut into a fixed number of shards. A shard is the unit of parallel work: one worker takes it
/// through its whole forward and backward, and gradients are added in the order of the shards. The cut depends on the run, not
/// on the machine, so any number of workers gives the same bits.
public final class ShardedPass<Model: DifferentiableModel>: @unchecked Sendable {
  public let model: Model
  public let pool: WorkerPool
  /// Most shards of a batch.
  public let shardCount: Int
  /// Σ over the batch, after `differentiate`.
  public let gradients: Arena
  /// One a response, in the batch's order; `group` counts the batch's groups.
  public private(set) var outcomes: [ResponseOutcome] = []

  private let hasBackward: Bool
  private let hasReference: Bool
  private var workspaces: [Model.Workspace] = []
  /// Of each workspace.
  private var capacity = WorkspaceCapacity()
  /// One a worker: a shard's own gradients, before they are added.
  private let shardGradients: [Arena]
  private var shards: [Range<Int>] = []

  /// - Parameter backward: whether `differentiate` will be called; it takes memory for gradients.
  public init(_ model: Model, pool: WorkerPool, shardCount: Int, backward: Bool, reference: Bool) {
    self.model = model
    self.pool = pool
    self.shardCount = shardCount
    hasBackward = backward
    hasReference = reference
    let count = backward ? model.parameterLayout.count : 0
    gradients = planned(.gradients) { Arena(count: count) }
    let slotCount = Self.slotCount(workers: pool.workerCount, shardCount: shardCount)
    shardGradients = (0..<(backward ? slotCount : 0)).map { _ in planned(.gradients) { Arena(count: count) } }
  }

  /// Shards that are under way at the same time.
  private static func slotCount(workers: Int, shardCount: Int) -> Int { min(workers, shardCount) }

  /// Makes room for any batch whose shards fit `wanted`: such batches then allocate nothing.
  public func reserve(_ wanted: WorkspaceCapacity) {
    var needed = wanted
    needed.formUnion(capacity)
    guard workspaces.isEmpty || needed != capacity else { return }
    capacity = needed
    workspaces = []  // or there would be room for both
    workspaces = (0..<Self.slotCount(workers: pool.workerCount, shardCount: shardCount)).map { _ in
      model.makeWorkspace(capacity: needed, backward: hasBackward, reference: hasReference)
    }
  }

  /// Fills `outcomes`.
  public func evaluate(_ groups: [TokenGroup], policy: Arena, reference: Arena? = nil) {
    run(groups) { workspace, _ in
      model.evaluate(workspace, policy: policy, reference: reference)
    }
  }

  /// Fills `outcomes` and `gradients` = ∇ Σ coefficient · log π.
  ///
  /// - Parameter objective: called once a group with its responses, on any worker, when their log π and log π_ref are known;
  ///   `responses[i].group` is the group's index in `groups`. It writes each one's `coefficient`.
  public func differentiate(
    _ groups: [TokenGroup], policy: Arena, reference: Arena?, objective: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void
  ) {
    profiled(.reduce) { gradients.clear() }
    run(groups, addingGradients: true) { workspace, slot in
      profiled(.backward) { shardGradients[slot].clear() }
      model.differentiate(
        workspace, policy: policy, reference: reference, addingTo: shardGradients[slot], objective: objective)
    }
  }

  /// In waves of as many shards as there are workers; each wave ends with the ordered sum.
  private func run(
    _ groups: [TokenGroup], addingGradients: Bool = false, _ pass: (_ workspace: Model.Workspace, _ slot: Int) -> Void
  ) {
    cut(groups)
    outcomes.removeAll(keepingCapacity: true)
    for start in stride(from: 0, to: shards.count, by: workspaces.count) {
      let wave = start..<min(start + workspaces.count, shards.count)
      profiled(.pass) {
        pool.forEach(wave.count) { _, slot in
          let workspace = workspaces[slot]
          workspace.pack(groups, shards[start + slot])
          pass(workspace, slot)
        }
      }
      for slot in 0..<wave.count { outcomes.append(contentsOf: workspaces[slot].outcomes) }
      if addingGradients { profiled(.reduce) { addGradients(slots: wave.count) } }
    }
  }

  private func cut(_ groups: [TokenGroup]) {
    shards.removeAll(keepingCapacity: true)
    var needed = capacity
    for range in EvenRuns(of: groups.count, into: shardCount) {
      shards.append(range)
      var shard = WorkspaceCapacity()
      for index in range { shard.add(groups[index], reading: model.reading) }
      needed.formUnion(shard)
    }
    reserve(needed)
  }

  /// gradients ← gradients + Σ slots, in the order of the slots, element by element; bands in parallel.
  private func addGradients(slots: Int) {
    let band = 1 << 14
    pool.forEach((gradients.count + band - 1) / band) { _, index in
      let range = index * band..<min((index + 1) * band, gradients.count)
      for slot in 0..<slots {
        let (total, shard) = (gradients, shardGradients[slot])
        kernels.add(shard[elements: range], addingTo: total[writingElements: range])
      }
    }
  }

  /// ‖gradient‖, and the first tensor whose gradient is not finite.
  public func gradientNorm() -> (norm: Double, notFinite: String?) {
    var sum = 0.0
    for tensor in model.parameterLayout.tensors {
      let total = gradients
      let squares = kernels.sumOfSquares(total[tensor])
      guard squares.isFinite else { return (squares, tensor.name) }
      sum += squares
    }
    return (sum.squareRoot(), nil)
  }
}

extension ShardedPass where Model == Transformer {
  /// What a pass makes that has room for shards of the given capacity.
  package static func memoryPlan(
    _ form: TransformerForm, workers: Int, shardCount: Int, backward: Bool, reference: Bool,
    capacity: WorkspaceCapacity
  ) -> MemoryPlan {
    let slots = slotCount(workers: workers, shardCount: shardCount)
    let activations = ActivationLayout(
      form, capacity: capacity, purpose: .init(backward: backward, reference: reference))
    let parameters = backward ? form.trainedLayout.count : 0
    return MemoryPlan("gradients of \(slots) shards, and their sum", .gradients, floats: parameters, copies: slots + 1)
      + MemoryPlan(
        "activations of \(slots) shards\(backward ? "" : ", forward alone")", .activations, floats: activations.layout.count,
        copies: slots)
  }
}
