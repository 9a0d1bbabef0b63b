import Foundation
import PoiseFiles
import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

/// A line of `metrics.jsonl` against brute force: the responses are drawn once more, and everything that is said of them is
/// computed again in double precision, a next-token row at a time.
///
/// The engine's log-probabilities of single tokens are exact to some 1e-7, and a response has four tokens at most; losses
/// multiply their sums by numbers of order 1.
@Suite struct MetricsTests {
  static let tau = 0.2
  static let tolerance = 3e-6
  let policy = Self.start
  let reference = tinyPolicy(seed: 2, vocabularySize: 5, deviation: 0.4)
  /// What is trained; a new one every time.
  static var start: Policy { tinyPolicy(seed: 3, vocabularySize: 5, deviation: 0.4) }
  let prompts = [[3], [4, 1, 2], [1, 1]].map { Prompt(tokens: $0, text: "\($0)") }
  let sampling = SamplingOptions(maximumTokens: 4)
  let options = TrainingOptions(
    steps: 1, batchSize: 5, schedule: Schedule(rate: 0.01, totalSteps: 1), optimizer: .stochasticGradientDescent(), seed: 7)

  /// The one line that a run of one step writes.
  private func line(_ algorithm: Algorithm) throws -> JSON {
    let temporary = try TemporaryFolder()
    let trained = Self.start
    let trainer = OnlineTrainer(
      trained, reference: reference.parameters, algorithm: algorithm,
      feedback: algorithm.signal == .rewards ? .rewards(LargestToken()) : .preferences(RewardAnnotator(LargestToken())),
      prompts: prompts, responsesPerPrompt: 3, sampling: sampling, options: options, pool: WorkerPool(workerCount: 2))
    let folder = RunFolder(temporary.path + "/run")
    #expect(try TrainingLoop(folder, checkpointEvery: 0, description: [:]).run(trainer, saving: trained) { _ in } == .finished)
    let lines = String(decoding: try Files.read(folder.metricsPath), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 1)
    return try JSON(parsing: String(lines[0]))
  }

  private func expect(
    _ line: JSON, _ expected: [String: Double], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (name, value) in expected {
      let found = try #require(line[name]?.double, "\(name)", sourceLocation: sourceLocation)
      #expect(abs(found - value) < Self.tolerance, "\(name) is \(found), not \(value)", sourceLocation: sourceLocation)
    }
  }

  /// What is known of the responses to a batch.
  private func transcript(_ algorithm: Algorithm) -> Transcript {
    var order = DataOrder(count: prompts.count, batchSize: options.batchSize, seed: options.seed)
    let batch = order.batch(0).map { prompts[$0] }
    let plan = ResponsePlan(algorithm.sampling, responseCount: 3)
    let sampler = Sampler(
      policy.transformer, options: sampling, pool: WorkerPool(workerCount: 1), decodesReference: true)
    let responses = sampler.sample(
      batch.map(\.tokens), mixtures: plan.mixtures, policy: policy.parameters, reference: reference.parameters,
      key: SamplingKey(seed: options.seed, step: 0))
    return Transcript(policy, reference, zip(batch, responses).map { ($0.tokens, $1.map(\.tokens)) }, plan)
  }

  @Test(arguments: [Algorithm.Name.ipo, .ipoMD, .nashMD, .dpo])
  func everyNumberOfAStepIsWhatItsNameSays(_ name: Algorithm.Name) throws {
    let algorithm = Algorithm(name, .init(tau: Self.tau, mixture: 0.3))
    let line = try line(algorithm)
    let transcript = transcript(algorithm)
    #expect(Set(transcript.responses.map(\.tokens.count)).count > 2)
    #expect(Set(transcript.responses.map(\.isEnded)) == [false, true])
    #expect(transcript.pairs.contains { $0.isIdentical } && transcript.pairs.contains { $0.isTie && !$0.isIdentical })
    #expect(transcript.pairs.contains { $0.chosen.tokens != $0.first.tokens })
    try expect(line, transcript.sampled)
    try expect(line, transcript.compared)
    try expect(
      line,
      [
        "loss": transcript.meanOverPairs { loss(name, $0) }, "beta": Self.tau, "mixture_coef": algorithm.sampling.mixture,
        "learning_rate": 0.01, "epoch": 5 / 3,
      ])
    #expect((transcript.mean(\.logMixturePartition) < -0.01) == (algorithm.sampling.mixture > 0))
    #expect(line["num_tokens"]?.int == transcript.responses.reduce(0) { $0 + $1.tokens.count })
    #expect(line["global_step"]?.int == 1)
  }

  /// Losses as they are printed.
  private func loss(_ name: Algorithm.Name, _ pair: Transcript.Compared) -> Double {
    let (y, other, p, tau) = (pair.first, pair.second, pair.preference, Self.tau)
    let h = y.logRatio - other.logRatio
    switch name {
    case .dpo: return -p * log(1 / (1 + exp(-tau * h))) - (1 - p) * log(1 / (1 + exp(tau * h)))
    case .nashMD: return -(p - 0.5 - tau * y.logRatio) * y.logProbability
    default: return tau * h * h - (2 * p - 1) * (y.logProbability - other.logProbability)
    }
  }

  @Test func rewardsAreReportedBesideTheirPenalty() throws {
    let algorithm = Algorithm(.reinforce, .init(tau: Self.tau))
    let line = try line(algorithm)
    let transcript = transcript(algorithm)
    let reward = transcript.mean(\.reward)
    let penalty = -Self.tau * transcript.mean(\.logRatio)
    try expect(line, transcript.sampled)
    try expect(line, transcript.compared)
    try expect(
      line,
      [
        "objective/scores": reward, "objective/non_score_reward": penalty, "objective/rlhf_reward": reward + penalty,
        "loss": transcript.meanOverPairs { pair in
          [pair.first, pair.second].reduce(0) { $0 - ($1.advantage - Self.tau * $1.logRatio) * $1.logProbability }
        },
      ])
    #expect(abs(penalty) > 0.01)
  }
}

/// Likes large token ids and knows many ties.
struct LargestToken: Rewarder {
  func rewards(_ answers: [Answer]) -> [Double] {
    answers.map { Self.reward($0.response.split(separator: " ").map { Int32($0)! }) }
  }

  static func reward(_ tokens: [Int32]) -> Double { 1.5 * Double(tokens.max()!) }
}

/// A batch of responses and all that can be said of them, computed without the engine.
private struct Transcript {
  struct Response {
    var tokens: [Int32]
    var logProbability = 0.0
    var referenceLogProbability = 0.0
    /// Of whole rows, summed over the tokens.
    var divergence = 0.0
    var entropy = 0.0
    /// Σ log Z_n of the mixture that it was drawn from.
    var logMixturePartition = 0.0
    /// And what it is ahead of the mean of the others' to the prompt.
    var reward = 0.0
    var advantage = 0.0

    var logRatio: Double { logProbability - referenceLogProbability }
    var isEnded: Bool { tokens.last == 0 }
  }

  struct Compared {
    let first: Response
    let second: Response
    /// σ of the difference of rewards.
    var preference: Double { 1 / (1 + exp(second.reward - first.reward)) }
    var isIdentical: Bool { first.tokens == second.tokens }
    var isTie: Bool { first.reward == second.reward }
    var chosen: Response { first.reward >= second.reward ? first : second }
    var rejected: Response { first.reward >= second.reward ? second : first }
    var margin: Double { chosen.logRatio - rejected.logRatio }
  }

  var responses: [Response] = []
  var pairs: [Compared] = []

  init(
    _ policy: Policy, _ reference: Policy, _ groups: [(prompt: [Int32], responses: [[Int32]])], _ plan: ResponsePlan
  ) {
    let rows = [policy, reference].map { TransformerSpecification($0.transformer, parameters: $0.parameters) }
    for (prompt, texts) in groups {
      var group = zip(texts, plan.mixtures).map { Self.response($0, after: prompt, mixture: $1, rows) }
      let total = group.reduce(0) { $0 + $1.reward }
      for index in group.indices {
        group[index].advantage = group[index].reward - (total - group[index].reward) / Double(group.count - 1)
      }
      responses += group
      pairs += plan.pairs.map { Compared(first: group[$0.first], second: group[$0.second]) }
    }
  }

  private static func response(
    _ tokens: [Int32], after prompt: [Int32], mixture: Double, _ models: [TransformerSpecification]
  ) -> Response {
    var response = Response(tokens: tokens, reward: LargestToken.reward(tokens))
    for position in tokens.indices {
      let rows = models.map { model in
        (0..<Int32(model.transformer.configuration.vocabularySize)).map {
          model.logProbabilities(of: tokens[..<position] + [$0], after: prompt).last!
        }
      }
      let (own, other, token) = (rows[0], rows[1], Int(tokens[position]))
      response.logProbability += own[token]
      response.referenceLogProbability += other[token]
      response.divergence += zip(own, other).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      response.logMixturePartition += log(zip(own, other).reduce(0) { $0 + exp((1 - mixture) * $1.0 + mixture * $1.1) })
      response.entropy -= own.reduce(0) { $0 + exp($1) * $1 }
    }
    return response
  }

  func mean(_ value: (Response) -> Double) -> Double { responses.reduce(0) { $0 + value($1) } / Double(responses.count) }

  func meanOverPairs(_ value: (Compared) -> Double) -> Double { pairs.reduce(0) { $0 + value($1) } / Double(pairs.count) }

  /// Means over responses.
  var sampled: [String: Double] {
    [
      "objective/kl": mean(\.logRatio), "kl/sequence": mean(\.logRatio), "kl/token_exact": mean(\.divergence),
      "objective/entropy": mean(\.entropy), "length/policy": mean { Double($0.tokens.count) },
      "val/contain_eos_token": mean { $0.isEnded ? 1 : 0 }, "sampling/logp_gap": 0,
      "sampling/log_partition": mean(\.logMixturePartition),
    ]
  }

  /// Means over pairs.
  var compared: [String: Double] {
    [
      "logps/chosen": meanOverPairs(\.chosen.logProbability), "logps/rejected": meanOverPairs(\.rejected.logProbability),
      "rewards/chosen": meanOverPairs(\.chosen.logRatio), "rewards/rejected": meanOverPairs(\.rejected.logRatio),
      "rewards/margins": meanOverPairs(\.margin),
      "rewards/probabilities": meanOverPairs { max($0.preference, 1 - $0.preference) },
      "rewards/accuracies": meanOverPairs { $0.margin > 0 ? 1 : $0.isIdentical ? 0.5 : 0 },
      "length/chosen": meanOverPairs { Double($0.chosen.tokens.count) },
      "length/rejected": meanOverPairs { Double($0.rejected.tokens.count) },
      "pairs/ties": meanOverPairs { $0.isTie ? 1 : 0 }, "pairs/identical": meanOverPairs { $0.isIdentical ? 1 : 0 },
      "pairs/saturated": meanOverPairs { max($0.preference, 1 - $0.preference) > 0.99 ? 1 : 0 },
    ]
  }
}
