import ArgumentParser
import Poise
import PoiseFiles
import PoiseText

/// `poise data label`
struct DataLabelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Makes preference data of answers, labelled by a judge.",
    discussion: """
      Reads what `poise sample --n 2 --json` or more writes, and asks the judge about every pair of different answers to a prompt, \
      in both orders where that makes a difference to it. Writes {"prompt", "chosen", "rejected", "preference"}, with the judge's \
      probability as a soft label.
      """)

  @Argument(
    help: ArgumentHelp(
      "JSON Lines of {\"prompt\", \"completion\"}, those with one prompt one after the other.", valueName: "file"))
  var answers: String
  @Option(help: ArgumentHelp("Who prefers: \(Judge.kinds).", valueName: "judge")) var judge: String
  @OptionGroup var annotating: AnnotatorFlags
  @Option(help: ArgumentHelp("JSON Lines file to write.", valueName: "file")) var out: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try Files.requireCreatable(out)
    let judge = try Judge.annotator(judge, patience: annotating.annotatorTimeout, pool: common.makePool())
    let records = try LabelledPairs.records(pairs(), by: BothOrders.symmetrizing(judge))
    try judge.finish()
    guard !records.isEmpty else {
      throw DataError(answers, "no prompt has two different answers; sample two or more, `poise sample --n 2 --json`.")
    }
    try JSONLines.write(records, to: out)
    common.note("\(records.count) pairs are in \(out).")
  }

  /// Every pair of answers to one prompt.
  private func pairs() throws -> [Comparison] {
    var groups: [(prompt: String, texts: [String])] = []
    try JSONLines.read(inputPath(answers)) { line, json in
      guard let prompt = json["prompt"]?.string, let text = json["completion"]?.string else {
        throw DataError(answers, line: line, "{\"prompt\", \"completion\"} with two texts was expected.")
      }
      if groups.last?.prompt == prompt {
        groups[groups.count - 1].texts.append(text)
      } else {
        groups.append((prompt, [text]))
      }
    }
    return groups.flatMap { group in
      group.texts.indices.flatMap { first in
        group.texts[(first + 1)...].map { Comparison(prompt: group.prompt, first: group.texts[first], second: $0) }
      }
    }
  }
}
