import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseText

/// `poise sft`
struct SupervisedCommand: PlannedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft", abstract: "Supervised fine-tuning, of a model or from scratch.",
    discussion: """
      Data: JSON Lines of {"prompt", "completion"}, text or lists of messages, or {"messages"}, whose last message is the completion, \
      or {"text"}. Only completions are learnt.
      """)

  @Option(help: ArgumentHelp("JSON Lines of examples.", valueName: "file")) var data: String
  @OptionGroup var start: StartFlags
  @OptionGroup var training: TrainingFlags
  @OptionGroup(title: "Adapters") var adapters: AdapterFlags
  @OptionGroup var common: CommonOptions

  static let defaults = TrainingFlags.Defaults(optimizer: .adamw, learningRate: 1e-3, schedule: .cosine)

  func validate() throws { try start.validate(resuming: training.resume) }

  func run() throws {
    let run = TrainingRun(flags: training, common: common, command: "sft", description: resolved)
    let checkpoint = try run.resumedCheckpoint()
    let outline = try checkpoint.map { try PolicyOutline(folder: $0.path) } ?? adapters.adapted(start.outline())
    let groups = try outline.groups(data)
    try memoryPlan(outline, groups).requireAvailable()
    let policy = try Policy(outline, seed: common.seed)
    let trainer = SupervisedTrainer(
      policy, groups: groups, options: training.options(Self.defaults, seed: common.seed), pool: common.makePool())
    let history = try run.run(trainer, saving: policy, resumedFrom: checkpoint)
    Console.result(TrainingSummary(history: history).text)
    Console.result("The policy is in \(training.out).")
  }

  func memoryPlan() throws -> MemoryPlan {
    let outline = try training.resume ? PolicyOutline(folder: training.out) : adapters.adapted(start.outline())
    guard MemoryPlanning.isGiven(data) else {
      let longest = try MemoryPlanning.longestText(of: outline.configuration)
      return memoryPlan(outline, TokenGroup.largest(contextLength: longest, responses: 1))
    }
    return memoryPlan(outline, try outline.groups(data))
  }

  private func memoryPlan(_ outline: PolicyOutline, _ groups: [TokenGroup]) -> MemoryPlan {
    MemoryPlan(frozenParametersOf: outline.form) + MemoryPlan(parametersOf: "the policy", outline.form)
      + SupervisedTrainer.memoryPlan(
        outline.form, groups: groups, options: training.options(Self.defaults, seed: common.seed),
        workers: common.workerCount)
  }

  private var resolved: JSON.Object {
    var object = training.resolved(Self.defaults)
    object["data"] = .string(data)
    for (key, value) in start.resolved.members + adapters.resolved.members { object[key] = value }
    return object
  }
}
