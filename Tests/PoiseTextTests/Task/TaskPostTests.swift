import PoiseText
import Testing

@Suite struct TaskPostTests {
  @Test func factsAreReadBackFromTheText() throws {
    let post = try TaskRubricTests.post()
    #expect(post.facts.person == "Nora")
    #expect(post.facts.object == "kettle")
    #expect(post.facts.request == "refund")
    #expect(post.facts.figure == "40 euros")
    #expect(post.facts.place == "Lisbon")
    #expect(post.facts.date == "Friday")
    #expect(post.order == [.person, .place, .matter, .figure, .date])
    #expect(post.asides == ["Tamo", "12", "Porto", "lamp"])
  }

  @Test(arguments: TaskSplit.allCases) func everyPostIsReadBackAsItWasWritten(_ split: TaskSplit) throws {
    let generator = TaskGenerator(seed: 11)
    for index in 0..<2_000 {
      let post = generator.post(index, split: split)
      #expect(try Post(parsing: post.text) == post)
      #expect(try TaskGenerator.post(fromPrompt: TaskGenerator.prompt(for: post)) == post)
      #expect(Rubric().score(summary: TaskGenerator.referenceSummary(of: post), of: post).total == 6)
      #expect((40...90).contains(post.text.split(separator: " ").count))
    }
  }

  @Test func otherTextsAreRefusedWithAReason() {
    #expect(throws: PostError.unknownSentence(word: 1, near: "Call me Ishmael. Some")) {
      try Post(parsing: "Call me Ishmael. Some years ago")
    }
    #expect(throws: PostError.missing(.person)) { try Post(parsing: "The sun is out at last.") }
    #expect(throws: PostError.missing(.person)) { try Post(parsing: "") }
    #expect(throws: PostError.repeated(.place)) { try Post(parsing: "I live in Lisbon. All of this is in Porto.") }
    #expect(throws: PostError.unknownSentence(word: 1, near: "I live in Atlantis.")) { try Post(parsing: "I live in Atlantis.") }
    #expect(throws: PostError.unknownSentence(word: 1, near: "I live in")) { try Post(parsing: "I live in") }
    #expect(
      PostError.missing(.figure).description == "This is not a post of the built-in task: it names no figure.")
  }
}
