import ArgumentParser
import Foundation
import Poise
import PoiseFiles
import PoiseKernels
import PoiseModel
import PoiseStudy

/// `poise study`
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study", abstract: "Compares methods as the paper does: search, seeds, tables, a report.",
    discussion: """
      STUDY is a YAML file, or the name of a built-in study: \(BuiltInStudy.list).

      Every method is trained with every setting of what is swept, and what its checkpoints answer to validation prompts is compared \
      with the baseline; the best setting and step of each is trained again with several seeds, and all pairs of all seeds are judged \
      on other prompts, in both orders. Every run is a folder of its own, made by a command that the report names. A study that was \
      stopped, in whatever way, goes on where it was when the same line is given again.
      """)

  @Argument(help: ArgumentHelp("A YAML file, or a built-in study.", valueName: "study")) var study: String
  @Option(help: ArgumentHelp("Folder of the study. (default: runs/STUDY, with -small where it is)", valueName: "folder"))
  var out: String?
  @Flag(help: "The small version that the study describes.") var small = false
  @Option(help: "grid: every setting to the end; halving: half of them are given up after a quarter and half of the steps.")
  var search: Study.Search?
  @Option(help: ArgumentHelp("Commands at a time, 1 to 1024. (default: all processors)", valueName: "n")) var jobs: Int?
  @Flag(help: "Print the study's YAML and do nothing.") var show = false
  @Flag(help: "No progress and no messages.") var quiet = false

  func validate() throws {
    if let jobs { try requireRange("--jobs", jobs, 1...1024) }
  }

  func run() throws {
    let source = try StudySource(study)
    if show { return Console.result(source.text.trimmingCharacters(in: .newlines)) }
    var study = try Study(source.json(), path: source.name, isSmall: small)
    if let search { study.search = search }
    let folder = out ?? "runs/\(source.title)\(small ? "-small" : "")"
    try requireKnownOptions(of: study, in: source.name)
    try requireReadable(study.commands(in: folder), in: source.name)
    let status = StatusLine()
    let runner = try StudyRunner(
      study, in: folder, workerCount: jobs ?? WorkerPool.processorCount, isStopped: { Interruption.isRequested },
      makeJudge: { try Judge.annotator($0, pool: WorkerPool(workerCount: WorkerPool.processorCount)) },
      launch: { arguments, output, errors in try PoiseProgram(arguments: arguments, output: output, errors: errors).run() },
      report: { [quiet] progress in if !quiet { status.show(progress.line) } })
    do {
      let results = try runner.run()
      status.clear()
      let report = StudyReport(study, results, folder: folder, circumstances: try circumstances())
      try report.write()
      Console.result(report.summary)
      Console.result("The report is \(folder)/report.html, and as Markdown \(folder)/report.md.")
    } catch is StudyInterruption {
      status.clear()
      Console.note("Stopped; what is done stays done. The same command goes on from here.")
      Foundation.exit(Interruption.exitCode)
    }
  }

  private func circumstances() throws -> StudyCircumstances {
    let system = ProcessInfo.processInfo
    let gigabytes = (Double(system.physicalMemory) / Double(1 << 30)).formatted(decimals: 1)
    return StudyCircumstances(
      facts: [
        .init("poise", Version.number), .init("kernels", InstructionSet.chosen.rawValue),
        .init("BLAS", LinearAlgebra.description),
        .init("processors", "\(WorkerPool.processorCount)\(Self.processor.map { ", \($0)" } ?? "")"),
        .init("memory", "\(gigabytes) GiB"), .init("system", system.operatingSystemVersionString),
      ], arguments: try Invocation.arguments.get())
  }

  /// What the processor calls itself; nil where the system does not say.
  private static var processor: String? {
    let text = (try? Files.read("/proc/cpuinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// A wrong value would otherwise be found by the first command that has it, hours later perhaps.
  private func requireReadable(_ commands: [StudyJob], in path: String) throws {
    for command in commands {
      let (type, words) = CommandOptions.command(of: PoiseCommand.self, chosenBy: command.arguments)
      do { _ = try type.parse(Array(command.arguments.dropFirst(words.count))) } catch {
        throw DataError(path, "\(command.name) cannot be made: \(type.message(for: error))", category: .configuration)
      }
    }
  }

  /// As a command would say of itself, but by the place in the file.
  private func requireKnownOptions(of study: Study, in path: String) throws {
    let training = CommandOptions(of: PoiseCommand.self, chosenBy: ["train"])
    let places =
      [("options", study.options)] + study.conditions.map { ("conditions.\($0.name)", $0.options) }
      + study.methods.map { ("methods.\($0.name)", $0.options) }
    let swept = study.methods.flatMap { method in method.swept.map { ("methods.\(method.name)", $0.option) } }
    for (place, name) in places.flatMap({ place, options in options.entries.map { (place, $0.name) } }) + swept
    where !training.options.contains(where: { $0.name == name }) {
      throw DataError(
        path, "\(place): `poise train` has no option \"\(name)\"; the nearest is \"\(training.nearest(to: name))\".",
        category: .configuration)
    }
  }
}

extension Study.Search: ExpressibleByArgument {}

/// The text of a study: a file, or a built-in one.
private struct StudySource {
  /// For errors.
  let name: String
  /// For folders.
  let title: String
  let text: String

  init(_ study: String) throws {
    if let builtIn = BuiltInStudy(rawValue: study) {
      (name, title, text) = ("the study \(study)", study, builtIn.yaml)
    } else {
      guard Files.exists(study) else { throw UnknownStudy(name: study) }
      name = study
      title = URL(fileURLWithPath: study).deletingPathExtension().lastPathComponent
      text = String(decoding: try Files.readInput(study), as: UTF8.self)
    }
  }

  func json() throws -> JSON { try YAMLText(text, path: name).json }
}

private struct UnknownStudy: ExplainedError {
  let name: String
  var category: FailureCategory { .inputMissing }
  var description: String {
    "There is no study \"\(name)\": neither a file of this name nor one of \(BuiltInStudy.list). `poise study paper --show` prints a "
      + "study to begin with."
  }
}

extension StudyProgress {
  fileprivate var line: String {
    var parts = ["\(stage) (\(stageDone) of \(stageCount))", "\((100 * share).formatted(decimals: 0)) %"]
    if let secondsLeft { parts.append("about \(ProgressLine.clock(secondsLeft)) of work left") }
    return parts.joined(separator: " · ")
  }
}
