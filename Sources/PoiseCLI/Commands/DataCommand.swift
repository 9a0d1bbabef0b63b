import ArgumentParser
import Poise
import PoiseFiles
import PoiseText

/// `poise data`
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Makes the built-in task's data; labels answers; imports published preferences; looks into data files.",
    subcommands: [DataMakeCommand.self, DataLabelCommand.self, DataImportCommand.self, DataCheckCommand.self])
}

extension TaskData.Kind: ExpressibleByArgument {}

/// The names of splits on the command line.
enum SplitName: String, CaseIterable, ExpressibleByArgument {
  case training, validation
  case heldOut = "held-out"

  var split: TaskSplit {
    switch self {
    case .training: .training
    case .validation: .validation
    case .heldOut: .heldOut
    }
  }
}

/// `poise data make`
struct DataMakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make", abstract: "Makes data of the built-in task.",
    discussion: "Posts from a seeded grammar, with one-line summaries of mixed quality. The same seed gives the same bytes.")

  @Option(help: "sft (prompt and completion), prompts, or preferences (prompt, chosen, rejected and p(chosen ≻ rejected)).")
  var kind = TaskData.Kind.sft
  @Option(help: "training, validation (unseen facts) or held-out (unseen facts in unseen orders).") var split = SplitName.training
  @Option(help: ArgumentHelp("Records, 1 or more.", valueName: "n")) var count = 1_000
  @Option(help: ArgumentHelp("JSON Lines file to write. (default: standard output)", valueName: "file")) var out: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try requireRange("--count", count, 1...10_000_000)
    if let out, out.hasSuffix(".gz") {
      throw ValidationError("--out writes plain JSON Lines; name the file .jsonl and pack it with gzip.")
    }
  }

  func run() throws {
    let records = TaskData.records(kind: kind, split: split.split, count: count, seed: common.seed)
    guard let out else {
      for record in records { Console.result(record.line) }
      return
    }
    try JSONLines.write(records, to: out)
    common.note("\(count) records are in \(out).")
  }
}

/// `poise data check`
struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Reports counts, lengths, ties, empties, duplicates and bad lines of a data file.",
    discussion: """
      Every line is read, also behind bad ones. The exit code is 65 where a line is no record. Conversations are as long as what is \
      said in them; with a tokenizer and its chat template, as the model reads them.
      """)

  @Argument(
    help: ArgumentHelp("JSON Lines of prompts, completions or preferences, plain or .gz; - is standard input.", valueName: "file")
  )
  var file: String
  @Option(help: ArgumentHelp("Folder with a tokenizer.json: lengths are then tokens, not characters.", valueName: "folder"))
  var tokenizer: String?
  @OptionGroup var chat: ChatFlags
  @Option(help: ArgumentHelp("Count records longer than this, in tokens or characters, 1 or more.", valueName: "n"))
  var limit: Int?
  @OptionGroup var output: OutputOptions
  @OptionGroup var configurationOption: ConfigurationOption

  func validate() throws {
    if let limit { try requireRange("--limit", limit, 1...Int.max) }
    if chat.chatTemplate != nil, tokenizer == nil { throw ValidationError("--chat-template needs --tokenizer.") }
  }

  func run() throws {
    let report = try DatasetReport(
      inputPath(file), tokenizer: try tokenizer.map { try Tokenizer(folder: $0) },
      chatTemplate: try tokenizer.flatMap { try ChatTemplate(folder: $0, family: chat.chatTemplate) }, limit: limit)
    Console.result(output.json ? report.json.line : String(report.table.dropLast()))
    guard report.badLines == 0 else {
      throw DataError(file, "\(report.badLines) of \(report.badLines + report.records) lines are no records.")
    }
    guard report.records > 0 else { throw DataError(file, "the file has no records; one JSON object a line was expected.") }
  }
}
