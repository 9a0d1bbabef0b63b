import Foundation
import PoiseGames
import PoiseModel
import PoiseObjectives

@testable import Poise

/// Online training with all pairs in place of sampled ones: the engine's model, passes and optimiser, and nothing random.
final class EnumeratedTrainer {
  let pairs: EnumeratedPairs
  let policy: TabularPolicy
  let optimizer: Optimizer
  private let reference: Arena
  private let group: TokenGroup
  private let pass: ShardedPass<TabularModel>
  private let pool = WorkerPool(workerCount: 1)

  /// - Parameters:
  ///   - responses: the actions of the game, in its order.
  ///   - reference: parameters of π_ref.
  init(
    _ pairs: EnumeratedPairs, _ policy: TabularPolicy, responses: [[Int32]], reference: Arena,
    optimizer: OptimizerKind = .stochasticGradientDescent()
  ) {
    precondition(responses.count == pairs.game.count)
    self.pairs = pairs
    self.policy = policy
    self.reference = reference
    self.optimizer = Optimizer(optimizer, parameters: policy.languageModel.parameterLayout)
    group = TokenGroup(prompt: [0], responses: responses)
    pass = ShardedPass(policy.languageModel, pool: pool, shardCount: 1, backward: true, reference: true)
  }

  /// Answers of one token; the policy starts as the game's reference unless said otherwise.
  convenience init(
    _ pairs: EnumeratedPairs, start: [Double]? = nil, optimizer: OptimizerKind = .stochasticGradientDescent()
  ) {
    let model = TabularModel(vocabularySize: pairs.game.count)
    self.init(
      pairs, TabularPolicy(model, probabilities: start ?? pairs.game.reference),
      responses: (0..<Int32(pairs.game.count)).map { [$0] },
      reference: TabularPolicy(model, probabilities: pairs.game.reference).parameters, optimizer: optimizer)
  }

  /// ∂E loss/∂θ, in the order of the parameters.
  ///
  /// - Parameter returnsToGo: whether tokens are spared the log-ratio of those before them.
  func gradient(returnsToGo: Bool = true) -> [Double] {
    differentiate(returnsToGo: returnsToGo)
    return pass.gradients.doubles
  }

  private func differentiate(returnsToGo: Bool = true) {
    pass.differentiate([group], policy: policy.parameters, reference: reference) { responses in
      var answers: [ResponseStatistics] = []
      for index in responses.indices { answers.append(responses[index].statistics()) }
      for (index, sums) in pairs.coefficients(answers).enumerated() {
        responses[index].coefficient = sums.coefficient
        responses[index].logRatioCoefficient = returnsToGo ? sums.logRatioCoefficient : 0
      }
    }
  }

  /// One update.
  ///
  /// - Returns: the gradient's norm.
  @discardableResult func step(rate: Float) -> Double {
    differentiate()
    let norm = pass.gradientNorm().norm
    optimizer.update(policy.parameters, gradients: pass.gradients, gradientScale: 1, rate: rate, pool: pool)
    return norm
  }

  /// Steps until the gradient is noise of single precision.
  ///
  /// - Returns: whether it came to that.
  func settle(rate: Float, patience: Int) -> Bool {
    for _ in 0..<patience where step(rate: rate) < 1e-6 { return true }
    return false
  }

  /// log π and log π_ref of every response.
  var outcomes: [ResponseOutcome] {
    pass.evaluate([group], policy: policy.parameters, reference: reference)
    return pass.outcomes
  }

  /// π, by response.
  var distribution: [Double] { outcomes.map { exp($0.logProbability) } }
}

extension TabularPolicy {
  /// With the logits of every context, one after the other.
  init(_ model: TabularModel, logits: [Double]) {
    self.init(model)
    precondition(logits.count == parameters.count)
    let arena = parameters
    var values = arena[writing: model.logits]
    for (index, logit) in logits.enumerated() { values[index] = Float(logit) }
  }

  /// One context.
  init(_ model: TabularModel, probabilities: [Double]) { self.init(model, logits: probabilities.map { log($0) }) }
}

extension Arena {
  var doubles: [Double] {
    let values = all
    return values.indices.map { Double(values[$0]) }
  }
}
