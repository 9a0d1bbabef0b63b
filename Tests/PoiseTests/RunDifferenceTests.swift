import PoiseFiles
import Testing

@testable import Poise

@Suite struct RunDifferenceTests {
  private func run(_ options: JSON, data: String = "a", blas: String = "x") -> JSON {
    [
      "poise_version": "1", "options": options, "data_sha256": ["prompts": .string(data)], "blas": .string(blas),
      "files": ["f": 1],
    ]
  }

  @Test func whatChangesTheResultIsSaid() throws {
    let began = run(["learning_rate": 0.5, "schedule": "cosine", "steps": 3])
    #expect(RunDifference(began: began, goesOn: began) == nil)
    #expect(RunDifference(began: began, goesOn: run(["learning_rate": 0.5, "schedule": "cosine", "steps": 3], blas: "y")) == nil)
    let other = run(["learning_rate": 0.25, "schedule": "cosine", "steps": 4, "tau": 1], data: "b")
    #expect(
      try #require(RunDifference(began: began, goesOn: other)).description.hasSuffix(
        """
        an undisturbed one: learning_rate was 0.5 and is 0.25; steps was 3 and is 4; tau was null and is 1; the file of prompts has \
        other bytes.
        """))
  }

  /// Of a file that a stranger wrote: in quadratic time this would take minutes.
  @Test(.timeLimit(.minutes(1))) func anyNumberOfOptionsIsCompared() {
    let options = JSON.object(JSON.Object(uniqueMembers: (0..<200_000).map { ("option \($0)", .init($0)) }))
    #expect(RunDifference(began: run(options), goesOn: run(options)) == nil)
    #expect(RunDifference(began: run(options), goesOn: run([:])) != nil)
  }

  /// Where the rate does not fall, more steps are only more.
  @Test func moreStepsOfAConstantRateAreNoDifference() {
    let runs = [3, 4].map { run(["schedule": "constant", "steps": .init($0)]) }
    #expect(RunDifference(began: runs[0], goesOn: runs[1]) == nil)
  }
}
