import PoiseFiles
import PoiseText
import Testing

@Suite struct DataRecordTests {
  func preference(_ text: String) throws -> PreferenceRecord {
    try PreferenceRecord(JSON(parsing: text), path: "p.jsonl", line: 7)
  }

  @Test func promptsAreTextOrTokens() throws {
    func prompt(_ text: String) throws -> PromptRecord { try PromptRecord(JSON(parsing: text), path: "p.jsonl", line: 1) }
    #expect(try prompt(#"{"prompt": "Hi", "other": 1}"#).prompt == .text("Hi"))
    #expect(try prompt(#"{"prompt_ids": [3, 1]}"#).prompt == .tokens([3, 1]))
    #expect(try prompt(#"{"prompt": "Hi", "prompt_ids": [3]}"#).prompt == .tokens([3]))
    #expect(try prompt(#"{"prompt": ""}"#).prompt.isEmpty)
  }

  @Test func completionsHaveAPromptUnlessTheyAreText() throws {
    func completion(_ text: String) throws -> CompletionRecord { try CompletionRecord(JSON(parsing: text), path: "c", line: 2) }
    let pair = try completion(#"{"prompt": "Q:", "completion": " A"}"#)
    #expect(pair.prompt == .text("Q:") && pair.completion == .text(" A") && pair.line == 2)
    let text = try completion(#"{"text": "once"}"#)
    #expect(text.prompt == nil && text.completion == .text("once"))
    let mixed = try completion(#"{"prompt": "Q:", "completion_ids": [1]}"#)
    #expect(mixed.prompt == .text("Q:") && mixed.completion == .tokens([1]))
  }

  @Test func preferencesAreHardOrSoft() throws {
    let hard = try preference(#"{"prompt": "Tea is", "chosen": " hot.", "rejected": " square."}"#)
    #expect(hard.prompt == .text("Tea is") && hard.chosen == .text(" hot.") && hard.rejected == .text(" square."))
    #expect(hard.preference == 1 && hard.line == 7)
    let soft = try preference(#"{"prompt_ids": [], "chosen_ids": [1], "rejected_ids": [2, 3], "preference": 0.25}"#)
    #expect(soft.prompt == .tokens([]) && soft.chosen == .tokens([1]) && soft.rejected == .tokens([2, 3]))
    #expect(soft.preference == 0.25)
    #expect(try preference(#"{"prompt": "", "chosen": "a", "rejected": "b", "preference": 0}"#).preference == 0)
  }

  @Test(arguments: [
    ("Tea is hot.", "Tea is square.", "Tea is", " hot.", " square."), ("abc", "abd", "ab", "c", "d"),
    ("yes", "no", "", "yes", "no"), ("a e\u{301}", "a e\u{300}", "a e", "\u{301}", "\u{300}"),
    (
      "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: B\n\nAssistant: C", "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: B\n\nAssistant: Cx",
      "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: B\n\nAssistant:", " C", " Cx"
    ),
    (
      "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: B\n\nAssistant: C", "\n\nHuman: Hi\n\nAssistant: D", "\n\nHuman: Hi\n\nAssistant:",
      " A\n\nHuman: B\n\nAssistant: C", " D"
    ),
  ])
  func thePromptIsWhatBothBeginWith(chosen: String, rejected: String, prompt: String, first: String, second: String) throws {
    let record = try PreferenceRecord(["chosen": .string(chosen), "rejected": .string(rejected)], path: "p", line: 1)
    guard case .text(let found) = record.prompt, case .text(let chosen) = record.chosen,
      case .text(let rejected) = record.rejected
    else { Issue.record("\(record) is not text"); return }
    for (text, expected) in [(found, prompt), (chosen, first), (rejected, second)] {
      #expect(text.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(text.debugDescription)")
    }
  }

  @Test func idsHaveACommonPromptToo() throws {
    let record = try preference(#"{"chosen_ids": [1, 2, 3], "rejected_ids": [1, 2, 4, 5]}"#)
    #expect(record.prompt == .tokens([1, 2]) && record.chosen == .tokens([3]) && record.rejected == .tokens([4, 5]))
  }

  @Test func comparisonsOfSummariesAreReadAsTheyAre() throws {
    let record = try preference(
      #"""
      {"info": {"id": "t3", "post": "Long.", "title": "T", "subreddit": "tifu"}, "choice": 1, "worker": "w",
       "summaries": [{"text": " one", "policy": "a"}, {"text": "two", "policy": "b", "note": null}], "extra": {"confidence": 8}}
      """#)
    #expect(record.prompt == .text("SUBREDDIT: r/tifu\n\nTITLE: T\n\nPOST: Long.\n\nTL;DR:"))
    #expect(record.chosen == .text(" two") && record.rejected == .text(" one") && record.preference == 1)
  }

  @Test(arguments: [
    (#"[1]"#, "one JSON object a line was expected, and this is a list"),
    (#"{"prompt": "a", "chosen": "b"}"#, #""rejected" or "rejected_ids" was expected, and neither is there"#),
    (#"{"prompt": "a", "chosen": 1, "rejected": "c"}"#, #""chosen" should be a string, and is a number"#),
    (#"{"prompt": null, "chosen": "b", "rejected": "c"}"#, #""prompt" should be a string, and is null"#),
    (#"{"prompt": "a", "chosen": "", "rejected": "c"}"#, #""chosen" is empty"#),
    (#"{"prompt": "a", "chosen": "b", "rejected_ids": []}"#, #""rejected" is empty"#),
    (#"{"prompt": "a", "chosen_ids": "1 2", "rejected": "c"}"#, #""chosen_ids" should be a list of token ids, and is a string"#),
    (#"{"prompt": "a", "chosen_ids": [1, -2], "rejected": "c"}"#, "integers from 0), and holds -2"),
    (#"{"prompt": "a", "chosen_ids": [1.5], "rejected": "c"}"#, "and holds 1.5"),
    (#"{"prompt": "a", "chosen": "b", "rejected": "c", "preference": 1.01}"#, "from 0 to 1, and here it is 1.01"),
    (#"{"prompt": "a", "chosen": "b", "rejected": "c", "preference": 1e999}"#, "from 0 to 1, and here it is 1e999"),
    (#"{"prompt": "a", "chosen": "b", "rejected": "c", "preference": "0.5"}"#, "from 0 to 1, and here it is"),
    (#"{"chosen": "abc", "rejected": "ab"}"#, #"nothing is left of "rejected""#),
    (#"{"chosen": "abc", "rejected": "abc"}"#, #"nothing is left of "chosen""#),
    (#"{"chosen": "abc", "rejected_ids": [1]}"#, "cannot be compared"),
    (#"{"summaries": [{"text": "a"}], "choice": 0}"#, "two objects"),
    (#"{"summaries": [{"text": "a"}, {"text": "b"}], "choice": 2}"#, #""choice" should be 0 or 1, and is 2"#),
    (
      #"{"summaries": [{"text": "a"}, {"text": "b"}], "choice": 0, "info": {"article": "x"}}"#, "comparisons of news are not read"
    ),
  ])
  func whatIsWrongIsNamedWithItsLine(text: String, problem: String) {
    let error = #expect(throws: DataError.self) { try preference(text) }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
    #expect(error?.path == "p.jsonl" && error?.line == 7 && error?.category == .badData)
  }

  @Test func aFileIsReadUpToItsFirstBadLine() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.jsonl"
      try Files.replace(path, with: "{\"prompt\": \"a\"}\n\n{\"prompt\": \"b\"}\n")
      #expect(try PromptRecord.read(path).map(\.line) == [1, 3])
      let error = #expect(throws: DataError.self) { try CompletionRecord.read(path) }
      #expect(error?.line == 1 && error?.path == path)
      try Files.replace(path, with: "\n")
      #expect(throws: DataError.self) { try PromptRecord.read(path) }
    }
  }

  @Test(.enabled(if: OutsideData.isThere)) func theTranscriptsOfAnthropicAreRead() throws {
    let records = try PreferenceRecord.read(OutsideData.path("preference/hh_harmless_test_0_1799.jsonl.gz"))
    #expect(records.count == 1800)
    for record in records {
      guard case .text(let prompt) = record.prompt else { Issue.record("no text"); continue }
      #expect(prompt.hasPrefix("\n\nHuman:") && prompt.hasSuffix("\n\nAssistant:"))
    }
  }
}
