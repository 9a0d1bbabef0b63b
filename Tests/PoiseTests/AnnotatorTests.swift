import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

@Suite struct AnnotatorTests {
  private func comparison(_ first: String, _ second: String) -> Comparison {
    Comparison(prompt: "which?", first: first, second: second)
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
