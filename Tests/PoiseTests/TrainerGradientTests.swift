import Foundation
import PoiseGames
import PoiseModel
import PoiseObjectives
import PoiseTestSupport
import PoiseTwins
import Testing

@testable import Poise

/// One step of a trainer at a rate of 1 moves the logits by the negative gradient. Here it is that of known pairs, so both sides
/// agree as far as single precision goes: logits are of order 1.
@Suite struct TrainerGradientTests {
  static let tau = 0.3

  private func options(batchSize: Int, steps: Int = 1, rate: Double = 1) -> TrainingOptions {
    TrainingOptions(
      steps: steps, batchSize: batchSize, schedule: Schedule(rate: rate, totalSteps: steps),
      optimizer: .stochasticGradientDescent(), gradientClip: .infinity, shards: 3, seed: 8)
  }

  private func movement(_ policy: TabularPolicy, _ step: () throws -> Void) rethrows -> [Double] {
    let before = policy.parameters.doubles
    try step()
    return zip(before, policy.parameters.doubles).map(-)
  }

  // MARK: online

  /// Σ_n w_n ∇ log π(y_n) of the responses that the step has drawn, with weights by the papers. Of a policy gradient they are
  /// returns to go.
  @Test(arguments: Toy.all, [Algorithm.Name.ipo, .ipoMD, .dpo, .reinforce, .nashMD])
  func anOnlineStepFollowsTheResponsesThatItDrew(_ toy: Toy, _ name: Algorithm.Name) throws {
    let algorithm = Algorithm(name, .init(tau: Self.tau, mixture: 0.4))
    let policy = TabularPolicy(toy.model, logits: toy.policy.parameters.doubles)
    let options = options(batchSize: 10)
    let sampling = SamplingOptions(maximumTokens: toy.model.responseLength)
    let trainer = OnlineTrainer(
      policy, reference: toy.reference.parameters, algorithm: algorithm,
      feedback: algorithm.signal == .rewards ? .rewards(FirstToken()) : .preferences(RewardAnnotator(FirstToken())),
      prompts: [Prompt(tokens: [0], text: "?")], responsesPerPrompt: 3, sampling: sampling, options: options,
      pool: WorkerPool(workerCount: 2))
    let moved = try movement(policy) { _ = try trainer.step() }

    let plan = ResponsePlan(algorithm.sampling, responseCount: 3)
    let groups = Sampler(
      toy.model, options: sampling, pool: WorkerPool(workerCount: 1), decodesReference: true
    ).sample(
      Array(repeating: [0], count: 10), mixtures: plan.mixtures, policy: toy.policy.parameters,
      reference: toy.reference.parameters, key: SamplingKey(seed: options.seed, step: 0)
    ).map { group in group.map { Spoken($0.tokens, toy) } }
    let weighed = groups.flatMap { group in
      plan.pairs.flatMap { terms(name, group[$0.first], group[$0.second], of: group) }
    }
    let pairCount = Double(groups.count * plan.pairs.count)
    let expected = centralDifference(
      of: { logits in
        let table = toy.table(logits)
        return weighed.reduce(0) { $0 + innerProduct($1.weights, table.tokenLogProbabilities(of: $1.tokens)) } / pairCount
      }, at: toy.own.logits)
    #expect(largestDifference(moved, expected) < 1e-6)
    #expect(expected.map(abs).max()! > 0.01)
  }

  /// A response and what a loss knows of it.
  private struct Spoken {
    let tokens: [Int32]
    /// log π/μ, token by token.
    let ratios: [Double]
    var reward: Double { FirstToken.reward(tokens) }
    var ratio: Double { ratios.reduce(0, +) }

    init(_ tokens: [Int32], _ toy: Toy) {
      self.tokens = tokens
      ratios = zip(toy.own.tokenLogProbabilities(of: tokens), toy.other.tokenLogProbabilities(of: tokens)).map(-)
    }

    func weighed(_ weight: (_ token: Int) -> Double) -> (tokens: [Int32], weights: [Double]) {
      (tokens, tokens.indices.map(weight))
    }
  }

  /// What one pair adds: a weight for every token of both responses.
  private func terms(
    _ name: Algorithm.Name, _ y: Spoken, _ other: Spoken, of group: [Spoken]
  ) -> [(tokens: [Int32], weights: [Double])] {
    let preference = 1 / (1 + exp(other.reward - y.reward))
    let h = y.ratio - other.ratio
    switch name {
    case .nashMD: return [y.weighed { -(preference - 0.5 - Self.tau * y.ratios[$0...].reduce(0, +)) }]
    case .reinforce:
      let total = group.reduce(0) { $0 + $1.reward }
      return [y, other].map { response in
        let advantage = response.reward - (total - response.reward) / Double(group.count - 1)
        return response.weighed { -(advantage - Self.tau * response.ratios[$0...].reduce(0, +)) }
      }
    case .dpo:
      let coefficient = -Self.tau * (preference - 1 / (1 + exp(-Self.tau * h)))
      return [y.weighed { _ in coefficient }, other.weighed { _ in -coefficient }]
    default:
      let coefficient = 2 * Self.tau * h - (2 * preference - 1)
      return [y.weighed { _ in coefficient }, other.weighed { _ in -coefficient }]
    }
  }

  // MARK: offline

  static let recorded = Algorithm.table.filter(\.isOffline).map(\.name)

  /// A trainer whose file holds every ordered pair of answers once, in a batch: uniform data.
  private func offline(
    _ at: Position, _ algorithm: Algorithm, steps: Int = 1, rate: Double = 1
  ) -> OfflineTrainer<TabularPolicy> {
    let answers = 0..<Int32(at.game.count)
    let model = TabularModel(vocabularySize: at.game.count)
    let examples = answers.flatMap { first in
      answers.map { second in
        PreferenceExample(
          group: TokenGroup(prompt: [0], responses: [[first], [second]]),
          preference: at.game[Int(first), Int(second)])
      }
    }
    return OfflineTrainer(
      TabularPolicy(model, probabilities: at.policy), reference: TabularPolicy(model, probabilities: at.reference).parameters,
      algorithm: algorithm, examples: examples, options: options(batchSize: examples.count, steps: steps, rate: rate),
      pool: WorkerPool(workerCount: 2))
  }

  private func uniform(_ at: Position) -> [Double] { at.policy.map { _ in 1 / Double(at.policy.count) } }

  @Test(arguments: Position.all.prefix(12), recorded)
  func anOfflineStepOnAllPairsIsTheExpectedGradient(_ at: Position, _ name: Algorithm.Name) throws {
    var settings = Algorithm.Settings(tau: Self.tau)
    settings.regularization = 0.3
    let algorithm = Algorithm(name, settings)
    let trainer = offline(at, algorithm)
    let moved = try movement(trainer.policy) { _ = try trainer.step() }
    let uniform = uniform(at)
    let expected = EnumeratedPairs(at.game, algorithm) { _ in (uniform, uniform) }.expectedGradient(at.policy)
    #expect(largestDifference(moved, expected) < 1e-6)
    #expect(expected.map(abs).max()! > 1e-3)
  }

  @Test(arguments: Position.all.suffix(2)) func offlineIPOEndsAsTheBestResponseToItsData(_ at: Position) throws {
    let trainer = offline(at, Algorithm(.ipo, .init(tau: Self.tau)), steps: 400)
    while !trainer.isFinished { _ = try trainer.step() }
    let policy = trainer.policy
    let found = policy.languageModel.logProbabilities(policy.parameters, context: 0).map { exp($0) }
    #expect(totalVariation(found, at.game.bestResponse(to: uniform(at), tau: Self.tau)) < 1e-4)
  }
}

/// Likes responses that start with large token ids.
private struct FirstToken: Rewarder {
  func rewards(_ answers: [Answer]) -> [Double] {
    answers.map { Self.reward($0.response.split(separator: " ").map { Int32($0)! }) }
  }

  static func reward(_ tokens: [Int32]) -> Double { 0.7 * Double(tokens[0]) }
}
