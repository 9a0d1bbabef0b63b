import Foundation
import PoiseFiles
import PoiseModel
import PoiseText

/// The whole story on the built-in task: data, tokenizer, supervised training from scratch, two judges learned from pairs that the
/// rubric labelled, online training against what they learnt, and side-by-side evaluation on unseen posts under the rubric itself,
/// which no policy was trained on. Every stage writes what a user of the commands would have written, so any of it can be repeated
/// by hand.
public struct Demonstration {
  public let plan: Plan
  public let folder: String
  public let seed: UInt64
  private let pool: WorkerPool
  private let circumstances: JSON.Object

  /// - Parameter circumstances: what every run records of the program, the machine and the command.
  public init(
    _ plan: Plan, folder: String, seed: UInt64, pool: WorkerPool, circumstances: JSON.Object = JSON.Object()
  ) {
    self.plan = plan
    self.folder = folder
    self.seed = seed
    self.pool = pool
    self.circumstances = circumstances
  }

  public var supervisedFolder: String { "\(folder)/sft" }
  public var examplesPath: String { "\(folder)/data/sft.jsonl" }
  public var promptsPath: String { "\(folder)/data/prompts.jsonl" }
  public var preferencesPath: String { "\(folder)/data/preferences.jsonl" }
  public var unseenPath: String { "\(folder)/data/unseen.jsonl" }

  /// Where an algorithm's policy, or a judge, is kept.
  public func folder(_ algorithm: Algorithm.Name) -> String { "\(folder)/\(algorithm.rawValue)" }
  public func folder(_ judge: JudgeModel.Kind) -> String { "\(folder)/\(judge.rawValue)" }

  /// The folders of all runs, in the order in which they are made.
  public var runs: [String] { [supervisedFolder] + Self.judges.map(folder) + plan.algorithms.map(folder) }

  /// Both kinds of judges, in the order in which they learn.
  public static let judges: [JudgeModel.Kind] = [.preference, .reward]

  /// Makes the folder ready: what an earlier demonstration left goes, what anybody else put there stays.
  ///
  /// - Throws: `DataError` where files that no demonstration has written stand in the way; nothing is touched then.
  public func prepareFolder() throws {
    let marker = "\(folder)/poise_demo.json"
    let models = Algorithm.Name.allCases.map(folder) + JudgeModel.Kind.allCases.map(folder)
    let parts = ["\(folder)/data", supervisedFolder, "\(folder)/tokenizer.json", "\(folder)/report.html"] + models
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
    let texts = Array(try TrainingTexts.read(examplesPath).prefix(8_000))
    // Rare merges would make a token of every name; without them names are spelt in parts, and so are unseen ones.
    let trainer = BytePairTrainer(vocabularySize: plan.vocabularySize, minimumPairCount: texts.count / 100)
    let tokenizer = try trainer.train(on: texts)
    try tokenizer.save(folder: folder)
    return tokenizer
  }

  /// Supervised training from scratch.
  public func trainSupervised(_ tokenizer: Tokenizer, report: (StepRecord) -> Void) throws {
    let end = tokenizer.id(of: "<|endoftext|>")!
    let configuration = Preset.tiny.configuration(
      vocabularySize: tokenizer.vocabularySize, endOfSequence: end, contextLength: 256)
    let policy = Policy(model: StoredModel(new: configuration, seed: seed), tokenizer: tokenizer)
    let trainer = SupervisedTrainer(policy, groups: try policy.groups(examplesPath), options: plan.supervised, pool: pool)
    let options: JSON = ["data": .string(examplesPath), "preset": .string(Preset.tiny.rawValue)]
    try train(trainer, saving: policy, in: supervisedFolder, command: "sft", options, report: report)
  }

  /// Two answers of the supervised policy to each of some posts, and the rubric's opinion of them: what the judges learn from.
  public func collectPreferences() throws {
    let policy = try Policy(folder: supervisedFolder)
    let prompts = Array(try policy.prompts(promptsPath, responseTokens: plan.maximumTokens).prefix(plan.judgedPosts))
    let contestant = Contestant(
      "SFT", policy, prompts: prompts, count: 2, sampling: SamplingOptions(maximumTokens: plan.maximumTokens),
      key: SamplingKey(seed: seed, step: .max - 1), pool: pool)
    let pairs = zip(prompts, contestant.texts).map { Comparison(prompt: $0.text, first: $1[0], second: $1[1]) }
    let records = try LabelledPairs.records(pairs, by: RubricAnnotator())
    try JSONLines.write(records, to: preferencesPath)
  }

  /// A judge from the supervised policy's trunk, and how it fares on posts that it has not seen.
  public func trainJudge(_ kind: JudgeModel.Kind, report: (StepRecord) -> Void) throws -> JudgeReport {
    let judge = try JudgeModel(kind, startingFrom: try Policy(folder: supervisedFolder))
    let data = JudgeData(
      try RecordedComparison.read(preferencesPath, for: judge), validationShare: plan.validationShare, seed: seed)
    let trainer = JudgeTrainer(
      judge, examples: try judge.examples(data.training).examples, heldOut: try judge.examples(data.validation).examples,
      stopping: plan.stopping, centring: 0.01, options: plan.judges, pool: pool)
    let options: JSON = [
      "model": .string(supervisedFolder), "data": .string(preferencesPath), "validation_share": .init(plan.validationShare),
      "evaluate_every": .init(plan.stopping.evaluateEvery), "patience": .init(plan.stopping.patience),
    ]
    try train(trainer, saving: judge, in: folder(kind), command: kind.rawValue, options, report: report)
    let verdict = try JudgeEvaluation(judge, training: data.training, test: data.validation, seed: seed, pool: pool).report
    try Files.replace("\(folder(kind))/report.json", with: verdict.json.page)
    return verdict
  }

  /// Online training from the supervised policy, which stays as the reference, against the learned judge.
  public func train(_ name: Algorithm.Name, report: (StepRecord) -> Void) throws {
    let policy = try Policy(folder: supervisedFolder)
    let algorithm = Algorithm(name)
    let trainer = OnlineTrainer(
      policy, reference: try Policy(folder: supervisedFolder).parameters, algorithm: algorithm,
      feedback: try Judge.feedback(judge(for: algorithm), for: algorithm.signal, pool: pool),
      prompts: try policy.prompts(promptsPath, responseTokens: plan.maximumTokens),
      sampling: SamplingOptions(maximumTokens: plan.maximumTokens), options: plan.online, pool: pool)
    let options: JSON = [
      "model": .string(supervisedFolder), "reference": .string(supervisedFolder), "prompts": .string(promptsPath),
      "annotator": .string(judge(for: algorithm)), "tau": .init(algorithm.tau), "mixture": .init(algorithm.sampling.mixture),
      "max_new_tokens": .init(plan.maximumTokens),
    ]
    try train(trainer, saving: policy, in: folder(name), command: "train \(name.rawValue)", options, report: report)
  }

  private func judge(for algorithm: Algorithm) -> String {
    switch algorithm.signal {
    case .preferences: "preference:\(folder(JudgeModel.Kind.preference))"
    case .rewards: "reward:\(folder(JudgeModel.Kind.reward))"
    }
  }

  /// - Parameters:
  ///   - command: which would make such a run.
  ///   - options: its own, beside those that all training has.
  private func train(
    _ trainer: some Trainer, saving model: some SavableModel, in folder: String, command: String, _ options: JSON,
    report: (StepRecord) -> Void
  ) throws {
    let training = trainer.options
    var recorded = options.object ?? JSON.Object()
    recorded["steps"] = .init(training.steps)
    recorded["batch_size"] = .init(training.batchSize)
    recorded["learning_rate"] = .init(training.schedule.rate)
    recorded["warmup_steps"] = .init(training.schedule.warmupSteps)
    recorded["schedule"] = .string(training.schedule.shape.rawValue)
    var description = circumstances
    description["command"] = .string(command)
    description["options"] = .object(recorded)
    description["seed"] = .number(.init(text: String(seed)))
    let loop = TrainingLoop(RunFolder(folder), checkpointEvery: 0, description: .object(description))
    _ = try loop.run(trainer, saving: model, report: report)
  }
}
