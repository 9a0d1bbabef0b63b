import Foundation
import PoiseFiles
import Testing

@testable import Poise

/// Programs as they come: they die, hang, talk too much or too little, and leave nothing behind.
@Suite struct CommandAnnotatorTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func comparison(_ first: String, _ second: String) -> Comparison {
    Comparison(prompt: "which?", first: first, second: second)
  }

  /// An annotator whose program is a shell script.
  private func annotator(_ script: String, patience: TimeInterval = 20) throws -> CommandAnnotator {
    try CommandAnnotator("sh '\(folder.file("judge.sh", script))'", patience: patience)
  }

  /// What it throws when it is asked twice.
  private func error(_ script: String, patience: TimeInterval = 20) throws -> CommandAnnotatorError {
    let annotator = try annotator(script, patience: patience)
    return try #require(
      #expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison("a", "b"), comparison("c", "d")]) })
  }

  private static let obedient = "while read -r line; do echo '{\"preference\": 0.5}'; done"

  // MARK: Answers

  @Test func aProgramReadsPromptAndResponsesAndItsAnswersAreUsed() throws {
    let annotator = try annotator(
      """
      while read -r line; do
        case "$line" in
          *which*good*bad*) echo '{"preference": 0.875}' ;;
          *which*bad*good*) echo '{"reason": "order", "preference": 0.25}' ;;
          *) echo '{"preference": 0}' ;;
        esac
      done
      """)
    #expect(try annotator.preferences([comparison("good", "bad"), comparison("bad", "good")]) == [0.875, 0.25])
    #expect(try annotator.preferences([]) == [])
    #expect(try annotator.preferences([comparison("so", "so")]) == [0])
    try annotator.finish()
  }

  /// Longer than what pipes hold, both ways.
  @Test func manyComparisonsComeBackInOrder() throws {
    let annotator = try annotator(
      """
      n=0
      while read -r line; do
        n=$((n + 1))
        echo "{\\"preference\\": 0.$((n % 10)), \\"reason\\": \\"$line\\"}" | tr -d '{}' | sed 's/.*\\("preference": 0..\\).*/{\\1}/'
      done
      """)
    let long = String(repeating: "long ", count: 800)
    let found = try annotator.preferences((0..<75).map { comparison(long + "\($0)", "short") })
    #expect(found == (1...75).map { Double($0 % 10) / 10 })
  }

  /// A program may read everything there is before it answers.
  @Test func questionsAreSentAhead() throws {
    let annotator = try annotator("head -n 70 >/dev/null; yes '{\"preference\": 0.25}' | head -n 70; cat >/dev/null")
    let long = String(repeating: "long ", count: 800)
    #expect(try annotator.preferences((0..<70).map { _ in comparison(long, "short") }).allSatisfy { $0 == 0.25 })
  }

  @Test func idsAreCountedFromOneAndMayBeRepeated() throws {
    let annotator = try annotator(
      #"while read -r line; do echo "{\"preference\": 1, \"id\": ${line##*:}"; done"#)
    for _ in 0..<2 { #expect(try annotator.preferences([comparison("a", "b"), comparison("c", "d")]) == [1, 1]) }
    try annotator.finish()
  }

  @Test func theLineMayBeAnyThatTheShellUnderstands() throws {
    let annotator = try CommandAnnotator("cd '\(folder.path)' && \(Self.obedient)")
    #expect(try annotator.preferences([comparison("a", "b")]) == [0.5])
  }

  // MARK: Faults

  @Test func aProgramThatStopsIsReportedWithItsStatusAndItsLastWords() throws {
    let error = try error(
      "read -r line\nfor n in 1 2 3 4 5 6; do echo \"  bad day $n\" >&2; done\nprintf '\\033[1mend' >&2\nexit 3")
    #expect(error.fault == .exited(status: 3) && error.answered == 0)
    #expect(error.lastLines == ["bad day 3", "bad day 4", "bad day 5", "bad day 6", "[1mend"])
    #expect(error.category == .inputOutput)
    for part in ["judge.sh", "status 3", "before its first answer", "bad day 5 / bad day 6"] {
      #expect(error.description.contains(part), "\(error.description)")
    }
    #expect(!error.description.contains("\n"))
  }

  @Test func whatItWritesToStandardErrorIsBounded() throws {
    let error = try error("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1")
    #expect(error.lastLines.count == 1 && error.lastLines[0].count < 410)
  }

  @Test func tooFewAnswersAreAProgramThatStopped() throws {
    let error = try error("read -r line; echo '{\"preference\": 1}'; exit 0")
    #expect(error.fault == .exited(status: 0) && error.answered == 1)
    #expect(error.description.contains("after 1 answer"))
  }

  @Test func aProgramThatIsKilledIsReportedWithTheSignal() throws {
    let error = try error("exec sh -c 'kill -9 $$'")
    #expect(error.fault == .killed(signal: SIGKILL))
    #expect(error.description.contains("killed by signal 9 (Killed) before its first answer"))
  }

  @Test func aProgramThatIsNotThereIsReported() throws {
    let annotator = try CommandAnnotator("/nowhere/judge")
    let error = try #require(#expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison("a", "b")]) })
    #expect(error.fault == .exited(status: 127))
    #expect(error.description.contains("did not find") && error.description.contains("/nowhere/judge: not found"))
  }

  @Test(arguments: [
    "maybe", #"{"preference": 1.5}"#, #"{"preference": -0.1}"#, #"{"preference": "1"}"#, #"{"preference": NaN}"#,
    #"{"preference": 1e999}"#, #"{"preference": null}"#, "[0.5]", "{}", "",
  ])
  func anAnswerThatIsNoPreferenceIsQuoted(_ answer: String) throws {
    let error = try error("read -r line\ncat <<'END'\n\(answer)\nEND\nsleep 1")
    #expect(error.fault == .badAnswer(answer))
    #expect(error.category == .badData)
    #expect(error.description.contains("`\(answer)`"))
  }

  @Test func aProgramThatIsTooSlowIsEnded() throws {
    let error = try error("exec sleep 30", patience: 0.2)
    #expect(error.fault == .tooSlow(seconds: 0.2) && error.category == .inputOutput)
    #expect(error.description.contains("for 0.2 seconds") && error.description.contains("--annotator-timeout"))
  }

  /// The pipe is full long before a program that does not read has been asked everything.
  @Test func aProgramThatNeverReadsIsTooSlow() throws {
    let annotator = try annotator("exec sleep 30", patience: 0.2)
    let long = String(repeating: "long ", count: 50_000)
    let error = try #require(#expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison(long, long)]) })
    #expect(error.fault == .tooSlow(seconds: 0.2))
  }

  @Test func closedPipesAreReported() throws {
    let long = String(repeating: "long ", count: 50_000)
    let deaf = try annotator("exec 0<&-; exec sleep 30")
    let error = try #require(#expect(throws: CommandAnnotatorError.self) { try deaf.preferences([comparison(long, long)]) })
    #expect(error.fault == .closedInput)
    #expect(try self.error("exec 1>&-; exec sleep 30").fault == .closedOutput)
  }

  @Test func aLineThatDoesNotEndIsNotReadForEver() throws {
    let error = try error("read -r line; exec cat /dev/zero")
    #expect(error.fault == .endless && error.category == .badData)
  }

  @Test func answersInAnotherOrderAreFound() throws {
    let error = try error(
      #"read -r a; read -r b; echo "{\"preference\": 1, \"id\": ${b##*:}"; echo "{\"preference\": 1, \"id\": ${a##*:}"; sleep 30"#
    )
    #expect(error.fault == .outOfOrder(id: "2", expected: 1))
    #expect(error.discreditsEarlierAnswers && error.category == .badData)
  }

  @Test func whatIsSaidBeforeAQuestionIsNoAnswer() throws {
    let annotator = try annotator("echo Loading; touch '\(folder.path)/said'; \(Self.obedient)")
    while !Files.exists("\(folder.path)/said") { usleep(1000) }
    let error = try #require(#expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison("a", "b")]) })
    #expect(error.fault == .unasked("Loading") && error.discreditsEarlierAnswers)
  }

  /// After the last answer it is found where nothing more is asked, and at the next question otherwise.
  @Test(arguments: [true, false]) func moreAnswersThanQuestionsAreFound(_ isLast: Bool) throws {
    let annotator = try annotator(
      "read -r line; echo '{\"preference\": 1}'; sleep 0.05; echo '{\"preference\": 0}'; touch '\(folder.path)/said'; cat >/dev/null"
    )
    #expect(try annotator.preferences([comparison("a", "b")]) == [1])
    if !isLast { while !Files.exists("\(folder.path)/said") { usleep(1000) } }
    let error = try #require(
      #expect(throws: CommandAnnotatorError.self) {
        if isLast { try annotator.finish() } else { _ = try annotator.preferences([comparison("c", "d")]) }
      })
    #expect(error.fault == .unasked(#"{"preference": 0}"#) && error.answered == 1)
  }

  @Test func aWordOfFarewellIsNoAnswer() throws {
    let annotator = try annotator("\(Self.obedient)\necho 'It was a pleasure.'")
    _ = try annotator.preferences([comparison("a", "b")])
    try annotator.finish()
    let error = try #require(#expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison("a", "b")]) })
    #expect(error.fault == .exited(status: 0))
  }

  // MARK: What is left

  /// The program's own number, and that of something it has started and forgotten.
  private func processes() throws -> [pid_t] {
    let path = "\(folder.path)/processes"
    while !Files.exists(path) { usleep(1000) }
    return try String(decoding: Files.read(path), as: UTF8.self).split(separator: "\n").map { try #require(pid_t($0)) }
  }

  private static let begetting = "sleep 60 & echo $! > processes.tmp; echo $$ >> processes.tmp; mv processes.tmp processes"

  /// Ended at once or within half a minute; reaped by whoever had to.
  private func expectGone(_ processes: [pid_t]) {
    for process in processes {
      let start = ContinuousClock.now
      while isAlive(process), ContinuousClock.now - start < .seconds(30) { usleep(1000) }
      #expect(!isAlive(process))
    }
  }

  /// A process that nobody has waited for is no longer alive.
  private func isAlive(_ process: pid_t) -> Bool {
    guard kill(process, 0) == 0 else { return false }
    let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.hasPrefix(" Z") != true
  }

  @Test func aFaultEndsTheWholeGroup() throws {
    let error = try error("cd '\(folder.path)'; trap '' TERM; \(Self.begetting); read -r line; echo nonsense; sleep 60; sleep 60")
    #expect(error.fault == .badAnswer("nonsense"))
    expectGone(try processes())
  }

  @Test(arguments: [true, false]) func anEndEndsTheWholeGroup(_ isSaid: Bool) throws {
    var annotator: CommandAnnotator? = try annotator("cd '\(folder.path)'; \(Self.begetting); \(Self.obedient)")
    let processes = try processes()
    #expect(try annotator?.preferences([comparison("a", "b")]) == [0.5])
    #expect(processes.allSatisfy(isAlive))
    if isSaid { try annotator?.finish() } else { annotator = nil }
    expectGone(processes)
    // The program was waited for: it is not even a zombie.
    #expect(kill(processes[1], 0) == -1)
  }
}
