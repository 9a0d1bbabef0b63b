import Foundation
import PoiseFiles
import PoiseModel
import PoiseText

/// The whole story on the built-in task: data, tokenizer, supervised training from scratch, online IPO, side-by-side evaluation on
/// unseen posts. Every stage writes what a user of the commands would have written, so any of it can be repeated by hand.
public struct Demonstration {
  /// How much of everything.
  public struct Plan: Sendable {
    public var posts: Int
    public var vocabularySize: Int
    public var supervised: TrainingOptions
    public var online: TrainingOptions
    public var tau: Double
    public var maximumTokens: Int
    public var evaluationPosts: Int

    /// A few minutes on two cores.
    public static func full(seed: UInt64) -> Plan {
      Plan(
        posts: 24_000, vocabularySize: 1_280,
        supervised: TrainingOptions(
          steps: 800, batchSize: 32,
          schedule: Schedule(rate: 2e-3, warmupSteps: 50, shape: .cosine, totalSteps: 800, floor: 0.05),
          optimizer: .adamW(), seed: seed),
        online: TrainingOptions(
          steps: 300, batchSize: 32, schedule: Schedule(rate: 5e-3, shape: .linear, totalSteps: 300, floor: 0.1),
          optimizer: .adafactor, seed: seed),
        tau: 0.1, maximumTokens: 40, evaluationPosts: 400)
    }

    /// The same path in seconds: it shows that everything works, not that anything was learnt.
    public static func quick(seed: UInt64) -> Plan {
      var plan = full(seed: seed)
      plan.posts = 1_000
      plan.supervised.steps = 30
      plan.supervised.schedule.totalSteps = 30
      plan.online.steps = 6
      plan.online.schedule.totalSteps = 6
      plan.evaluationPosts = 32
      return plan
    }
  }

  /// What a policy does on unseen posts.
  public struct Standing: Sendable {
    public var contestant: Contestant
    /// Mean total of the rubric; 6 is a perfect summary.
    public var meanScore: Double
    /// Mean of 5 facts that a summary covers.
    public var meanFacts: Double
    /// Mean of facts that it invents or takes from asides.
    public var meanFalse: Double
    /// Σ_t KL(π‖π_ref) over the whole vocabulary, mean over responses, in nats.
    public var divergence: Double
  }

  public let plan: Plan
  public let folder: String
  public let seed: UInt64
  private let pool: WorkerPool

  public init(_ plan: Plan, folder: String, seed: UInt64, pool: WorkerPool) {
    self.plan = plan
    self.folder = folder
    self.seed = seed
    self.pool = pool
  }

  public var supervisedFolder: String { "\(folder)/sft" }
  public var onlineFolder: String { "\(folder)/ipo" }
  public var examplesPath: String { "\(folder)/data/sft.jsonl" }
  public var promptsPath: String { "\(folder)/data/prompts.jsonl" }
  public var unseenPath: String { "\(folder)/data/unseen.jsonl" }

  /// Makes the folder ready: what an earlier demonstration left goes, what anybody else put there stays.
  ///
  /// - Throws: `DataError` where files that no demonstration has written stand in the way; nothing is touched then.
  public func prepareFolder() throws {
    let marker = "\(folder)/poise_demo.json"
    let parts = ["data", "sft", "ipo", "tokenizer.json"].map { "\(folder)/\($0)" }
    if !Files.exists(marker), let other = parts.first(where: Files.exists) {
      throw DataError(
        folder, "\(other) is there and was not written by a demonstration, which would replace it. Choose another --out.",
        category: .cannotCreate)
    }
    try Files.createDirectory(folder)
    try Files.replace(marker, with: (["seed": .number(.init(text: String(seed)))] as JSON).page)
    parts.forEach(Files.remove)
  }

  /// Writes examples, training prompts and unseen prompts.
  public func makeData() throws {
    try Files.createDirectory("\(folder)/data")
    let examples = TaskData.records(kind: .sft, split: .training, count: plan.posts, seed: seed)
    let prompts = TaskData.records(kind: .prompts, split: .training, count: plan.posts, seed: seed)
    let unseen = TaskData.records(kind: .prompts, split: .heldOut, count: plan.evaluationPosts, seed: seed)
    try JSONLines.write(examples, to: examplesPath)
    try JSONLines.write(prompts, to: promptsPath)
    try JSONLines.write(unseen, to: unseenPath)
  }

  public func trainTokenizer() throws -> Tokenizer {
    let texts = try CompletionRecord.read(examplesPath).prefix(4_000).flatMap { record in
      [record.prompt, record.completion].compactMap { if case .text(let text)? = $0 { text } else { nil } }
    }
    // Rare merges would make a token of every name; without them names are spelt in parts, and so are unseen ones.
    let trainer = BytePairTrainer(vocabularySize: plan.vocabularySize, minimumPairCount: texts.count / 100)
    let tokenizer = try trainer.train(on: texts)
    try tokenizer.save(folder: folder)
    return tokenizer
  }

  /// Supervised training from scratch.
  public func trainSupervised(_ tokenizer: Tokenizer, report: (StepRecord) -> Void) throws -> Policy {
    let end = tokenizer.id(of: "<|endoftext|>")!
    let configuration = Preset.tiny.configuration(
      vocabularySize: tokenizer.vocabularySize, endOfSequence: end, contextLength: 256)
    let policy = Policy(model: StoredModel(new: configuration, seed: seed), tokenizer: tokenizer)
    let trainer = SupervisedTrainer(policy, groups: try policy.groups(examplesPath), options: plan.supervised, pool: pool)
    try train(trainer, saving: policy, in: supervisedFolder, report: report)
    return policy
  }

  /// Online IPO from the supervised policy, which stays as the reference; the rubric prefers.
  public func trainOnline(report: (StepRecord) -> Void) throws -> Policy {
    let policy = try Policy(folder: supervisedFolder)
    let trainer = OnlineTrainer(
      policy, reference: try Policy(folder: supervisedFolder).parameters, algorithm: Algorithm(.ipo, .init(tau: plan.tau)),
      feedback: .preferences(RubricAnnotator()), prompts: try policy.prompts(promptsPath, responseTokens: plan.maximumTokens),
      sampling: SamplingOptions(maximumTokens: plan.maximumTokens), options: plan.online, pool: pool)
    try train(trainer, saving: policy, in: onlineFolder, report: report)
    return policy
  }

  private func train(_ trainer: some Trainer, saving policy: Policy, in folder: String, report: (StepRecord) -> Void) throws {
    let loop = TrainingLoop(RunFolder(folder), checkpointEvery: 0, description: ["command": "demo"])
    _ = try loop.run(trainer, saving: policy, report: report)
  }

  /// Posts of facts and clause orders that no training saw.
  public func unseenPrompts(_ policy: Policy) throws -> [Prompt] {
    try policy.prompts(unseenPath, responseTokens: plan.maximumTokens)
  }

  /// Samples one summary of every unseen post and measures it.
  public func standing(_ name: String, _ policy: Policy, reference: Policy, prompts: [Prompt]) throws -> Standing {
    let contestant = Contestant(
      name, policy, prompts: prompts, count: 1, sampling: SamplingOptions(maximumTokens: plan.maximumTokens),
      key: SamplingKey(seed: seed, step: .max), pool: pool)
    let rubric = Rubric()
    let scores = try zip(prompts, contestant.texts).flatMap { prompt, texts in
      let post = try TaskGenerator.post(fromPrompt: prompt.text)
      return texts.map { rubric.score(summary: $0, of: post) }
    }
    let count = Double(scores.count)
    return Standing(
      contestant: contestant, meanScore: scores.reduce(0) { $0 + $1.total } / count,
      meanFacts: scores.reduce(0) { $0 + Double($1.covered.count) } / count,
      meanFalse: scores.reduce(0) { $0 + Double($1.asides + $1.inventions) } / count,
      divergence: divergence(contestant, policy, reference, prompts))
  }

  private func divergence(_ contestant: Contestant, _ policy: Policy, _ reference: Policy, _ prompts: [Prompt]) -> Double {
    let groups = zip(prompts, contestant.responses).map { prompt, responses in
      TokenGroup(prompt: prompt.tokens, responses: responses.map(\.tokens))
    }
    let pass = ShardedPass(policy.transformer, pool: pool, shardCount: 16, backward: false, reference: true)
    pass.evaluate(groups, policy: policy.parameters, reference: reference.parameters)
    return pass.outcomes.reduce(0) { $0 + $1.divergence } / Double(pass.outcomes.count)
  }
}
