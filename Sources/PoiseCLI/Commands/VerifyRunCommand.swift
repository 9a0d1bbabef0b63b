import ArgumentParser
import Foundation
import Poise
import PoiseFiles

/// `poise verify-run`
struct VerifyRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-run", abstract: "Makes a run's last steps again and compares the bytes.",
    discussion: """
      From an older checkpoint of the run, by the command and in the folder that poise_run.json records, with the files it names; \
      where there is no older checkpoint, from the beginning. What programs that annotate have answered since the older checkpoint \
      is kept with the run, and they are not asked again. Every file of the newest checkpoint must come out byte for byte: exit code 0, else 65 and a paragraph that \
      says where the run first went another way. The run itself is only read.
      """)

  @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run")) var path: String
  @Option(
    help: ArgumentHelp("Steps to make again, at least. (default: those since the checkpoint before the newest)", valueName: "n"))
  var steps: Int?
  @Option(help: ArgumentHelp("Worker threads of the replay, 1 to 1024. (default: the run's)", valueName: "n")) var threads: Int?
  @Flag(
    help: "Start the program that poise_run.json names as the annotator; only where you trust that file.")
  var startAnnotator = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let steps { try requireRange("--steps", steps, 1...1_000_000_000) }
    if let threads { try requireRange("--threads", threads, 1...1024) }
  }

  func run() throws {
    let folder = NSTemporaryDirectory() + "poise-replay-\(ProcessInfo.processInfo.processIdentifier)"
    defer { Files.remove(folder) }
    let replay = try RunReplay(of: path, stepCount: steps, in: folder) { Console.note("\($0) The checkpoint before it is used.") }
    let program = try program(for: replay)
    Console.note(
      "Making steps \(replay.steps.lowerBound) to \(replay.steps.upperBound) of \(path) again, from "
        + (replay.start.map { "\($0.path)." } ?? "the beginning, since no older checkpoint is there."))
    try replay.prepare()
    let status = try program.run()
    if Interruption.isRequested {
      Files.remove(folder)
      Foundation.exit(Interruption.exitCode)
    }
    guard status == 0 else { throw ReplayFailure(run: path, line: program.arguments, status: status) }
    let outcome = try replay.outcome()
    report(outcome)
    if let difference = outcome.difference { throw difference }
    if !output.json { Console.result("\nEvery byte is as the run wrote it.") }
  }

  /// What makes runs; `poise profile` has a report of its own to write.
  private static let commands = ["sft", "reward", "preference", "train"]

  /// The recorded command, made to stop where the newest checkpoint was written.
  private func program(for replay: RunReplay) throws -> PoiseProgram {
    guard var command = RecordedCommand(try replay.target.description()), Self.commands.contains(command.arguments[0]) else {
      throw DataError(
        "\(replay.target.path)/poise_run.json",
        "a command that trains this run alone is not recorded, so it cannot be made again.")
    }
    // What the file of --config says by now is another line's matter.
    command.removeOccasion()
    // The line is what will be run, whatever the file says of its options elsewhere.
    let values = command.arguments.flatMap { [$0, String($0.drop { $0 != "=" }.dropFirst())] }
    if !startAnnotator, let program = values.first(where: Judge.startsProgram) {
      throw UntrustedAnnotator(run: path, annotator: program)
    }
    // Looks change nothing in a run, and ask questions of their own.
    for option in ["evaluate-every", "evaluation-judge", "evaluation-prompts"] where command.arguments[0] == "train" {
      command.remove(option)
    }
    command.remove("keep-best")
    var arguments = command.arguments
    if replay.start != nil { arguments.append("--resume") }
    if let threads { arguments.append("--threads=\(threads)") }
    arguments += ["--out=\(replay.folder)", "--stop-after=\(replay.target.step)", "--checkpoint-every=0", "--quiet"]
    let folder = command.workingDirectory
    return PoiseProgram(arguments: arguments, workingDirectory: folder.flatMap { Files.isDirectory($0) ? $0 : nil })
  }

  private func report(_ outcome: RunReplay.Outcome) {
    if output.json {
      for file in outcome.files {
        let line: JSON = [
          "file": .string(file.name), "bytes": .init(file.bytes), "sha256": .string(file.recorded),
          "replayed_sha256": file.replayed.map { .string($0) } ?? .null, "same": .bool(file.isSame),
        ]
        Console.result(line.line)
      }
      return
    }
    var table = TextTable(["file", "SHA-256", "made again", "bytes"], leftColumns: 3)
    for file in outcome.files {
      table.add([file.name, String(file.recorded.prefix(16)), file.isSame ? "the same" : "differs", String(file.bytes)])
    }
    Console.result(table.text)
  }
}

/// Steps that could not be made again; what stopped them stands above, in the words of the command itself.
private struct ReplayFailure: ExplainedError {
  let run: String
  let line: [String]
  let status: Int32

  var category: FailureCategory { FailureCategory(rawValue: status) ?? .internalFault }

  var description: String {
    "\(run): the steps could not be made again; the command ended with \(status), for the reason above. It was: poise "
      + line.joined(separator: " ")
  }
}

/// A run that would start a program which its user has not named.
private struct UntrustedAnnotator: ExplainedError {
  let run: String
  let annotator: String

  var category: FailureCategory { .usage }

  var description: String {
    "\(run): the steps are annotated by a program, `\(annotator)`, which making them again starts. Add --start-annotator if it is one "
      + "that you trust: whoever wrote the run's poise_run.json has chosen it."
  }
}
