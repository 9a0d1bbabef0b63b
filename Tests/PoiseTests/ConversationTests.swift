import PoiseFiles
import PoiseModel
import PoiseText
import Testing

@testable import Poise

/// Conversations through the one template that a model's folder has: policies, judges, annotators.
@Suite struct ConversationTests {
  static let tokenizer = try! BytePairTrainer(
    vocabularySize: 270, specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
  ).train(on: ["tea tea user assistant"])
  static let conversation = Conversation([.init(.user, "tea?")])

  /// - Parameter end: the token that ends a response.
  static func policy(_ template: String? = ChatTemplate.Family.chatml.template, end: String = "<|im_end|>") -> Policy {
    let configuration = TransformerConfiguration(
      vocabularySize: tokenizer.vocabularySize, contextLength: 64, width: 16, blockCount: 1, headCount: 2, feedForwardWidth: 32,
      endOfSequence: [tokenizer.id(of: end)!], initializationDeviation: 0.25)
    let config = template.map { ["eos_token": .string(end), "chat_template": .string($0)] as JSON }
    return Policy(model: StoredModel(new: configuration, seed: 1), tokenizer: tokenizer, tokenizerConfig: config)
  }

  static func text(_ tokens: [Int32]) -> String { tokenizer.decode(tokens.map { Int($0) }, skippingSpecialTokens: false) }

  @Test func aPromptIsWrittenByTheTemplate() throws {
    let prompt = try Self.policy().prompt(.conversation(Self.conversation), responseTokens: 8)
    #expect(Self.text(prompt.tokens) == "<|im_start|>user\ntea?<|im_end|>\n<|im_start|>assistant\n")
    #expect(prompt.tokens[0] == Int32(Self.tokenizer.id(of: "<|im_start|>")!))
    #expect(prompt.text == "User: tea?\n\nAssistant:" && prompt.question.conversation == Self.conversation)
  }

  /// Once, whether the template prints it or not; and nothing behind it.
  @Test func aResponseEndsOnce() throws {
    func response(end: String, ending: Bool = true) throws -> String {
      Self.text(
        try Self.policy(end: end).responseTokens(.text("yes"), to: .conversation(Self.conversation), endingText: ending))
    }
    #expect(try response(end: "<|im_end|>") == "yes<|im_end|>")
    #expect(try response(end: "<|im_end|>", ending: false) == "yes")
    #expect(try response(end: "<|endoftext|>") == "yes<|im_end|>\n<|endoftext|>")
    #expect(try response(end: "<|endoftext|>", ending: false) == "yes<|im_end|>\n")
    #expect(try Self.policy().responseTokens(.tokens([5, 6]), to: .conversation(Self.conversation)) == [5, 6])
  }

  @Test func filesOfConversationsAreRead() throws {
    let folder = try TemporaryFolder()
    let turn = #"[{"role": "user", "content": "tea?"}, {"role": "assistant", "content": "ANSWER"}]"#
    let (yes, no) = (turn.replacing("ANSWER", with: "yes"), turn.replacing("ANSWER", with: "no"))
    let pairs = try folder.file("pairs.jsonl", #"{"chosen": \#(yes), "rejected": \#(no), "preference": 0.75}"#)
    let group = try #require(try Self.policy().preferences(pairs).first).group
    #expect(group.responses.map(Self.text) == ["yes<|im_end|>", "no<|im_end|>"])
    let examples = try folder.file("examples.jsonl", #"{"messages": \#(yes)}"#)
    let example = try #require(try Self.policy().groups(examples).first)
    #expect(example.prompt == group.prompt && example.responses == [group.responses[0]])
  }

  @Test func withoutATemplateTheLineIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("prompts.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": [{\"role\": \"user\", \"content\": \"a\"}]}\n")
    let error = #expect(throws: DataError.self) { try Self.policy(nil).prompts(path, responseTokens: 1) }
    #expect(error?.description.hasPrefix("\(path), line 2: this is a conversation, and the model has no chat template") == true)
    #expect(error?.category == .configuration)
  }

  @Test func theTemplateIsKeptWhereATransformersFolderHasIt() throws {
    let folder = try TemporaryFolder()
    let start = folder.path + "/start"
    try Files.createDirectory(start)
    try Self.policy(nil).save(folder: start)
    #expect(try Policy(folder: start).chatTemplate == nil)
    try Files.replace(start + "/chat_template.jinja", with: "mine")
    try Policy(folder: start).save(folder: start)
    #expect(try Files.readJSON(start + "/tokenizer_config.json")["chat_template"] == "mine")
    let named = try Policy(folder: start, chatTemplate: .zephyr)
    try Files.createDirectory(folder.path + "/named")
    try named.save(folder: folder.path + "/named")
    let config = try Files.readJSON(folder.path + "/named/tokenizer_config.json")
    #expect(config["chat_template"] == .string(ChatTemplate.Family.zephyr.template))
    #expect(config["eos_token"] == "<|im_end|>")
  }

  // MARK: judges

  @Test(arguments: JudgeModel.Kind.allCases) func judgesWriteByTheirOwnTemplate(kind: JudgeModel.Kind) throws {
    let own = "{% for m in messages %}[{{ m.content }}]{% endfor %}"
    let judge = try JudgeModel(kind, startingFrom: Self.policy(own))
    var isCut = false
    let group = try judge.group(Comparison(Question(Self.conversation), first: "yes", second: "no"), isCut: &isCut)
    #expect(Self.text(group.prompt) == "[tea?]" && !isCut)
    let (yes, no) = ("[yes]<|im_end|>", "[no]<|im_end|>")
    #expect(group.responses.map(Self.text) == (kind == .reward ? [yes, no] : [yes + no, no + yes]))
  }

  /// The template ends the turn with the very token that ends a response.
  @Test func aJudgeReadsTheEndOnce() throws {
    let judge = try JudgeModel(.reward, startingFrom: Self.policy())
    let group = try judge.group(Answer(Question(Self.conversation), response: "yes"))
    #expect(Self.text(group.responses[0]) == "yes<|im_end|>")
  }

  @Test func aJudgeWithoutATemplateReadsTranscriptsButIsNotTrainedOnConversations() throws {
    let judge = try JudgeModel(.reward, startingFrom: Self.policy(nil))
    let group = try judge.group(Answer(Question(Self.conversation), response: "yes"))
    #expect(Self.text(group.prompt) == "User: tea?\n\nAssistant:" && Self.text(group.responses[0]) == "yes<|im_end|>")
    let folder = try TemporaryFolder()
    let message = #"{"role": "ROLE", "content": "x"}"#
    let (user, assistant) = (message.replacing("ROLE", with: "user"), message.replacing("ROLE", with: "assistant"))
    let path = try folder.file(
      "pairs.jsonl", #"{"prompt": [\#(user)], "chosen": [\#(assistant)], "rejected": [\#(assistant.replacing("x", with: "y"))]}"#)
    let error = #expect(throws: DataError.self) { try RecordedComparison.read(path, for: judge) }
    #expect(error?.line == 1 && error?.category == .configuration)
    let comparisons = try RecordedComparison.read(path, for: JudgeModel(.reward, startingFrom: Self.policy()))
    #expect(comparisons[0].comparison.first == "x" && comparisons[0].comparison.question.conversation != nil)
  }

  /// Two conversations may have one transcript; they are judged apart.
  @Test func conversationsOfOneTranscriptAreNotMixedUp() throws {
    let judge = try TinyJudge.opinionated(.reward, Self.policy())
    let one = Question(Conversation([.init(.user, "a\n\nUser: b")]))
    let two = Question(Conversation([.init(.user, "a"), .init(.user, "b")]))
    try #require(one.text == two.text)
    let rewarder = RewardModelRewarder(judge, pool: WorkerPool(workerCount: 1))
    let rewards = try rewarder.rewards([Answer(one, response: "c"), Answer(two, response: "c")])
    #expect(rewards[0] != rewards[1])
  }

  @Test func programsAreGivenTheMessages() throws {
    let folder = try TemporaryFolder()
    let script = try folder.file(
      "judge.sh",
      """
      while read -r line; do
        printf '%s\\n' "$line" >> '\(folder.path)/asked'
        echo '{"preference": 1}'
      done
      """)
    let annotator = try CommandAnnotator("sh '\(script)'")
    _ = try annotator.preferences([
      Comparison(Question(Self.conversation), first: "yes", second: "no"), Comparison(prompt: "p", first: "a", second: "b"),
    ])
    var asked: [JSON] = []
    try JSONLines.read(folder.path + "/asked") { asked.append($1) }
    #expect(
      asked == [
        [
          "prompt": "User: tea?\n\nAssistant:", "a": "yes", "b": "no", "messages": [["role": "user", "content": "tea?"]],
          "id": 1,
        ], ["prompt": "p", "a": "a", "b": "b", "id": 2],
      ])
  }
}
