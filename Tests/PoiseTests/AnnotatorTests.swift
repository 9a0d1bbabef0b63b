import Foundation
import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

@Suite struct AnnotatorTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func comparison(_ first: String, _ second: String) -> Comparison {
    Comparison(prompt: "which?", first: first, second: second)
  }

  /// An annotator whose program is a shell script.
  private func annotator(_ script: String, patience: TimeInterval = 20) throws -> CommandAnnotator {
    try CommandAnnotator("sh '\(folder.file("judge.sh", script))'", patience: patience)
  }

  private func error(_ script: String, patience: TimeInterval = 20) throws -> CommandAnnotatorError {
    let annotator = try annotator(script, patience: patience)
    return try #require(
      #expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison("a", "b"), comparison("c", "d")]) })
  }

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
  }

  @Test func manyComparisonsComeBackInOrder() throws {
    let annotator = try annotator(
      """
      n=0
      while read -r line; do
        n=$((n + 1))
        echo "{\\"preference\\": 0.$((n % 10))}"
      done
      """)
    let long = String(repeating: "long ", count: 800)
    let found = try annotator.preferences((0..<75).map { comparison(long + "\($0)", "short") })
    #expect(found == (1...75).map { Double($0 % 10) / 10 })
  }

  @Test func aProgramThatStopsIsReportedWithItsStatus() throws {
    let error = try error("read -r line\nexit 3")
    guard case .stopped(_, let status) = error else { throw error }
    #expect(status == 3)
    #expect(error.category == .inputOutput)
    #expect(error.description.contains("judge.sh") && error.description.contains("status 3"))
  }

  @Test func aProgramThatIsNotThereIsReported() throws {
    let annotator = try CommandAnnotator("/nowhere/judge 2>/dev/null")
    let error = #expect(throws: CommandAnnotatorError.self) { try annotator.preferences([comparison("a", "b")]) }
    guard case .stopped(_, let status) = try #require(error) else { throw error! }
    #expect(status != 0)
  }

  @Test(arguments: ["maybe", #"{"preference": 1.5}"#, #"{"preference": -0.1}"#, #"{"preference": "1"}"#, "[0.5]", "{}", ""])
  func anAnswerThatIsNoPreferenceIsQuoted(_ answer: String) throws {
    let error = try error("cat <<'END'\n\(answer)\nEND\nsleep 1")
    #expect(error == .badAnswer(command: "sh '\(folder.path)/judge.sh'", answer: answer))
    #expect(error.category == .badData)
    #expect(error.description.contains("`\(answer)`"))
  }

  @Test func aProgramThatIsTooSlowIsReported() throws {
    let error = try error("exec sleep 30", patience: 0.2)
    guard case .tooSlow(_, let seconds) = error else { throw error }
    #expect(seconds == 0.2)
  }

  /// Says nothing but that it likes what comes first.
  private struct LikesTheFirst: Annotator {
    let isAntisymmetric = false

    func preferences(_ comparisons: [Comparison]) -> [Double] { comparisons.map { $0.first == "best" ? 1 : 0.75 } }
  }

  @Test func bothOrdersCancelTheBiasOfPosition() throws {
    let annotator = BothOrders(LikesTheFirst())
    let comparisons = [comparison("a", "b"), comparison("best", "b"), comparison("a", "best")]
    let preferences = try annotator.preferences(comparisons)
    #expect(preferences == [0.5, 0.625, 0.375])
    #expect(try annotator.preferences(comparisons.map(\.swapped)) == preferences.map { 1 - $0 })
  }

  @Test func judgesAreFoundByTheirDescription() throws {
    let pool = WorkerPool(workerCount: 1)
    #expect(try Judge.annotator("rubric", pool: pool) is RubricAnnotator)
    #expect(try Judge.annotator("command:cat", pool: pool) is CommandAnnotator)
    #expect(try Judge.annotator("rubric:cyclic", pool: pool) is RubricAnnotator)
    #expect(throws: JudgeError.noProgram) { try Judge.annotator("command:", pool: pool) }
    #expect(throws: JudgeError.unknown("oracle")) { try Judge.annotator("oracle", pool: pool) }
    #expect(throws: JudgeError.noModel("reward")) { try Judge.annotator("reward:", pool: pool) }
    #expect(throws: JudgeError.noModel("preference")) { try Judge.annotator("preference:", pool: pool) }
    #expect(throws: FileError.self) { try Judge.annotator("reward:nowhere", pool: pool) }
  }

  @Test func onlyRewardsCanFeedAPolicyGradient() throws {
    let pool = WorkerPool(workerCount: 1)
    #expect(try Judge.feedback("rubric", for: .rewards, pool: pool).signal == .rewards)
    #expect(try Judge.feedback("rubric", for: .preferences, pool: pool).signal == .preferences)
    #expect(throws: JudgeError.noReward("command:cat")) { try Judge.feedback("command:cat", for: .rewards, pool: pool) }
    #expect(throws: JudgeError.noReward("rubric:cyclic")) { try Judge.feedback("rubric:cyclic", for: .rewards, pool: pool) }
  }
}
