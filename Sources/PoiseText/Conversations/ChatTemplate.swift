import PoiseFiles

/// How a model wants conversations written: the `chat_template` of its `tokenizer_config.json`, followed as Hugging Face
/// transformers does, or one that is named where a model has none.
///
///     [user: "Hi"] → "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
///
/// Policy: what comes out is encoded without the special tokens that a tokenizer puts around a text, because templates print them
/// themselves, and markers in it become the tokens that they spell. That holds for markers within a message too, as in transformers:
/// who lets strangers write messages may want to take them out first.
public struct ChatTemplate: Sendable {
  private let template: Result<Template, ChatTemplateError>
  /// By the names that templates use: `bos_token`, `eos_token`, ….
  private let specialTokens: [String: String]

  /// The default of a `tokenizer_config.json`; nil where it has none. A template that cannot be followed is an error only when
  /// there is a conversation to write.
  public init?(tokenizerConfig: JSON) {
    guard let value = tokenizerConfig[ChatTemplate.key], !value.isNull else { return nil }
    let tokens = (tokenizerConfig.object?.members ?? []).compactMap { name, value -> (String, String)? in
      guard name.hasSuffix("_token"), let token = value.string ?? value["content"]?.string else { return nil }
      return (name, token)
    }
    specialTokens = Dictionary(tokens) { first, _ in first }
    let named = value.array?.first { $0["name"]?.string == "default" }
    guard let text = value.string ?? named?["template"]?.string else {
      template = .failure(.unusable("it is neither a text nor a list with one that is called default"))
      return
    }
    do throws(TemplateError) { template = .success(try Template(text)) } catch { template = .failure(.init(error)) }
  }

  /// A conversation up to where the assistant's answer begins.
  public func prompt(_ conversation: Conversation) throws(ChatTemplateError) -> String {
    try render(conversation.messages, isAnswerNext: true)
  }

  /// What the assistant's answer adds to the prompt, with all that the template puts around it: the conversation and its answer
  /// without what they begin with, the prompt, as TRL has it.
  ///
  /// - Throws: also `notContinued`.
  public func response(_ answer: String, to conversation: Conversation) throws(ChatTemplateError) -> String {
    let prompt = try prompt(conversation)
    let whole = try render(conversation.messages + [.init(.assistant, answer)], isAnswerNext: false)
    guard whole.utf8.starts(with: prompt.utf8) else { throw .notContinued }
    return String(decoding: whole.utf8.dropFirst(prompt.utf8.count), as: UTF8.self)
  }

  private func render(_ messages: [Conversation.Message], isAnswerNext: Bool) throws(ChatTemplateError) -> String {
    let list = messages.map { message in
      TemplateValue.dictionary([("role", .string(message.role.rawValue)), ("content", .string(message.content))])
    }
    var variables: [String: TemplateValue] = specialTokens.mapValues { .string($0) }
    variables["messages"] = .list(list)
    variables["add_generation_prompt"] = .boolean(isAnswerNext)
    (variables["tools"], variables["documents"]) = (TemplateValue.none, TemplateValue.none)
    let template = try template.get()
    do throws(TemplateError) { return try template.render(variables) } catch { throw .init(error) }
  }
}

extension ChatTemplate {
  public func promptTokens(_ conversation: Conversation, _ tokenizer: Tokenizer) throws(ChatTemplateError) -> [Int] {
    tokenizer.encode(try prompt(conversation))
  }

  /// An answer as the model is to have written it: up to and including its end-of-sequence token, for what the template has behind
  /// that (a line feed, in ChatML) belongs to the next turn, and a policy that has ended says no more.
  ///
  /// - Parameter endOfSequence: ids that end a response. Where none of them stands in it, all is kept.
  public func responseTokens(
    _ answer: String, to conversation: Conversation, _ tokenizer: Tokenizer, endOfSequence: [Int]
  ) throws(ChatTemplateError) -> [Int] {
    let (prompt, response) = (try prompt(conversation), try response(answer, to: conversation))
    let (before, whole) = (tokenizer.encode(prompt), tokenizer.encode(prompt + response))
    // Read as one text, as it was pretrained; where the border lies within a token, as two.
    let ids = whole.starts(with: before) ? Array(whole[before.count...]) : tokenizer.encode(response)
    guard let end = ids.lastIndex(where: endOfSequence.contains) else { return ids }
    return Array(ids[...end])
  }
}

/// Why a conversation cannot be written as text. Callers that know the file and line say so with `located`.
public enum ChatTemplateError: ExplainedError, Equatable {
  case missing
  /// With what is wrong.
  case unusable(String)
  /// In the template's words.
  case refused(String)
  case notContinued

  public var category: FailureCategory {
    switch self {
    case .missing, .unusable, .notContinued: .configuration
    case .refused: .badData
    }
  }

  init(_ error: TemplateError) {
    switch error {
    case .unusable(let problem): self = .unusable(problem)
    case .raised(let words): self = .refused(words)
    }
  }

  private static let families = ChatTemplate.Family.allCases.map(\.rawValue).joined(separator: ", ")
  private static let ways = "Name one of \(families) with --chat-template, or apply the template yourself and give text or ids."

  public var description: String {
    switch self {
    case .missing: "this is a conversation, and the model has no chat template to write it by. \(Self.ways)"
    case .unusable(let problem): "the model's chat template cannot be followed here: \(problem). \(Self.ways)"
    case .refused(let words): "the model's chat template refuses this conversation: \(words)"
    case .notContinued:
      "the model's chat template writes a conversation otherwise once it is answered, so that what is answered is not what was "
        + "asked. \(Self.ways)"
    }
  }
}
