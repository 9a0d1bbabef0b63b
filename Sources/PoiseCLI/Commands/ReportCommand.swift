import ArgumentParser
import PoiseFiles
import PoiseModel
import PoiseStudy

/// `poise report`
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "What training runs did, as one page: words, tables, curves and samples.",
    discussion: """
      RUN is the folder of any training run: sft, reward, preference, train; finished, still at work or stopped; one, or several to \
      be compared. The page needs no network and no other file. What is in it comes from the folders alone, but for the samples: \
      their newest complete checkpoints, and what they started from, answer the first prompts of a file. The report of a study is \
      written by poise study.
      """)

  @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run")) var runs: [String]
  @Option(help: ArgumentHelp("The page to write, *.html; what is there is replaced.", valueName: "file")) var out = "report.html"
  @Option(
    help: ArgumentHelp(
      "JSON Lines of {\"prompt\"}, of which the first three are answered. (default: those of the first run that names some)",
      valueName: "file"))
  var prompts: String?
  @Flag(
    help:
      "Also FILE.md, and in a folder FILE all figures as SVG and their data as CSV, where FILE is that of --out without .html.")
  var markdown = false
  @Option(help: ArgumentHelp("Worker threads, 1 to 1024; the page stays the same. (default: all processors)", valueName: "n"))
  var threads: Int?

  private static let ending = ".html"

  func validate() throws {
    if let threads { try requireRange("--threads", threads, 1...1024) }
    if !out.hasSuffix(Self.ending) || out.count == Self.ending.count {
      throw ValidationError("--out is \(out); it must end in .html.")
    }
  }

  func run() throws {
    try Files.requireCreatable(out)
    let report = try RunReport(
      runs, prompts: prompts.map(inputPath), pool: WorkerPool(workerCount: threads ?? WorkerPool.processorCount))
    let stem = String(out.dropLast(Self.ending.count))
    try report.write(stem, withFiles: markdown)
    Console.result("The report is \(out)\(markdown ? ", and as Markdown \(stem).md" : "").")
  }
}
