import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel

/// What `poise reward` and `poise preference` share beside their training options.
struct JudgeFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      JSON Lines of {\"prompt\", \"chosen\", \"rejected\"}, texts or lists of messages, with a soft label \"preference\" where there \
      is one.
      """,
      valueName: "file"))
  var data: String
  @Option(help: ArgumentHelp("Share of the prompts held out to decide when to stop, in [0, 0.9].", valueName: "share"))
  var validationShare = 0.1
  @Option(
    help: ArgumentHelp(
      "Comparisons to report on, which training never sees. (default: those held out to decide when to stop)", valueName: "file"))
  var testData: String?
  @Option(help: ArgumentHelp("Steps between looks at the held-out comparisons, 1 or more.", valueName: "n"))
  var evaluateEvery = 25
  @Option(help: ArgumentHelp("Looks without a better agreement after which training ends, 1 or more.", valueName: "n"))
  var patience = 8

  func validate() throws {
    try requireRange("--validation-share", validationShare, 0...0.9)
    try requireRange("--evaluate-every", evaluateEvery, 1...1_000_000_000)
    try requireRange("--patience", patience, 1...1_000_000)
  }

  func resolved(into object: inout JSON.Object) {
    object["data"] = .string(data)
    object["test_data"] = testData.map { .string($0) } ?? .null
    object["validation_share"] = .init(validationShare)
    object["evaluate_every"] = .init(evaluateEvery)
    object["patience"] = .init(patience)
  }
}

/// Training and report of both kinds of judges.
struct JudgeRun {
  let kind: JudgeModel.Kind
  let start: StartFlags
  let flags: JudgeFlags
  let training: TrainingFlags
  let output: OutputOptions
  let common: CommonOptions
  var centring = 0.0

  static let defaults = TrainingFlags.Defaults(optimizer: .adamw, learningRate: 5e-4, schedule: .cosine)

  func run() throws {
    let run = TrainingRun(flags: training, common: common, command: kind.rawValue, description: resolved)
    let checkpoint = try run.resumedCheckpoint()
    let policy = checkpoint == nil ? try start.outline() : nil
    let outline = try policy.map { try JudgeOutline(kind, startingFrom: $0) } ?? JudgeOutline(kind, folder: checkpoint!.path)
    let data = try read(outline)
    let (examples, heldOut) = try examples(outline, data)
    try memoryPlan(outline, training: examples, heldOut: heldOut).requireAvailable()
    let judge =
      try policy.map { try JudgeModel(kind, startingFrom: Policy($0, seed: common.seed)) }
      ?? JudgeModel(kind, folder: checkpoint!.path)
    let test = try flags.testData.map { try RecordedComparison.read($0, for: judge) }
    let pool = common.makePool()
    let trainer = JudgeTrainer(
      judge, examples: examples, heldOut: heldOut,
      stopping: .init(evaluateEvery: flags.evaluateEvery, patience: flags.patience), centring: centring, options: options,
      pool: pool)
    let history = try run.run(trainer, saving: judge, resumedFrom: checkpoint)
    common.note(TrainingSummary(history: history).text + "\n")
    if let best = trainer.bestStep, best < trainer.optimizer.step {
      common.note("Held-out agreement was best after step \(best), whose parameters the judge has.\n")
    }
    let reported = test ?? data.validation
    guard !reported.isEmpty else { return sayThatNothingWasHeldOut() }
    // Where the test is a file of its own, the bag of words may learn from all the judge has seen, stopping included.
    let seen = test == nil ? data.training : data.training + data.validation
    let report = try JudgeEvaluation(judge, training: seen, test: reported, seed: common.seed, pool: pool).report
    try Files.replace("\(training.out)/report.json", with: report.json.page)
    Console.result(output.json ? report.json.line : JudgeReportTable(report: report).text)
    if !output.json { Console.result("\nThe judge is in \(training.out): name it \(kind.rawValue):\(training.out).") }
  }

  /// Programs that read the report must not find words in its place.
  private func sayThatNothingWasHeldOut() {
    let text =
      "Nothing was held out, so training did not know when to stop, and there is nothing to report. Give more prompts, a larger "
      + "--validation-share or --test-data. The judge is in \(training.out): name it \(kind.rawValue):\(training.out)."
    if output.json { common.note(text) } else { Console.result(text) }
  }

  private var options: TrainingOptions { training.options(Self.defaults, seed: common.seed) }

  private func read(_ outline: JudgeOutline) throws -> JudgeData {
    let data = JudgeData(
      try RecordedComparison.read(flags.data, for: outline), validationShare: flags.validationShare, seed: common.seed)
    guard !data.training.isEmpty else {
      throw DataError(flags.data, "every prompt was held out; give more prompts or a smaller --validation-share.")
    }
    return data
  }

  /// What the judge will read, and a word about what is too long for it.
  private func examples(_ outline: JudgeOutline, _ data: JudgeData) throws -> (
    training: [PreferenceExample], heldOut: [PreferenceExample]
  ) {
    let (examples, heldOut) = try (outline.examples(data.training), outline.examples(data.validation))
    let cut = examples.cut + heldOut.cut
    if cut > 0 {
      common.note(
        "\(cut) of \(data.training.count + data.validation.count) comparisons are longer than the model's context of "
          + "\(outline.configuration.contextLength) tokens and were cut.")
    }
    return (examples.examples, heldOut.examples)
  }

  /// What the run will take, from options and data alone.
  func memoryPlan() throws -> MemoryPlan {
    let outline =
      try training.resume ? JudgeOutline(kind, folder: training.out) : JudgeOutline(kind, startingFrom: start.outline())
    guard MemoryPlanning.isGiven(flags.data) else {
      let largest = TokenGroup.largest(contextLength: try MemoryPlanning.longestText(of: outline.configuration), responses: 2)
        .map { PreferenceExample(group: $0, preference: 1) }
      // More held-out comparisons than are scored at a time.
      return memoryPlan(outline, training: largest, heldOut: Array(repeating: largest, count: 64).flatMap(\.self))
    }
    let (examples, heldOut) = try examples(outline, read(outline))
    return memoryPlan(outline, training: examples, heldOut: heldOut)
  }

  private func memoryPlan(
    _ outline: JudgeOutline, training examples: [PreferenceExample], heldOut: [PreferenceExample]
  ) -> MemoryPlan {
    MemoryPlan(parametersOf: "the judge", TransformerForm(outline.configuration))
      + JudgeTrainer.memoryPlan(
        outline.configuration, examples: examples.map(\.group), heldOut: heldOut.map(\.group), options: options,
        workers: common.workerCount)
  }

  private var resolved: JSON.Object {
    var object = training.resolved(Self.defaults)
    for (key, value) in start.resolved.members { object[key] = value }
    flags.resolved(into: &object)
    object["centring"] = .init(centring)
    return object
  }
}

/// `poise reward`
struct RewardCommand: JudgeTrainingCommand {
  static let configuration = CommandConfiguration(
    commandName: "reward", abstract: "Trains a reward model from preferences.",
    discussion: """
      A transformer with one number at the end of prompt and response: p(y ≻ y′) = σ(r(y) − r(y′)) (Bradley & Terry). RUN then \
      serves as annotator and judge, reward:RUN, and loads as a sequence classifier of one label in Hugging Face transformers.
      """)

  @OptionGroup var start: StartFlags
  @OptionGroup var flags: JudgeFlags
  @Option(
    help: ArgumentHelp(
      "Weight of the term that keeps the two rewards of a pair centred at 0, 0 or more.", valueName: "lambda"))
  var centring = 0.01
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try start.validate(resuming: training.resume)
    try requireRange("--centring", centring, 0...1e6)
  }

  var judgeRun: JudgeRun {
    JudgeRun(
      kind: .reward, start: start, flags: flags, training: training, output: output, common: common, centring: centring)
  }
}

/// `poise preference`
struct PreferenceCommand: JudgeTrainingCommand {
  static let configuration = CommandConfiguration(
    commandName: "preference", abstract: "Trains a pairwise preference model.",
    discussion: """
      A transformer that reads the prompt and both responses, in both orders, and says how probably the first is preferred: it can \
      learn preferences that no reward explains, cyclic ones too. RUN then serves as annotator and judge, preference:RUN.
      """)

  @OptionGroup var start: StartFlags
  @OptionGroup var flags: JudgeFlags
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { try start.validate(resuming: training.resume) }

  var judgeRun: JudgeRun {
    JudgeRun(kind: .preference, start: start, flags: flags, training: training, output: output, common: common)
  }
}
