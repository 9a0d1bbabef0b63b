import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseText

/// `poise sft`
struct SupervisedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft", abstract: "Supervised fine-tuning, of a model or from scratch.",
    discussion: "Data: JSON Lines of {\"prompt\", \"completion\"} or {\"text\"}. Only completions are learnt.")

  @Option(help: ArgumentHelp("JSON Lines of examples.", valueName: "file")) var data: String
  @Option(help: ArgumentHelp("Folder of the model to start from.", valueName: "model")) var model: String?
  @Option(help: "Start from scratch with a model of this size: \(Preset.list).") var preset: Preset?
  @Option(help: ArgumentHelp("Folder with the tokenizer.json of a model from scratch.", valueName: "folder"))
  var tokenizer: String?
  @Option(help: ArgumentHelp("The token that ends a response, for a model from scratch.", valueName: "token"))
  var eosToken = "<|endoftext|>"
  @OptionGroup var training: TrainingFlags
  @OptionGroup var common: CommonOptions

  static let defaults = TrainingFlags.Defaults(optimizer: .adamw, learningRate: 1e-3, schedule: .cosine)

  func validate() throws {
    if training.resume { return }
    if (model == nil) == (preset == nil) {
      throw ValidationError("Give --model, or --preset with --tokenizer for a model from scratch.")
    }
    if preset != nil, tokenizer == nil { throw ValidationError("--preset needs --tokenizer, the folder of a tokenizer.json.") }
  }

  func run() throws {
    let run = TrainingRun(flags: training, common: common, command: "sft", description: resolved)
    let start = try run.startingFolder(model)
    let policy = try start.folder.map { try Policy(folder: $0) } ?? fresh()
    let groups = try policy.groups(data)
    let trainer = SupervisedTrainer(
      policy, groups: groups, options: training.options(Self.defaults, seed: common.seed), pool: common.makePool())
    let records = try run.run(trainer, resumedFrom: start)
    Console.result(TrainingSummary(records: records).text)
    Console.result("The policy is in \(training.out).")
  }

  private func fresh() throws -> Policy {
    let tokenizer = try Tokenizer(folder: tokenizer!)
    guard let end = tokenizer.id(of: eosToken) else {
      throw DataError(
        self.tokenizer!, "the tokenizer has no token \(eosToken) to end responses with; name one with --eos-token.",
        category: .configuration)
    }
    let configuration = preset!.configuration(vocabularySize: tokenizer.vocabularySize, endOfSequence: end)
    return Policy(model: StoredModel(new: configuration, seed: common.seed), tokenizer: tokenizer)
  }

  private var resolved: JSON.Object {
    var object = training.resolved(Self.defaults)
    object["data"] = .string(data)
    object["model"] = model.map { .string($0) } ?? .null
    object["preset"] = preset.map { .string($0.rawValue) } ?? .null
    return object
  }
}

extension Preset: ExpressibleByArgument {
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
