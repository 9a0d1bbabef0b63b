import PoiseFiles
import PoiseText
import Testing

@Suite struct TaskDataTests {
  @Test func recordsHaveTheFormsOfTheCommands() throws {
    let posts = (0..<50).map { TaskGenerator(seed: 6).post($0, split: .heldOut) }
    let keys: [TaskData.Kind: [String]] = [
      .sft: ["prompt", "completion"], .prompts: ["prompt"], .preferences: ["prompt", "chosen", "rejected", "preference"],
    ]
    for kind in TaskData.Kind.allCases {
      let records = TaskData.records(kind: kind, split: .heldOut, count: 50, seed: 6)
      #expect(records.map { $0["prompt"]?.string } == posts.map { TaskGenerator.prompt(for: $0) })
      #expect(records.allSatisfy { $0.object?.keys == keys[kind] })
    }
  }

  @Test func completionsStartWithASpace() {
    for record in TaskData.records(kind: .sft, split: .training, count: 200, seed: 2) {
      #expect(record["completion"]?.string?.first == " ")
    }
  }

  @Test func theChosenSummaryIsTheOneThatTheRubricPrefers() throws {
    let records = TaskData.records(kind: .preferences, split: .training, count: 500, seed: 8)
    #expect(records.count == 500)
    for record in records {
      let (chosen, rejected) = (try #require(record["chosen"]?.string), try #require(record["rejected"]?.string))
      let preference = try #require(record["preference"]?.double)
      let prompt = try #require(record["prompt"]?.string)
      #expect(chosen != rejected)
      #expect(preference >= 0.5)
      #expect(try Rubric().preference(chosen, over: rejected, prompt: prompt) == preference)
    }
  }

  @Test func aMixtureOfGoodSummariesGivesOnlyPerfectOnes() throws {
    for record in TaskData.records(kind: .sft, split: .validation, count: 100, seed: 3, mixture: .flawless) {
      let post = try TaskGenerator.post(fromPrompt: try #require(record["prompt"]?.string))
      #expect(Rubric().score(summary: try #require(record["completion"]?.string), of: post).total == 6)
    }
  }
}
