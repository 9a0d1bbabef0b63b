import PoiseFiles
import PoiseText
import Testing

/// Records of messages, in the forms of TRL.
@Suite struct ConversationRecordTests {
  static let question = Conversation([.init(.system, "Be brief."), .init(.user, "Tea?")])
  static let messages = #"[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tea?"}]"#
  static func assistant(_ text: String) -> String { #"{"role": "assistant", "content": "\#(text)"}"# }
  static func whole(_ text: String) -> String { "\(messages.dropLast()), \(assistant(text))]" }

  func record<Record: DataRecord>(_ text: String, _: Record.Type = Record.self) throws -> Record {
    try Record(JSON(parsing: text), path: "c.jsonl", line: 3)
  }

  @Test func promptsMayBeConversations() throws {
    let prompt = try record(#"{"prompt": \#(Self.messages), "tools": null}"#, PromptRecord.self).prompt
    #expect(prompt == .conversation(Self.question) && !prompt.isEmpty)
    #expect(try record(#"{"prompt": [], "prompt_ids": [1]}"#, PromptRecord.self).prompt == .tokens([1]))
  }

  @Test func theLastMessageIsTheCompletion() throws {
    let split = try record(#"{"prompt": \#(Self.messages), "completion": [\#(Self.assistant("Yes."))]}"#, CompletionRecord.self)
    let whole = try record(#"{"messages": \#(Self.whole("Yes."))}"#, CompletionRecord.self)
    #expect(split == whole && whole.prompt == .conversation(Self.question) && whole.completion == .text("Yes."))
    let ids = try record(#"{"prompt": \#(Self.messages), "completion_ids": [4]}"#, CompletionRecord.self)
    #expect(ids.prompt == .conversation(Self.question) && ids.completion == .tokens([4]))
  }

  @Test(arguments: [
    #"{"prompt": PROMPT, "chosen": [YES], "rejected": [NO], "preference": 0.75}"#,
    #"{"chosen": WHOLE-YES, "rejected": WHOLE-NO, "preference": 0.75}"#,
    #"{"prompt": "Tea?", "chosen": WHOLE-YES, "rejected": WHOLE-NO, "preference": 0.75}"#,
  ])
  func preferencesHaveTheirPromptApartOrWithin(form: String) throws {
    let text = form.replacing("WHOLE-YES", with: Self.whole("Yes.")).replacing("WHOLE-NO", with: Self.whole("No."))
      .replacing("PROMPT", with: Self.messages).replacing("YES", with: Self.assistant("Yes.")).replacing(
        "NO", with: Self.assistant("No."))
    let record = try record(text, PreferenceRecord.self)
    #expect(record.prompt == .conversation(Self.question) && record.preference == 0.75 && record.line == 3)
    #expect(record.chosen == .text("Yes.") && record.rejected == .text("No."))
  }

  @Test(arguments: [
    (#"{"messages": [{"role": "user", "content": "a"}]}"#, #""messages" should end with a message of the assistant"#),
    (#"{"messages": [\#(assistant("a"))]}"#, #"what comes before the last message of "messages" has no messages"#),
    (#"{"messages": [\#(assistant("a")), \#(assistant("b"))]}"#, "should end with a message of the user"),
    (#"{"messages": []}"#, #""messages" should end with a message of the assistant"#),
    (#"{"messages": "a"}"#, #""messages" should be a list of messages, and is a string"#),
    (#"{"messages": ["a"]}"#, "messages[0] should be a message"),
    (
      #"{"messages": [{"role": "tool", "content": "a"}]}"#,
      #"the "role" of messages[0] should be system, user or assistant, and is "tool""#
    ),
    (#"{"messages": [{"content": "a"}]}"#, #"the "role" of messages[0] should be system, user or assistant, and is not there"#),
    (#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}"#, "is a list; parts, such as images"),
    (#"{"messages": [{"role": "user"}]}"#, #"the "content" of messages[0] should be a string, and is not there"#),
    (#"{"messages": [{"role": "assistant", "content": null, "tool_calls": [{}]}]}"#, #"messages[0] has "tool_calls""#),
    (#"{"messages": \#(whole("a")), "tools": [{}]}"#, #""tools" is not supported here"#),
    (#"{"messages": \#(whole("a")), "chat_template_kwargs": {"x": 1}}"#, #""chat_template_kwargs" is not supported"#),
    (#"{"messages": \#(whole(""))}"#, #""messages" is empty"#),
    (#"{"conversations": [{"from": "human", "value": "a"}]}"#, #""conversations" is a form that is not read here"#),
    (#"{"prompt": [\#(assistant("a"))], "completion": [\#(assistant("a"))]}"#, "it ends with one of the assistant"),
    (
      #"{"prompt": \#(messages), "completion": \#(messages)}"#,
      #""completion" should be one message, by the assistant, and is 2: system, user."#
    ),
    (#"{"prompt": \#(messages), "completion": "a"}"#, #""completion" should be a list of messages, and is a string"#),
    (#"{"prompt": "a", "completion": [\#(assistant("a"))]}"#, #""completion" should be a string, and is a list"#),
  ])
  func conversationsThatAreNoneAreRefused(text: String, problem: String) {
    let error = #expect(throws: DataError.self) { try record(text, CompletionRecord.self) }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
    #expect(error?.line == 3 && error?.category == .badData)
  }

  @Test(arguments: [
    (#"{"chosen": [\#(assistant("a"))], "rejected": [\#(assistant("b"))]}"#, "has no messages; at least one, by the user"),
    (#"{"chosen": \#(whole("a")), "rejected": \#(whole("a"))}"#, "have no messages in which they differ"),
    (#"{"chosen": \#(whole("a")), "rejected": "b"}"#, #""rejected" should be a list of messages, and is a string"#),
    (
      #"{"prompt": \#(messages), "chosen": \#(whole("a")), "rejected": [\#(assistant("b"))]}"#,
      "What was said before belongs to the prompt"
    ),
    (#"{"prompt_ids": [1], "chosen": [\#(assistant("a"))], "rejected": [\#(assistant("b"))]}"#, #""chosen" should be a string"#),
  ])
  func comparisonsThatAreNoneAreRefused(text: String, problem: String) {
    let error = #expect(throws: DataError.self) { try record(text, PreferenceRecord.self) }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }

  @Test func transcriptsAreForPeople() {
    let text = Conversation([.init(.user, "a"), .init(.assistant, "b"), .init(.user, "c")]).transcript
    #expect(text == "User: a\n\nAssistant: b\n\nUser: c\n\nAssistant:")
    #expect(Self.question.transcript == "System: Be brief.\n\nUser: Tea?\n\nAssistant:")
  }

  @Test func conversationsAreCountedAndMeasured() throws {
    let lines = [Self.whole("Yes."), Self.whole(""), Self.whole("Yes.")].map { #"{"messages": \#($0)}"# }
    try withTemporaryFolder { folder in
      try Files.replace(folder + "/a.jsonl", with: lines.joined(separator: "\n"))
      let plain = try DatasetReport(folder + "/a.jsonl", limit: 16)
      #expect(plain.kind == .completions && plain.records == 2 && plain.duplicates == 1 && plain.emptyAnswers == 1)
      #expect(plain.lengths.map(\.summary.maximum) == [13, 4] && plain.truncations == 2)
      let tokenizer = ChatTemplateTests.tokenizer
      let template = ChatTemplate(tokenizerConfig: ChatTemplateTests.config(.string(ChatTemplate.Family.zephyr.template)))
      let written = try DatasetReport(folder + "/a.jsonl", tokenizer: tokenizer, chatTemplate: template)
      #expect(
        written.lengths.map(\.summary.maximum) == [
          tokenizer.encode("<|system|>\nBe brief.</s>\n<|user|>\nTea?</s>\n<|assistant|>\n").count, 6,
        ])
      let refusing = ChatTemplate(tokenizerConfig: ["chat_template": "{{ raise_exception('no system') }}"])
      let refused = try DatasetReport(folder + "/a.jsonl", tokenizer: tokenizer, chatTemplate: refusing)
      #expect(refused.badLines == 3 && refused.problems[0].description.contains("line 1: the model's chat template refuses"))
      let unusable = ChatTemplate(tokenizerConfig: ["chat_template": "{% macro f() %}{% endmacro %}"])
      let error = #expect(throws: DataError.self) {
        try DatasetReport(folder + "/a.jsonl", tokenizer: tokenizer, chatTemplate: unusable)
      }
      #expect(error?.category == .configuration && error?.line == 1)
    }
  }

  @Test func tokenizersLearnFromMessages() throws {
    try withTemporaryFolder { folder in
      try Files.replace(folder + "/a.jsonl", with: #"{"messages": \#(Self.whole("Yes.")), "text": "t"}"#)
      #expect(try TrainingTexts.read(folder + "/a.jsonl") == ["t", "Be brief.", "Tea?", "Yes."])
    }
  }
}
