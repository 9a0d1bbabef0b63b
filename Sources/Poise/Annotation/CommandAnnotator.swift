import Foundation
import PoiseFiles

/// A program that judges: JSON Lines in, `{"prompt", "a", "b"}`; JSON Lines out, `{"preference": p}`, in order. Of a conversation
/// the prompt is the transcript, and the messages themselves follow as `"messages"`. The program is started once, through the shell, and lives as long as the annotator.
public final class CommandAnnotator: Annotator, @unchecked Sendable {
  public var isAntisymmetric: Bool { false }
  private let command: String
  /// Seconds that an answer may take.
  private let patience: TimeInterval
  private let lock = NSLock()
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var unread = Data()

  /// Comparisons under way at once: few enough that neither side ever waits on a full pipe for the other.
  private static let chunk = 32

  /// - Parameter command: a line for `/bin/sh`, for example `python3 judge.py`.
  public init(_ command: String, patience: TimeInterval = 300) throws {
    self.command = command
    self.patience = patience
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "exec \(command)"]
    process.standardInput = input
    process.standardOutput = output
    signal(SIGPIPE, SIG_IGN)  // a program that stops reading is an error to report, not a reason to die
    do { try process.run() } catch {
      throw CommandAnnotatorError.cannotStart(command: command, reason: error.localizedDescription)
    }
  }

  deinit {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.terminate() }
  }

  public func preferences(_ comparisons: [Comparison]) throws -> [Double] {
    lock.lock()
    defer { lock.unlock() }
    var answers: [Double] = []
    for start in stride(from: 0, to: comparisons.count, by: Self.chunk) {
      let chunk = comparisons[start..<min(start + Self.chunk, comparisons.count)]
      try ask(chunk)
      for _ in chunk { answers.append(try readAnswer()) }
    }
    return answers
  }

  private func ask(_ comparisons: ArraySlice<Comparison>) throws {
    let lines = comparisons.map { comparison in
      var object = JSON.Object()
      object["prompt"] = .string(comparison.prompt)
      object["a"] = .string(comparison.first)
      object["b"] = .string(comparison.second)
      object["messages"] = comparison.question.conversation?.json
      return JSON.object(object).line + "\n"
    }
    do { try input.fileHandleForWriting.write(contentsOf: Data(lines.joined().utf8)) } catch {
      throw CommandAnnotatorError.stopped(command: command, status: exitStatus())
    }
  }

  private func readAnswer() throws -> Double {
    let line = try readLine()
    guard let json = try? JSON(parsing: line), let preference = json["preference"]?.double, (0...1).contains(preference) else {
      throw CommandAnnotatorError.badAnswer(command: command, answer: String(decoding: line.prefix(200), as: UTF8.self))
    }
    return preference
  }

  private func readLine() throws -> Data {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread = Data(unread[(end + 1)...]) }
        return Data(unread[..<end])
      }
      var descriptor = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, Int32(patience * 1000)) > 0 else {
        kill(process.processIdentifier, SIGKILL)  // it may have inherited a mask of blocked signals
        throw CommandAnnotatorError.tooSlow(command: command, seconds: patience)
      }
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { throw CommandAnnotatorError.stopped(command: command, status: exitStatus()) }
      unread.append(bytes)
    }
  }

  /// The status of a program that no longer answers; one that closed its output and lives on is ended.
  private func exitStatus() -> Int32 {
    let deadline = Date(timeIntervalSinceNow: 2)
    while process.isRunning, Date() < deadline { usleep(10_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return process.terminationStatus
  }
}

/// How an annotator's program can fail.
public enum CommandAnnotatorError: ExplainedError, Equatable {
  case cannotStart(command: String, reason: String)
  case stopped(command: String, status: Int32)
  case tooSlow(command: String, seconds: Double)
  case badAnswer(command: String, answer: String)

  public var category: FailureCategory {
    switch self {
    case .cannotStart: .configuration
    case .stopped, .tooSlow: .inputOutput
    case .badAnswer: .badData
    }
  }

  public var description: String {
    switch self {
    case .cannotStart(let command, let reason): "The annotator `\(command)` cannot be started (\(reason))."
    case .stopped(let command, let status):
      "The annotator `\(command)` stopped with status \(status) before it had answered. Run it by hand on one line "
        + "{\"prompt\": …, \"a\": …, \"b\": …}; what it wrote to standard error stands above."
    case .tooSlow(let command, let seconds):
      "The annotator `\(command)` gave no answer for \(seconds.formatted(decimals: 0)) seconds. It must write one line "
        + "{\"preference\": p} for each line it reads, and flush its output after each."
    case .badAnswer(let command, let answer):
      "The annotator `\(command)` answered `\(answer)`; a line {\"preference\": p} with p between 0 and 1 was expected."
    }
  }
}
