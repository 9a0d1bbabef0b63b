import PoiseFiles

/// A line of a data file as a value.
public protocol DataRecord: Sendable {
  /// One-based.
  var line: Int { get }

  /// - Throws: `DataError` with the line and what was expected in it.
  init(_ json: JSON, path: String, line: Int) throws(DataError)
}

extension DataRecord {
  /// All records of a JSON Lines file.
  /// - Throws: `FileError`; `DataError` for the first line that is not such a record, and for a file without any.
  public static func read(_ path: String) throws -> [Self] {
    var records: [Self] = []
    try JSONLines.read(path) { line, json in records.append(try Self(json, path: path, line: line)) }
    guard !records.isEmpty else { throw DataError(path, "the file has no records; one JSON object a line was expected.") }
    return records
  }
}

/// The fields of a line, and the words for what is wrong with them.
struct RecordFields {
  let json: JSON
  let path: String
  let line: Int

  init(_ json: JSON, path: String, line: Int) throws(DataError) {
    (self.json, self.path, self.line) = (json, path, line)
    guard json.object != nil else {
      throw wrong("one JSON object a line was expected, and this is \(json.kind).")
    }
    guard json["conversations"] == nil else {
      throw wrong(
        "\"conversations\" is a form that is not read here. Give a list of {\"role\", \"content\"} as \"messages\", or as \"prompt\", "
          + "\"completion\", \"chosen\" and \"rejected\".")
    }
  }

  func wrong(_ problem: String) -> DataError { DataError(path, line: line, problem) }

  func has(_ key: String) -> Bool { json[key] != nil || json[key + "_ids"] != nil }

  /// The text under `key` or the ids under `key_ids`; where both are there the ids are taken, because they are exact.
  func content(_ key: String) throws(DataError) -> TextOrTokens {
    if let ids = json[key + "_ids"] { return .tokens(try tokens(ids, key + "_ids")) }
    guard let value = json[key] else { throw wrong("\"\(key)\" or \"\(key)_ids\" was expected, and neither is there.") }
    guard let text = value.string else { throw wrong("\"\(key)\" should be a string, and is \(value.kind).") }
    return .text(text)
  }

  /// As `content`, but something must be there: no gradient can come from nothing.
  func nonemptyContent(_ key: String) throws(DataError) -> TextOrTokens {
    let content = try content(key)
    guard !content.isEmpty else { throw empty(key) }
    return content
  }

  /// Whether `key` holds messages and not their ids, which would be taken.
  func hasMessages(_ key: String) -> Bool { json[key]?.array != nil && json[key + "_ids"] == nil }

  func prompt() throws(DataError) -> PromptContent {
    guard hasMessages("prompt") else { return PromptContent(try content("prompt")) }
    return .conversation(try conversation(try messages("prompt"), "\"prompt\""))
  }

  /// What is said to a prompt: where that is a conversation, the text of one message by the assistant, or ids.
  func response(_ key: String, to prompt: PromptContent) throws(DataError) -> TextOrTokens {
    if case .conversation = prompt, json[key + "_ids"] == nil { return .text(try answer(try messages(key), key)) }
    return try nonemptyContent(key)
  }

  func empty(_ key: String) -> DataError { wrong("\"\(key)\" is empty; at least one character or token was expected.") }

  private func tokens(_ json: JSON, _ key: String) throws(DataError) -> [Int] {
    guard let list = json.array else { throw wrong("\"\(key)\" should be a list of token ids, and is \(json.kind).") }
    var ids: [Int] = []
    for element in list {
      guard let id = element.int, id >= 0 else {
        throw wrong("\"\(key)\" should hold token ids (integers from 0), and holds \(element.line).")
      }
      ids.append(id)
    }
    return ids
  }
}

/// A prompt to be answered: `{"prompt"}`, which is text or a list of messages, or `{"prompt_ids"}`.
public struct PromptRecord: DataRecord, Equatable {
  public let prompt: PromptContent
  public let line: Int

  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    prompt = try RecordFields(json, path: path, line: line).prompt()
    self.line = line
  }
}

/// A text to be imitated: `{"prompt", "completion"}`, or `{"text"}` without a prompt; ids under `…_ids`. Conversations are lists of
/// messages, `{"prompt": […], "completion": [{"role": "assistant", …}]}`, or `{"messages"}`, of which the last is the completion.
public struct CompletionRecord: DataRecord, Equatable {
  /// Nil where the whole text is to be learned.
  public let prompt: PromptContent?
  /// To a conversation: what the assistant says.
  public let completion: TextOrTokens
  public let line: Int

  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    let fields = try RecordFields(json, path: path, line: line)
    if fields.has("completion") {
      let prompt = try fields.prompt()
      self.prompt = prompt
      completion = try fields.response("completion", to: prompt)
    } else if json["messages"] != nil {
      let turn = try fields.turn("messages")
      (prompt, completion) = (.conversation(turn.prompt), .text(turn.answer))
    } else if fields.has("text") {
      prompt = nil
      completion = try fields.nonemptyContent("text")
    } else {
      throw fields.wrong("\"completion\", \"messages\" or \"text\" (or ids) was expected, and none is there.")
    }
    self.line = line
  }
}
