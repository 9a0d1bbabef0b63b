import ArgumentParser
import Poise
import PoiseFiles

/// `poise merge`
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Adapters and the model that they adapt as one model.",
    discussion: """
      Training with --lora-rank keeps adapters alone. Every command reads them as they are; merged, W + s·B·A, they are a model that \
      loads without PEFT, and all of whose weights can be trained further.
      """)

  @Option(help: ArgumentHelp("Folder of adapters, or a run that trained them.", valueName: "model")) var model: String
  @Option(help: ArgumentHelp("Folder of the merged model; made if it is not there.", valueName: "folder")) var out: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    let outline = try PolicyOutline(folder: model)
    guard outline.isAdapted else {
      throw DataError(model, "this is a whole model: it holds no adapters that could be merged.", category: .configuration)
    }
    try TrainingRun.requireNoModel(in: out)
    try Policy(folder: model, pool: common.makePool()).save(folder: out)
    Console.result("The merged model is in \(out).")
  }
}
