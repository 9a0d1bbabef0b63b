import Poise
import PoiseKernelCases
import PoiseModel

extension PeerWorkload {
  /// e4: a whole online step with prompts and responses of 64 tokens: sample two responses a prompt, judge them with a reward model
  /// of the policy's size, evaluate the reference, differentiate, update.
  static func onlineSteps(_ run: PeerRun) {
    let (prompt, new) = (64, 64)
    for model in PeerModel.all {
      for (title, name) in [("online IPO", Algorithm.Name.ipo), ("Nash-MD", .nashMD)] where run.wants("\(model.name) \(title)") {
        let trainer = onlineTrainer(run, model, name, prompt: prompt, new: new)
        let work = Work(
          operations: onlineOperations(model, name, prompt: prompt, new: new),
          tokens: Double(2 * model.onlineBatch * new))
        run.time("\(model.name) \(title)", "OnlineTrainer", work) {
          do { _ = try trainer.step() } catch { preconditionFailure("\(error)") }
        }
      }
    }
  }

  private static func onlineTrainer(
    _ run: PeerRun, _ model: PeerModel, _ name: Algorithm.Name, prompt: Int, new: Int
  ) -> OnlineTrainer<TokenPolicy> {
    let policy = TokenPolicy(model.transformer(contextLength: max(model.length, prompt + new)))
    let prompts = (0..<model.onlineBatch).map { index in
      let tokens = model.tokens(prompt, UInt64(index))
      return Prompt(tokens: tokens, text: policy.text(of: tokens))
    }
    var settings = Algorithm.Settings()
    settings.tau = 0.1
    settings.mixture = 0.5
    let algorithm = Algorithm(name, settings)
    return OnlineTrainer(
      policy, reference: policy.parameters.copied(), algorithm: algorithm,
      feedback: .preferences(RewardAnnotator(TokenRewarder(model, length: prompt + new, pool: run.pool))), prompts: prompts,
      sampling: SamplingOptions(maximumTokens: new),
      options: TrainingOptions(
        steps: 1_000_000, batchSize: model.onlineBatch, schedule: Schedule(rate: 1e-5, totalSteps: 1_000_000),
        optimizer: .adamW(beta2: 0.999), shards: run.pool.workerCount),
      pool: run.pool)
  }

  /// Multiplications and additions without sharing of prompts, as other engines do the step.
  private static func onlineOperations(_ model: PeerModel, _ name: Algorithm.Name, prompt: Int, new: Int) -> Double {
    let (sequences, length) = (2 * model.onlineBatch, prompt + new)
    let tokens = Double(sequences * length)
    let one = model.decodingOperations(count: 1, prompt: prompt, new: new)
    func forward(_ share: Double) -> Double {
      model.forwardOperations(tokens: share * tokens, length: Double(length), headTokens: share * tokens / 2)
    }
    let judge = model.forwardOperations(tokens: tokens, length: Double(length), headTokens: 0)
    return name == .ipo
      ? Double(sequences) * one + 4 * forward(1) + judge
      : 3 * Double(model.onlineBatch) * one + 4 * forward(0.5) + judge
  }
}

/// A policy whose texts are its token ids, written out.
private struct TokenPolicy: TrainablePolicy {
  let languageModel: Transformer
  let parameters: Arena

  init(_ transformer: Transformer) {
    languageModel = transformer
    parameters = transformer.initialParameters(seed: 0)
  }

  func text(of response: [Int32]) -> String { response.map(String.init).joined(separator: " ") }
}

/// A reward model of such texts.
private final class TokenRewarder: Rewarder, @unchecked Sendable {
  private let pass: ShardedPass<Transformer>
  private let parameters: Arena

  init(_ model: PeerModel, length: Int, pool: WorkerPool) {
    let transformer = model.transformer(contextLength: max(model.length, length), head: .scalar)
    parameters = transformer.initialParameters(seed: 5)
    pass = ShardedPass(transformer, pool: pool, shardCount: pool.workerCount, backward: false, reference: false)
  }

  func rewards(_ answers: [Answer]) -> [Double] {
    let groups = answers.map { TokenGroup(prompt: tokens($0.prompt), responses: [tokens($0.response)]) }
    pass.evaluate(groups, policy: parameters)
    return pass.outcomes.map(\.score)
  }

  private func tokens(_ text: String) -> [Int32] { text.split(separator: " ").map { Int32($0)! } }
}

extension Arena {
  fileprivate func copied() -> Arena {
    let copy = Arena(count: count)
    copy.copy(from: self)
    return copy
  }
}
