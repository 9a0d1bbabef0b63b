import PoiseFiles

extension Conversation {
  /// `[{"role", "content"}, …]`
  public var json: JSON { .array(messages.map(\.json)) }
}

extension Conversation.Message {
  public var json: JSON { ["role": .string(role.rawValue), "content": .string(content)] }
}

/// Conversations in a record, as TRL's data has them.
extension RecordFields {
  typealias Message = Conversation.Message

  /// What an assistant's turn answers, and its text.
  typealias Turn = (prompt: Conversation, answer: String)

  func messages(_ key: String) throws(DataError) -> [Message] {
    try requireNoTools()
    guard let list = json[key]?.array else {
      throw wrong("\"\(key)\" should be a list of messages, and is \(json[key]?.kind ?? "not there").")
    }
    var messages: [Message] = []
    for (index, element) in list.enumerated() { messages.append(try message(element, "\(key)[\(index)]")) }
    return messages
  }

  private func message(_ json: JSON, _ place: String) throws(DataError) -> Message {
    guard json.object != nil else { throw wrong("\(place) should be a message, {\"role\", \"content\"}, and is \(json.kind).") }
    guard let name = json["role"]?.string, let role = Conversation.Role(rawValue: name) else {
      let found = json["role"]?.line ?? "not there"
      throw wrong("the \"role\" of \(place) should be system, user or assistant, and is \(found); tools are not supported here.")
    }
    for key in ["tool_calls", "reasoning_content", "thinking"] where json[key]?.saysSomething == true {
      throw wrong("\(place) has \"\(key)\", which is not supported here; give all that is said as \"content\".")
    }
    guard let content = json["content"]?.string else {
      let parts = json["content"]?.array == nil ? "" : "; parts, such as images, are not supported here"
      throw wrong("the \"content\" of \(place) should be a string, and is \(json["content"]?.kind ?? "not there")\(parts).")
    }
    return Message(role, content)
  }

  /// What templates would make of these is not known here.
  private func requireNoTools() throws(DataError) {
    for key in ["tools", "chat_template_kwargs"] where json[key]?.saysSomething == true {
      throw wrong("\"\(key)\" is not supported here: leave it out, or apply the chat template yourself and give text or ids.")
    }
  }

  /// A conversation that an assistant is to continue.
  func conversation(_ messages: [Message], _ name: String) throws(DataError) -> Conversation {
    guard let last = messages.last else { throw wrong("\(name) has no messages; at least one, by the user, was expected.") }
    guard last.role == .user else {
      throw wrong(
        "\(name) should end with a message of the user, which the assistant then answers; it ends with one of the \(last.role.rawValue)."
      )
    }
    return Conversation(messages)
  }

  /// The text of the one turn of the assistant that a list of messages is.
  func answer(_ messages: [Message], _ key: String) throws(DataError) -> String {
    guard messages.count == 1, messages[0].role == .assistant else {
      throw wrong(
        "\"\(key)\" should be one message, by the assistant, and is \(messages.count): "
          + "\(messages.map(\.role.rawValue).joined(separator: ", ")). What was said before belongs to the prompt.")
    }
    guard !messages[0].content.isEmpty else { throw empty(key) }
    return messages[0].content
  }

  /// A whole conversation: its last message is the answer, and what comes before is the prompt.
  func turn(_ key: String) throws(DataError) -> Turn {
    let messages = try messages(key)
    guard messages.last?.role == .assistant else {
      throw wrong("\"\(key)\" should end with a message of the assistant, which is what is learned.")
    }
    return (
      try conversation(messages.dropLast(), "what comes before the last message of \"\(key)\""),
      try answer(messages.suffix(1), key)
    )
  }

  /// Two whole conversations that differ in their last message; what they begin with is the prompt.
  func turns(_ first: String, _ second: String) throws(DataError) -> (prompt: Conversation, answers: (String, String)) {
    let (chosen, rejected) = (try messages(first), try messages(second))
    let count = zip(chosen, rejected).prefix { $0 == $1 }.count
    guard count < chosen.count, count < rejected.count else {
      throw wrong("\"\(first)\" and \"\(second)\" have no messages in which they differ.")
    }
    let prompt = try conversation(
      Array(chosen[..<count]), "what \"\(first)\" and \"\(second)\" begin with, there being no \"prompt\" of messages,")
    return (prompt, (try answer(Array(chosen[count...]), first), try answer(Array(rejected[count...]), second)))
  }
}

extension JSON {
  fileprivate var saysSomething: Bool { !isNull && self != [] && self != "" && self != .object(.init()) }
}
