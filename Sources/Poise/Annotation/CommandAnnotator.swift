import Foundation
import PoiseFiles

/// A program that judges: JSON Lines in, `{"prompt", "a", "b"}`; JSON Lines out, `{"preference": p}`, in order. Of a conversation
/// the prompt is the transcript, and the messages themselves follow as `"messages"`. Every question ends with its number, `"id"`: a
/// program that repeats it in its answers is checked for their order.
///
/// The program is started once, through the shell, and lives as long as the annotator, or until ``finish()``. Questions are sent ahead as
/// fast as it reads them. Whatever it does wrong ends it, with all that it has started, and is told in a ``CommandAnnotatorError``.
public final class CommandAnnotator: IncrementalAnnotator, @unchecked Sendable {
  public var isAntisymmetric: Bool { false }

  /// Seconds that an answer may take, unless said otherwise: enough for a language model to load.
  public static let defaultPatience: TimeInterval = 300
  /// Bytes of an answer's line, reasons and all.
  static let longestAnswer = 1 << 20
  /// Seconds in which a program that has closed a pipe is expected to end.
  private static let parting: TimeInterval = 2
  /// Seconds that a program has to wind up in when it is asked no more.
  private static let windingUp: TimeInterval = 5

  private let command: String
  private let patience: TimeInterval
  private let lock = NSLock()
  private let program: ConfinedProgram
  /// What has been read beyond the last answer.
  private var unread: [UInt8] = []
  private var isOutputOver = false
  /// Questions answered so far, and so the number of the last of them.
  private var answered = 0

  /// - Parameters:
  ///   - command: a line for `/bin/sh`, for example `python3 judge.py`.
  ///   - patience: seconds that an answer may take.
  public init(_ command: String, patience: TimeInterval = CommandAnnotator.defaultPatience) throws(CommandAnnotatorError) {
    self.command = command
    self.patience = patience
    do throws(POSIXError) { program = try ConfinedProgram(command) } catch {
      throw CommandAnnotatorError(command: command, fault: .notStarted(reason: String(cString: strerror(error.code.rawValue))))
    }
  }

  public func preferences(_ comparisons: [Comparison]) throws -> [Double] {
    var answers: [Double] = []
    try answer(comparisons) { _, preference in answers.append(preference) }
    return answers
  }

  public func answer(_ comparisons: [Comparison], each: (_ index: Int, _ preference: Double) throws -> Void) throws {
    lock.lock()
    defer { lock.unlock() }
    guard !comparisons.isEmpty else { return }
    guard program.ending == nil else { throw fail(nil) }
    try requireSilence()
    try exchange(comparisons, each)
    try requireSilence()
  }

  /// Ends the program, which may take its time for that, and looks whether it had more to say than it was asked.
  public func finish() throws {
    lock.lock()
    defer { lock.unlock() }
    guard program.ending == nil else { return }
    try requireSilence()
    program.closeInput()
    let deadline = ContinuousClock.now + .seconds(Self.windingUp)
    while !isOutputOver, .now < deadline {
      if wait(seconds: 0.01) != nil { receive() } else if program.hasEnded(within: 0) { break }
    }
    let surplus = nextLine()
    program.end(within: (deadline - .now) / .seconds(1))
    // A word of farewell is no answer.
    if let surplus, Self.json(surplus)?["preference"] != nil { throw fail(.unasked(surplus)) }
  }

  // MARK: The conversation

  /// Sends questions and takes answers, whichever is possible, until all are answered.
  private func exchange(_ comparisons: [Comparison], _ each: (Int, Double) throws -> Void) throws {
    let first = answered
    var (begun, sent, received) = (0, 0, 0)
    var unsent: ArraySlice<UInt8> = []
    var isInputClosed = false
    var deadline = ContinuousClock.now + .seconds(patience)
    while received < comparisons.count {
      if unsent.isEmpty, begun < comparisons.count {
        unsent = line(comparisons[begun], number: first + begun + 1)[...]
        begun += 1
      }
      let sends = !unsent.isEmpty && !isInputClosed
      guard let ready = wait(seconds: (deadline - .now) / .seconds(1), toSend: sends) else {
        throw fail(isInputClosed ? .closedInput : .tooSlow(seconds: patience))
      }
      if ready.toSend {
        if send(&unsent) {
          if unsent.isEmpty { sent += 1 }
        } else {
          // It will not be asked the rest. What it has said already is worth more than that it has stopped to listen.
          isInputClosed = true
          deadline = min(deadline, .now + .seconds(Self.parting))
        }
      }
      guard ready.toReceive else { continue }
      receive()
      while received < comparisons.count, let line = nextLine() {
        guard received < sent else { throw fail(.unasked(line)) }
        try each(received, preference(line, number: first + received + 1))
        received += 1
        answered += 1
        deadline = .now + .seconds(isInputClosed ? Self.parting : patience)
      }
      if received == comparisons.count { break }
      if unread.count > Self.longestAnswer { throw fail(.endless) }
      if isOutputOver { throw fail(program.hasEnded(within: Self.parting) ? nil : .closedOutput) }
    }
  }

  private func line(_ comparison: Comparison, number: Int) -> [UInt8] {
    var object = JSON.Object()
    object["prompt"] = .string(comparison.prompt)
    object["a"] = .string(comparison.first)
    object["b"] = .string(comparison.second)
    object["messages"] = comparison.question.conversation?.json
    object["id"] = .init(number)
    return Array((JSON.object(object).line + "\n").utf8)
  }

  private func preference(_ line: [UInt8], number: Int) throws(CommandAnnotatorError) -> Double {
    guard let json = Self.json(line), let preference = json["preference"]?.double, (0...1).contains(preference) else {
      throw fail(.badAnswer(line))
    }
    if let id = json["id"], id != .null, id.double != Double(number), id.string != String(number) {
      throw fail(.outOfOrder(id: Array(id.line.utf8), expected: number))
    }
    return preference
  }

  private static func json(_ line: [UInt8]) -> JSON? { try? JSON(parsing: line) }

  /// What has come without a question would be taken for the answer to the next.
  private func requireSilence() throws(CommandAnnotatorError) {
    while !isOutputOver, unread.count <= Self.longestAnswer, wait(seconds: 0) != nil { receive() }
    guard !unread.isEmpty else { return }
    throw fail(unread.count > Self.longestAnswer ? .endless : .unasked(nextLine() ?? unread))
  }

  // MARK: The pipes

  /// Nil where nothing can be done within `seconds`.
  private func wait(seconds: Double, toSend: Bool = false) -> (toSend: Bool, toReceive: Bool)? {
    var descriptors = [
      pollfd(fd: program.output, events: Int16(POLLIN), revents: 0),
      pollfd(fd: toSend ? program.input : -1, events: Int16(POLLOUT), revents: 0),
    ]
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      let left = max(0, (end - .now) / .seconds(1))
      let count = poll(&descriptors, 2, Int32(min(1000 * left, 1e9).rounded(.up)))
      if count > 0 { return (descriptors[1].revents != 0, descriptors[0].revents != 0) }
      if left == 0 { return nil }
    }
  }

  /// Sends what there is room for; false where nobody will read it.
  private func send(_ bytes: inout ArraySlice<UInt8>) -> Bool {
    let count = bytes.withUnsafeBytes { write(program.input, $0.baseAddress, $0.count) }
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    bytes = bytes.dropFirst(count)
    return true
  }

  private func receive() {
    var block = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(program.output, &block, block.count)
    if count > 0 { unread += block[..<count] }
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { isOutputOver = true }
  }

  private func nextLine() -> [UInt8]? {
    guard let end = unread.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    defer { unread.removeFirst(end + 1) }
    return Array(unread[..<end])
  }

  /// Ends the program and says why.
  ///
  /// - Parameter fault: nil where it has ended by itself.
  private func fail(_ fault: CommandAnnotatorError.Fault?) -> CommandAnnotatorError {
    let ending = program.end(within: 0.2)  // for what it may have to say about it
    return CommandAnnotatorError(
      command: command, fault: fault ?? .ended(ending), answered: answered, lastLines: program.standardError.lastLines)
  }
}

/// How an annotator's program can fail: what it did, after how many answers, and the last that it wrote to its standard error.
public struct CommandAnnotatorError: ExplainedError, Equatable {
  public enum Fault: Sendable, Equatable {
    case notStarted(reason: String)
    case exited(status: Int32)
    case killed(signal: Int32)
    /// The program goes on, but reads no more.
    case closedInput
    /// The program goes on, but will not answer.
    case closedOutput
    case tooSlow(seconds: Double)
    case badAnswer(String)
    /// It wrote a line for which there is no question.
    case unasked(String)
    case outOfOrder(id: String, expected: Int)
    /// A line that does not come to its end.
    case endless
  }

  public let command: String
  public let fault: Fault
  /// Questions that it had answered before.
  public let answered: Int
  /// Of its standard error.
  public let lastLines: [String]

  init(command: String, fault: Fault, answered: Int = 0, lastLines: [String] = []) {
    (self.command, self.fault, self.answered, self.lastLines) = (command, fault, answered, lastLines)
  }

  public var category: FailureCategory {
    switch fault {
    case .notStarted: .configuration
    case .exited, .killed, .closedInput, .closedOutput, .tooSlow: .inputOutput
    case .badAnswer, .unasked, .outOfOrder, .endless: .badData
    }
  }

  /// Whether earlier answers may have been to other questions than they were taken for.
  public var discreditsEarlierAnswers: Bool {
    switch fault {
    case .unasked, .outOfOrder: true
    default: false
    }
  }

  public var description: String {
    "The annotator `\(ProgramText.quotable(Array(command.utf8), limit: 200))` \(deed)\(standardError)"
  }

  private var standardError: String {
    if case .notStarted = fault { return "" }
    if lastLines.isEmpty { return " It wrote nothing to standard error." }
    return " The last that it wrote to standard error: \(lastLines.joined(separator: " / "))"
  }

  private var after: String {
    answered == 0 ? "before its first answer" : answered == 1 ? "after 1 answer" : "after \(answered) answers"
  }

  private var deed: String {
    let byHand = "Run it by hand on one line {\"prompt\": …, \"a\": …, \"b\": …}."
    let contract = "It must write one line {\"preference\": p} for each line it reads, and flush its output after each"
    switch fault {
    case .notStarted(let reason): return "cannot be started (\(reason))."
    case .exited(127): return "stopped with status 127 \(after): the shell did not find a program. Check its name and path."
    case .exited(let status): return "stopped with status \(status) \(after), while it was being asked. \(byHand)"
    case .killed(let signal):
      return "was killed by signal \(signal) (\(String(cString: strsignal(signal)))) \(after). Was there enough memory? \(byHand)"
    case .closedInput:
      return "closed its standard input \(after) and went on; it must read all questions to the end. It was ended. \(byHand)"
    case .closedOutput:
      return "closed its standard output \(after) and went on; it must answer all questions. It was ended. \(byHand)"
    case .tooSlow(let seconds):
      return "gave no answer for \(seconds.formatted(significantDigits: 6)) seconds, \(after), and was ended. \(contract); "
        + "--annotator-timeout allows it more time."
    case .badAnswer(let answer):
      return
        "answered `\(answer)` \(after); a line {\"preference\": p} with p between 0 and 1 was expected. What is no answer belongs "
        + "on standard error."
    case .unasked(let line):
      return
        "wrote `\(line)` \(after), without a question to answer. \(contract), and nothing else: earlier answers may have been to "
        + "other questions than they were taken for."
    case .outOfOrder(let id, let expected):
      return
        "answered the question with \"id\" \(id) \(after), where \(expected) was next. Answers must come in the order of the "
        + "questions."
    case .endless:
      return
        "wrote more than \(CommandAnnotator.longestAnswer) bytes without the end of a line, \(after), and was ended. \(contract)."
    }
  }
}

extension CommandAnnotatorError.Fault {
  private static let quoted = 200

  fileprivate static func ended(_ ending: ConfinedProgram.Ending) -> Self {
    switch ending {
    case .exited(let status): .exited(status: status)
    case .killed(let signal): .killed(signal: signal)
    }
  }

  fileprivate static func badAnswer(_ line: [UInt8]) -> Self { .badAnswer(ProgramText.quotable(line, limit: quoted)) }
  fileprivate static func unasked(_ line: [UInt8]) -> Self { .unasked(ProgramText.quotable(line, limit: quoted)) }
  fileprivate static func outOfOrder(id: [UInt8], expected: Int) -> Self {
    .outOfOrder(id: ProgramText.quotable(id, limit: quoted), expected: expected)
  }
}
