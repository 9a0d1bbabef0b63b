import PoiseFiles
import PoiseText
import Testing

@Suite struct DatasetReportTests {
  static let preferences = """
    {"prompt": "abcd", "chosen": "ab", "rejected": "a"}
    {"prompt": "abcd", "chosen": "ab", "rejected": "a", "preference": 0.5}
    {"prompt": "", "chosen": "same", "rejected": "same"}
    {"prompt": "x", "chosen": "", "rejected": "a"}
    not JSON

    {"prompt": "é", "chosen_ids": [1, 2, 3], "rejected": "b"}
    {"prompt": "q", "chosen": "a"}
    """

  func report(_ text: String, limit: Int? = nil, shownProblems: Int = 10) throws -> DatasetReport {
    try withTemporaryFolder { folder in
      try Files.replace(folder + "/a.jsonl", with: text)
      return try DatasetReport(folder + "/a.jsonl", limit: limit, shownProblems: shownProblems)
    }
  }

  @Test func everyCountIsRight() throws {
    let report = try report(DatasetReportTests.preferences, limit: 5)
    #expect(report.kind == .preferences && report.unit == .characters)
    #expect(report.records == 4 && report.badLines == 3 && report.problems.map(\.line) == [4, 5, 8])
    #expect(report.ties == 2 && report.duplicates == 1 && report.emptyAnswers == 1 && report.emptyPrompts == 1)
    #expect(report.truncations == 2)
    #expect(report.lengths.map(\.field) == ["prompt", "chosen", "rejected"])
    #expect(
      report.lengths.map(\.summary) == [LengthSummary([4, 4, 0, 1]), LengthSummary([2, 2, 4, 3]), LengthSummary([1, 1, 4, 1])])
  }

  @Test func theTableAndTheObjectSayTheSame() throws {
    let report = try report(DatasetReportTests.preferences, limit: 5, shownProblems: 1)
    let table = report.table.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().joined(separator: "\n")
    #expect(
      table.replacing(report.path, with: "FILE") == """
          kind           preferences
          records        4
          bad lines      3
          ties           2
          empty answers  1
          empty prompts  1
          duplicates     1
          longer than 5  2

          characters        min     mean   median      p95      max
          prompt              0      2.2        1        4        4
          chosen              2      2.8        2        4        4
          rejected            1      1.8        1        4        4

        FILE, line 4: "chosen" is empty; at least one character or token was expected.
        … and 2 more bad lines

        """)
    #expect(
      report.json.setting(["file": "FILE"]).line
        == #"{"file": "FILE", "kind": "preferences", "records": 4, "bad_lines": 3, "ties": 2, "empty_answers": 1, "#
        + #""empty_prompts": 1, "duplicates": 1, "limit": 5, "truncations": 2, "unit": "characters", "lengths": {"#
        + #""prompt": {"count": 4, "min": 0, "mean": 2.25, "median": 1, "p95": 4, "max": 4}, "#
        + #""chosen": {"count": 4, "min": 2, "mean": 2.75, "median": 2, "p95": 4, "max": 4}, "#
        + #""rejected": {"count": 4, "min": 1, "mean": 1.75, "median": 1, "p95": 4, "max": 4}}, "#
        + #""problems": [{"line": 4, "problem": "\"chosen\" is empty; at least one character or token was expected."}]}"#)
  }

  @Test(arguments: [
    (#"{"prompt": "a"}"#, DatasetReport.Kind.prompts), (#"{"prompt": "a", "completion": "b"}"#, .completions),
    (#"{"text": "b"}"#, .completions),
    (#"{"prompt_ids": [1], "completion_ids": [2]}"#, .completions), (#"{"chosen": "ab", "rejected": "ac"}"#, .preferences),
  ])
  func theKindIsThatOfTheFirstRecord(line: String, kind: DatasetReport.Kind) throws {
    let report = try report("{}\n" + line)
    #expect(report.kind == kind && report.records == 1 && report.badLines == 1)
    #expect(report.problems[0].problem.hasPrefix("no record is recognised"))
  }

  @Test func aFileWithoutRecordsHasNoKind() throws {
    let report = try report("\n")
    #expect(report.kind == nil && report.records == 0 && report.lengths.isEmpty && report.json["kind"] == .null)
  }

  @Test func lengthsAreSummarised() {
    let summary = LengthSummary(Array(1...100).shuffled())
    #expect(summary.minimum == 1 && summary.median == 50 && summary.percentile95 == 95 && summary.maximum == 100)
    #expect(summary.mean == 50.5 && summary.count == 100)
    #expect(LengthSummary([]).maximum == 0)
  }

  @Test func withATokenizerLengthsAreTokens() throws {
    let tokenizer = try BytePairTrainer(vocabularySize: 260).train(on: ["aa aa aa aa"])
    try withTemporaryFolder { folder in
      try Files.replace(folder + "/a.jsonl", with: #"{"prompt": "aaaa", "completion_ids": [1, 2, 3]}"#)
      let report = try DatasetReport(folder + "/a.jsonl", tokenizer: tokenizer, limit: 4)
      #expect(report.unit == .tokens && report.truncations == 1)
      #expect(report.lengths.map(\.summary.maximum) == [2, 3])
    }
  }
}
