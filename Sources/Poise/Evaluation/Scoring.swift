import PoiseModel

/// Log-probabilities of a given response.
public struct ResponseScore: Sendable, Equatable {
  /// Σ log π, in nats.
  public var logProbability: Double
  /// log π of every token.
  public var tokenLogProbabilities: [Float]
  /// Σ log π_ref, where a reference was asked for.
  public var referenceLogProbability: Double?
}

/// Evaluates log-probabilities of given responses, a batch at a time.
public final class Scorer: @unchecked Sendable {
  private let transformer: Transformer
  private let policy: Arena
  private let reference: Arena?
  private let pool: WorkerPool

  /// - Parameter reference: parameters of a model of the policy's own form.
  public init(_ transformer: Transformer, policy: Arena, reference: Arena?, pool: WorkerPool) {
    self.transformer = transformer
    self.policy = policy
    self.reference = reference
    self.pool = pool
  }

  /// One score a response, in order. Groups are evaluated one by one, side by side, so a score does not depend on its
  /// neighbours.
  public func score(_ groups: [TokenGroup]) -> [ResponseScore] {
    let capacity = WorkspaceCapacity(largest: groups, perShard: 1)
    let workspaces = (0..<pool.workerCount).map { _ in
      transformer.makeWorkspace(capacity: capacity, backward: false, reference: reference != nil)
    }
    let scores = pool.map(groups.count) { worker, index in
      let workspace = workspaces[worker]
      workspace.batch.removeAll()
      workspace.batch.append(groups[index])
      transformer.evaluate(workspace, policy: policy, reference: reference)
      return workspace.outcomes.indices.map { response in score(workspace, response) }
    }
    return scores.flatMap(\.self)
  }

  /// What scoring makes beside the parameters of policy and reference.
  package static func memoryPlan(
    _ form: TransformerForm, groups: [TokenGroup], reference: Bool, workers: Int
  ) -> MemoryPlan {
    ShardedPass.memoryPlan(
      form, workers: workers, shardCount: workers, backward: false, reference: reference,
      capacity: WorkspaceCapacity(largest: groups, perShard: 1))
  }

  private func score(_ workspace: Workspace, _ response: Int) -> ResponseScore {
    let outcome = workspace.outcomes[response]
    return ResponseScore(
      logProbability: outcome.logProbability, tokenLogProbabilities: workspace.tokenLogProbabilities(response: response),
      referenceLogProbability: reference == nil ? nil : outcome.referenceLogProbability)
  }
}
