import PoiseKernelCases
import PoiseModel
import PoiseObjectives

/// A training step as the trainers make it: forward, objective, backward, norm and clipping, AdamW.
final class TrainingStep {
  let policy: Arena
  private let reference: Arena?
  private let pass: ShardedPass<Transformer>
  private let optimizer: Optimizer
  private let groups: [TokenGroup]

  /// - Parameter shards: 1 where one thread takes everything.
  init(_ transformer: Transformer, groups: [TokenGroup], hasReference: Bool, pool: WorkerPool) {
    policy = transformer.initialParameters(seed: 0)
    reference = hasReference ? transformer.initialParameters(seed: 0) : nil
    pass = ShardedPass(transformer, pool: pool, shardCount: pool.workerCount, backward: true, reference: hasReference)
    optimizer = Optimizer(.adamW(beta2: 0.999), parameters: transformer.parameterLayout)
    self.groups = groups
  }

  func run(_ objective: (inout MutableSpan<ResponseOutcome>) -> Void) {
    pass.differentiate(groups, policy: policy, reference: reference, objective: objective)
    let (norm, _) = pass.gradientNorm()
    optimizer.update(
      policy, gradients: pass.gradients, gradientScale: Float(min(1, 1 / norm)), rate: 1e-5, pool: pass.pool)
  }
}

extension PeerWorkload {
  /// e1: next-token cross-entropy on whole sequences.
  static func trainingSteps(_ run: PeerRun) {
    for model in PeerModel.all where run.wants(model.name) {
      let tokens = model.batch * model.length
      let groups = (0..<model.batch).map { sequence in
        let text = model.tokens(model.length + 1, UInt64(sequence))
        return TokenGroup(prompt: [text[0]], responses: [Array(text.dropFirst())])
      }
      let step = TrainingStep(model.transformer(), groups: groups, hasReference: false, pool: run.pool)
      let operations = model.forwardOperations(
        tokens: Double(tokens), length: Double(model.length), headTokens: Double(tokens))
      run.time(
        model.name, "SFT step, AdamW", Work(operations: 3 * operations, tokens: Double(tokens))
      ) {
        step.run { responses in
          for index in responses.indices { responses[index].coefficient = -1 / Double(tokens) }
        }
      }
    }
  }

  /// e2: IPO on pairs whose prompt and responses are half a sequence each, and a quarter of the responses' prompts' length.
  static func pairSteps(_ run: PeerRun) {
    for model in PeerModel.all {
      pairStep(run, model, model.name, prompt: model.length / 2, response: model.length / 2)
      pairStep(run, model, "\(model.name), prompts four times as long", prompt: model.length * 4 / 5, response: model.length / 5)
    }
  }

  private static func pairStep(_ run: PeerRun, _ model: PeerModel, _ name: String, prompt: Int, response: Int) {
    guard run.wants(name) else { return }
    let pairs = model.batch
    let objective = IdentityPreferenceOptimization(tau: 0.1, form: .squared)
    let groups = (0..<pairs).map { pair in
      TokenGroup(
        prompt: model.tokens(prompt, UInt64(pair)),
        responses: (1...2).map { model.tokens(response, UInt64($0 * pairs + pair)) })
    }
    let step = TrainingStep(model.transformer(), groups: groups, hasReference: true, pool: run.pool)
    let tokens = Double(2 * pairs * (prompt + response))
    let operations = model.forwardOperations(
      tokens: tokens, length: Double(prompt + response), headTokens: Double(2 * pairs * response))
    run.time(name, "IPO step, prompts once, AdamW", Work(operations: 4 * operations, tokens: tokens)) {
      step.run { responses in
        let loss = objective.evaluate(
          Pair(first: responses[0].statistics, second: responses[1].statistics, preference: 1))
        responses[0].coefficient = loss.coefficients.first / Double(pairs)
        responses[1].coefficient = loss.coefficients.second / Double(pairs)
      }
    }
  }
}

extension ResponseOutcome {
  fileprivate var statistics: ResponseStatistics {
    ResponseStatistics(logProbability: logProbability, referenceLogProbability: referenceLogProbability, length: tokenCount)
  }
}
