import PoiseFiles
import Testing

@testable import PoiseText

@Suite struct ImportReportTests {
  func pair(_ chosen: String, _ rejected: String, prompt: String = "p") -> PublishedPair {
    PublishedPair(prompt: prompt, chosen: chosen, rejected: rejected, preference: 1, group: prompt)
  }

  @Test func partsAreCountedWithTheirRepetitions() {
    let part = ImportReport.Part([
      pair("aa", "b"), pair("b", "aa"), pair("aa", "b", prompt: "q"), pair("ab", "ba"), pair("aa", "b"),
    ])
    #expect(part.pairs == 5 && part.prompts == 2 && part.repeated == 2)
    #expect(part.longerWins == 3.5 / 5)
    #expect(ImportReport.Part([]).longerWins == nil)
  }

  @Test func theObjectNamesEveryReasonOfTheFormat() {
    var published = PublishedPairs()
    published.add { pair("aa", "b") }
    published.add { pair("aa", "b", prompt: "q") }
    for _ in 0..<3 { published.add { () throws(SkipReason) in throw .emptyAnswer } }
    let report = ImportReport(.hh, published, training: [published.pairs[0]], heldOut: [published.pairs[1]])
    #expect(
      report.json.line
        == #"{"format": "hh", "rows": 5, "skipped": {"equal_answers": 0, "early_parting": 0, "empty_answer": 3}, "#
        + #""kept": {"pairs": 2, "prompts": 2, "repeated": 0, "longer_wins": 1}, "#
        + #""training": {"pairs": 1, "prompts": 1, "repeated": 0, "longer_wins": 1}, "#
        + #""held_out": {"pairs": 1, "prompts": 1, "repeated": 0, "longer_wins": 1}}"#)
  }
}
