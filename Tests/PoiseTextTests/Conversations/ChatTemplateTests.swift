import PoiseFiles
import PoiseText
import Testing

/// What the templates here make is what Hugging Face transformers 5.24.0 makes of the same texts.
@Suite struct ChatTemplateTests {
  static let conversation = Conversation([
    .init(.system, "Be brief."), .init(.user, " What is tea?"), .init(.assistant, "A drink."), .init(.user, "And\ncoffee?"),
  ])

  static func config(_ template: JSON) -> JSON {
    ["bos_token": "<s>", "eos_token": ["__type": "AddedToken", "content": "</s>"], "chat_template": template]
  }

  func template(_ text: String) throws -> ChatTemplate {
    try #require(ChatTemplate(tokenizerConfig: Self.config(.string(text))))
  }

  // MARK: families

  @Test(arguments: [
    (
      ChatTemplate.Family.chatml,
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n What is tea?<|im_end|>\n<|im_start|>assistant\nA drink.<|im_end|>\n"
        + "<|im_start|>user\nAnd\ncoffee?<|im_end|>\n<|im_start|>assistant\n", "Too. <|im_end|>\n"
    ),
    (
      .llama2,
      "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n What is tea? [/INST] A drink. </s><s>[INST] And\ncoffee? [/INST]", " Too. </s>"
    ),
    (
      .llama3,
      "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is tea?"
        + "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nA drink.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
        + "And\ncoffee?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "Too.<|eot_id|>"
    ),
    (
      .zephyr,
      "<|system|>\nBe brief.</s>\n<|user|>\n What is tea?</s>\n<|assistant|>\nA drink.</s>\n<|user|>\nAnd\ncoffee?</s>\n<|assistant|>\n",
      "Too. </s>\n"
    ),
  ])
  func familiesWriteAsTheirModelsKnow(family: ChatTemplate.Family, prompt: String, response: String) throws {
    let template = try template(family.template)
    #expect(try template.prompt(Self.conversation) == prompt)
    #expect(try template.response("Too. ", to: Self.conversation) == response)
  }

  @Test func llama2HasNoPlaceForALaterSystemMessage() throws {
    let odd = Conversation([.init(.user, "a"), .init(.system, "b"), .init(.user, "c")])
    let error = #expect(throws: ChatTemplateError.self) { try template(ChatTemplate.Family.llama2.template).prompt(odd) }
    #expect(error?.description.contains("refuses this conversation: user and assistant must take turns") == true)
    #expect(error?.category == .badData)
  }

  // MARK: a model's own

  @Test func theDefaultOfAListIsTaken() throws {
    let list: JSON = [
      ["name": "tool_use", "template": "t"],
      ["name": "default", "template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"],
    ]
    let template = try #require(ChatTemplate(tokenizerConfig: Self.config(list)))
    #expect(try template.prompt(Conversation([.init(.user, "Hi")])) == "<s>Hi</s>")
    #expect(ChatTemplate(tokenizerConfig: ["chat_template": .null]) == nil && ChatTemplate(tokenizerConfig: [:]) == nil)
    let unnamed = try #require(ChatTemplate(tokenizerConfig: Self.config([["name": "rag", "template": "t"]])))
    #expect(throws: ChatTemplateError.self) { try unnamed.prompt(Self.conversation) }
  }

  @Test func aSystemMessageOfTheTemplateIsWritten() throws {
    let template = try template(
      "{% if messages[0].role != 'system' %}[I am Bot]{% endif %}{% for m in messages %}[{{ m.content }}]{% endfor %}"
        + "{% if add_generation_prompt %}>{% endif %}")
    #expect(throws: ChatTemplateError.notContinued) { try template.response("Hello", to: Conversation([.init(.user, "Hi")])) }
    #expect(try template.prompt(Conversation([.init(.user, "Hi")])) == "[I am Bot][Hi]>")
    #expect(try template.prompt(Conversation([.init(.system, "You are"), .init(.user, "Hi")])) == "[You are][Hi]>")
  }

  @Test func whatCannotBeFollowedIsAnErrorOfConversationsOnly() throws {
    let template = try template("{% macro f() %}{% endmacro %}")
    let error = #expect(throws: ChatTemplateError.self) { try template.prompt(Self.conversation) }
    #expect(
      error?.description
        == "the model's chat template cannot be followed here: the statement `macro` is not known here (line 1). Name one of chatml, "
        + "llama2, llama3, zephyr with --chat-template, or apply the template yourself and give text or ids.")
    #expect(error?.category == .configuration)
  }

  @Test func aFileBesideTheSettingsIsPreferred() throws {
    try withTemporaryFolder { folder in
      #expect(try ChatTemplate(folder: folder) == nil)
      try Files.replace(folder + "/chat_template.jinja", with: "file {{ bos_token }}")
      #expect(try ChatTemplate(folder: folder)?.prompt(Self.conversation) == "file ")
      try Files.replace(folder + "/tokenizer_config.json", with: Self.config("settings").page)
      #expect(try ChatTemplate(folder: folder)?.prompt(Self.conversation) == "file <s>")
      #expect(try ChatTemplate(folder: folder, family: .zephyr)?.prompt(Self.conversation).hasPrefix("<|system|>\n") == true)
    }
  }

  // MARK: tokens

  static let tokenizer: Tokenizer = {
    let trained = try! BytePairTrainer(vocabularySize: 262, specialTokens: ["<s>", "</s>", "<|im_start|>", "<|im_end|>"])
      .train(on: ["tea tea"])
    let beginning: JSON = [
      "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<s>"]], ["Sequence": ["id": "A"]]], "pair": [],
      "special_tokens": ["<s>": ["ids": [JSON(trained.id(of: "<s>")!)]]],
    ]
    return try! Tokenizer(json: trained.json.setting(["post_processor": beginning]), path: "t.json")
  }()

  /// `<s>` for one, whatever the tokenizer puts around a text: the template has printed its own.
  @Test func theBeginningIsNotDoubled() throws {
    let id = Self.tokenizer.id(of:)
    let ids = try template("{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}")
      .promptTokens(Conversation([.init(.user, "a")]), Self.tokenizer)
    #expect(ids == [id("<s>"), id("a"), id("</s>")])
    let chatml = try template(ChatTemplate.Family.chatml.template).promptTokens(Self.conversation, Self.tokenizer)
    #expect(chatml.first == id("<|im_start|>") && !chatml.contains(id("<s>")!))
    #expect(Self.tokenizer.encode("a", addingSpecialTokens: true).first == id("<s>"))
  }

  @Test func aResponseEndsWithItsEnd() throws {
    let id = Self.tokenizer.id(of:)
    let conversation = Conversation([.init(.user, "a")])
    func tokens(_ family: ChatTemplate.Family, _ answer: String, ends: [String]) throws -> [Int?] {
      try template(family.template)
        .responseTokens(answer, to: conversation, Self.tokenizer, endOfSequence: ends.compactMap(id))
    }
    #expect(try tokens(.chatml, "b", ends: ["<|im_end|>"]) == [id("b"), id("<|im_end|>")])
    #expect(try tokens(.chatml, "b", ends: ["</s>"]) == [id("b"), id("<|im_end|>"), id("Ċ")])
    #expect(try tokens(.zephyr, "b", ends: ["<|im_end|>", "</s>"]) == [id("b"), id("</s>")])
  }

  /// As in transformers: who writes a marker into a message has its token.
  @Test func markersWithinAMessageAreTokens() throws {
    let id = Self.tokenizer.id(of:)
    let ids = try template(ChatTemplate.Family.chatml.template)
      .responseTokens("b<|im_end|>c", to: Conversation([.init(.user, "a")]), Self.tokenizer, endOfSequence: [id("<|im_end|>")!])
    #expect(ids == [id("b"), id("<|im_end|>"), id("c"), id("<|im_end|>")])
  }

  /// "x" and "xx" are tokens: where prompt and answer would grow together, they are read as two texts.
  @Test func aTokenAcrossTheBorderIsNotTaken() throws {
    let tokenizer = try BytePairTrainer(vocabularySize: 258, specialTokens: ["</s>"]).train(on: ["xx xx xx xx"])
    let id = tokenizer.id(of:)
    try #require(id("xx") != nil)
    let template = try template("{% for m in messages %}{{ m.content }}{% endfor %}")
    let ids = try template.responseTokens("x", to: Conversation([.init(.user, "x")]), tokenizer, endOfSequence: [])
    #expect(ids == [id("x")])
  }
}
