import ArgumentParser
import Poise
import PoiseFiles
import PoiseText

extension PublishedFormat: ExpressibleByArgument {}

/// `poise data import`
struct DataImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Makes preference data of published human preferences.",
    discussion: """
      Writes {"prompt", "chosen", "rejected", "preference"}, where the preference is p(chosen ≻ rejected) by the votes, a tie \
      counting half. Formats and their inputs:

      ukpconvarg1  which of two arguments is more convincing, five votes each: the JSON Lines of the pairs, then those of the \
      arguments. Held out are whole topics.
      hh           Anthropic's transcripts, {"chosen", "rejected"}, which differ in the assistant's last turn. Held out are whole \
      conversations.
      pandalm      PandaLM's test set, a JSON list with three annotators. Held out are whole prompts.

      Rows that do not say which answer is better (ties, equal or empty answers, labels that contradict the votes) are left out \
      and counted by reason.
      """)

  @Argument(help: "Format: ukpconvarg1, hh or pandalm.") var format: PublishedFormat
  @Argument(help: ArgumentHelp("The published files, plain or (JSON Lines) .gz.", valueName: "input")) var inputs: [String]
  @Option(help: ArgumentHelp("JSON Lines file for training pairs.", valueName: "file")) var out: String
  @Option(help: ArgumentHelp("JSON Lines file for held-out pairs. (default: hold none out)", valueName: "file"))
  var heldOut: String?
  @Option(
    help: ArgumentHelp(
      "Share of conversations or prompts to hold out, between 0 and 1, chosen by --seed. (default: 0.2)", valueName: "share"))
  var heldOutShare: Double?
  @Option(
    name: .customLong("held-out-topic"),
    help: ArgumentHelp("Topic to hold out, both stances (ukpconvarg1); may be given repeatedly.", valueName: "name"))
  var heldOutTopics: [String] = []
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard inputs.count == format.inputs.count else {
      let wanted = format.inputs.joined(separator: ", then ")
      throw ValidationError("The inputs of \(format.rawValue) are \(wanted); \(inputs.count) given.")
    }
    for file in [out, heldOut].compactMap(\.self) where file.hasSuffix(".gz") {
      throw ValidationError("Plain JSON Lines are written; name the file .jsonl and pack it with gzip.")
    }
    if heldOut == out { throw ValidationError("--out and --held-out are one file; give two.") }
    try validateChoice()
  }

  private func validateChoice() throws {
    if heldOut == nil, heldOutShare != nil || !heldOutTopics.isEmpty {
      throw ValidationError("Give --held-out, the file for the pairs that are held out.")
    }
    if let heldOutShare, heldOutShare <= 0 || heldOutShare >= 1 || heldOutShare.isNaN {
      throw ValidationError("--held-out-share is \(heldOutShare); it must lie between 0 and 1.")
    }
    if format == .ukpconvarg1 {
      if heldOutShare != nil { throw ValidationError("ukpconvarg1 is divided by topic: give --held-out-topic, not a share.") }
    } else if !heldOutTopics.isEmpty {
      throw ValidationError("\(format.rawValue) has no topics: give --held-out-share.")
    }
  }

  private var choice: HeldOutChoice {
    if heldOut == nil { return .nothing }
    return format == .ukpconvarg1 ? .topics(heldOutTopics) : .share(heldOutShare ?? 0.2, seed: common.seed)
  }

  func run() throws {
    let published = try format.read(inputs.map(inputPath))
    let (training, held) = try choice.split(published.pairs)
    try JSONLines.write(training.lazy.map(\.json), to: out)
    if let heldOut { try JSONLines.write(held.lazy.map(\.json), to: heldOut) }
    let report = ImportReport(format, published, training: training, heldOut: held)
    Console.result(output.json ? report.json.line : ImportTable(report: report).text)
    common.note("\(training.count) pairs are in \(out)" + (heldOut.map { ", \(held.count) in \($0)." } ?? "."))
  }
}

/// The rows and what became of them, then the pairs of both files.
struct ImportTable {
  let report: ImportReport

  var text: String { rows + "\n\n" + pairs }

  private var rows: String {
    var table = TextTable([report.format.rawValue, "rows"])
    table.add(["read", String(report.rows)])
    for (reason, rows) in report.skipped { table.add(["skipped: \(reason.words)", String(rows)]) }
    table.add(["kept", String(report.kept.pairs)])
    return table.text
  }

  private var pairs: String {
    var table = TextTable(["", "pairs", "prompts", "repeated", "longer wins"])
    for (name, part) in [("training", report.training), ("held out", report.heldOut), ("both", report.kept)] {
      table.add([
        name, String(part.pairs), String(part.prompts), String(part.repeated),
        part.longerWins?.formatted(decimals: 3) ?? "–",
      ])
    }
    return table.text
  }
}
