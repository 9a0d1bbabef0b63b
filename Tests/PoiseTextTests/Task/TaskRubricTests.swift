import PoiseText
import Testing

@Suite struct TaskRubricTests {
  static let text =
    "Hello from Nora in Lisbon. My cousin Tamo says hello. I need a kettle refund for 40 euros. The sun is out at last. "
    + "It has to be done by Friday. I counted 12 ducks on the pond. My sister just moved to Porto. At least the lamp still works."

  static func post() throws -> Post { try Post(parsing: text) }

  struct Case: Sendable, CustomTestStringConvertible {
    let summary: String
    let covered: Int
    var asides = 0
    var inventions = 0
    var repetitions = 0
    var excessWords = 0
    let form: Double
    let total: Double
    var testDescription: String { summary }
  }

  static let cases = [
    Case(summary: "Note from Nora: a kettle refund for 40 euros in Lisbon by Friday.", covered: 5, form: 1, total: 6),
    Case(summary: " Wish from Nora: a kettle refund for 40 euros in Lisbon by Friday.", covered: 5, form: 1, total: 6),
    Case(summary: "Word from Nora: a kettle refund for 40 euros in Lisbon by Friday.", covered: 5, form: 1, total: 6),
    Case(summary: "Note from Nora: a kettle refund in Lisbon by Friday.", covered: 4, form: 1, total: 5),
    Case(summary: "Note from someone: something for 40 euros in Lisbon.", covered: 2, form: 1, total: 3),
    Case(
      summary: "Note from Tamo: a kettle refund for 40 euros in Lisbon by Friday.", covered: 4, asides: 1, form: 1, total: 4.5),
    Case(
      summary: "Note from Kelin: a kettle refund for 40 euros in Lisbon by Friday.", covered: 4, inventions: 1, form: 1, total: 4),
    Case(
      summary: "Note from Nora: a kettle refund for 12 euros in Lisbon by Friday.", covered: 4, asides: 1, form: 1, total: 4.5),
    Case(
      summary: "Note from Nora: a kettle refund for 40 dollars in Lisbon by Friday.", covered: 4, inventions: 1, form: 1, total: 4
    ),
    Case(
      summary: "Note from Nora: a lamp refund for 40 euros in Porto by Monday.", covered: 2, asides: 2, inventions: 1, form: 1,
      total: 1),
    Case(
      summary: "Note from Nora: a kettle repair for 40 euros in Lisbon by Friday.", covered: 4, inventions: 1, form: 1, total: 4),
    Case(
      summary: "Note from Nora: a kettle refund for 40 euros in Lisbon by Friday, also Tamo.", covered: 5, asides: 1,
      excessWords: 1,
      form: 0.5, total: 4.9),
    Case(
      summary: "Note from Nora: a kettle refund for 40 euros in Lisbon by Friday for 40 euros.", covered: 5, repetitions: 1,
      excessWords: 2, form: 0.5, total: 4.8),
    Case(
      summary:
        "Well, it seems that this is a note from Nora: a kettle refund for 40 euros in Lisbon by Friday, and that is about all.",
      covered: 5, excessWords: 11, form: 0, total: 3.9),
    Case(summary: "Nora kettle refund 40 euros Lisbon Friday", covered: 5, form: 0, total: 5),
    Case(summary: "Note from Nora: a kettle refund for 40 euros in Lisbon by Friday", covered: 5, form: 0, total: 5),
    Case(summary: "Note from Nora: the kettle refund, in Lisbon.", covered: 3, form: 0.5, total: 3.5),
    Case(summary: "Note from Norbert: a kettle refund.", covered: 1, inventions: 1, form: 0.5, total: 0.5),
    Case(summary: "40 40 40", covered: 0, repetitions: 2, form: 0, total: -1),
    Case(summary: "99999999999999999999 euros", covered: 0, inventions: 1, form: 0, total: -1),
    Case(summary: "", covered: 0, form: 0, total: 0),
  ]

  @Test(arguments: cases) func scoresAreTheDocumentedOnes(_ expected: Case) throws {
    let score = Rubric().score(summary: expected.summary, of: try Self.post())
    #expect(score.covered.count == expected.covered)
    #expect(score.asides == expected.asides)
    #expect(score.inventions == expected.inventions)
    #expect(score.repetitions == expected.repetitions)
    #expect(score.excessWords == expected.excessWords)
    #expect(score.form == expected.form)
    #expect(abs(score.total - expected.total) < 1e-12)
  }

  @Test(arguments: cases) func remarksAreWhatTheScoreCounts(_ expected: Case) throws {
    let remarks = Rubric().remarks(on: expected.summary, of: try Self.post())
    #expect(remarks.count { $0.kind == .aside } == expected.asides)
    #expect(remarks.count { $0.kind == .invention } == expected.inventions)
    #expect(remarks.count { $0.kind == .repetition } == expected.repetitions)
    #expect(zip(remarks, remarks.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
  }

  @Test func remarksStandAtTheirWordsWithoutPunctuation() throws {
    let summary = " Note from Nora: a lamp refund for 40 euros in Kelin by Friday, Nora."
    let remarks = Rubric().remarks(on: summary, of: try Self.post())
    #expect(remarks.map { summary[$0.range] } == ["Nora", "lamp", "refund", "40 euros", "Kelin", "Friday", "Nora"])
    #expect(remarks.map(\.kind) == [.fact, .aside, .part, .fact, .invention, .fact, .repetition])
  }

  @Test func preferencesOfAllPairsAddUpToExactlyOne() throws {
    let post = try Self.post()
    let rubrics = [
      Rubric(), Rubric(scale: 0.07), Rubric(style: .cyclic(strength: 1.3)), Rubric(scale: 3, style: .cyclic(strength: 9)),
    ]
    for rubric in rubrics {
      for a in Self.cases {
        #expect(rubric.preference(a.summary, over: a.summary, post: post) == 0.5)
        for b in Self.cases {
          let forth = rubric.preference(a.summary, over: b.summary, post: post)
          #expect(forth + rubric.preference(b.summary, over: a.summary, post: post) == 1)
          #expect(forth >= 0 && forth <= 1)
        }
      }
    }
  }

  @Test func aPointMoreChangesTheOddsByTheScale() throws {
    let p = Rubric(scale: 0.5).preference(Self.cases[0].summary, over: Self.cases[3].summary, post: try Self.post())
    #expect(abs(p - 0.880_797_077_977_882_4) < 1e-15)  // σ(2)
  }

  @Test func theCyclicStyleHasNoBestSummary() throws {
    let rubric = Rubric(style: .cyclic(strength: 2))
    let post = try Self.post()
    let (note, wish, word) = (Self.cases[0].summary, Self.cases[1].summary, Self.cases[2].summary)
    for (winner, loser) in [(note, wish), (wish, word), (word, note)] {
      #expect(abs(rubric.preference(winner, over: loser, post: post) - 0.880_797_077_977_882_4) < 1e-15)
      #expect(Rubric().preference(winner, over: loser, post: post) == 0.5)
    }
    let plain = "Nora kettle refund 40 euros Lisbon Friday"
    #expect(rubric.preference(plain, over: note, post: post) == Rubric().preference(plain, over: note, post: post))
  }

  @Test func thePromptAloneIsEnough() throws {
    let post = try Self.post()
    let (a, b) = (Self.cases[0].summary, Self.cases[5].summary)
    let fromPrompt = try Rubric().preference(a, over: b, prompt: Self.text + "\nTL;DR:")
    #expect(fromPrompt == Rubric().preference(a, over: b, post: post))
    #expect(throws: PostError.noPrompt) { try Rubric().preference(a, over: b, prompt: Self.text) }
  }
}
