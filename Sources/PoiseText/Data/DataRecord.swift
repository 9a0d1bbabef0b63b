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
    if json["messages"] != nil || json["conversations"] != nil { throw conversation("messages") }
  }

  func wrong(_ problem: String) -> DataError { DataError(path, line: line, problem) }

  private func conversation(_ key: String) -> DataError {
    wrong(
      "\"\(key)\" is a conversation (a list of messages with roles), which is not read here. "
        + "Apply the model's chat template first and give the result as text, or as ids under \"\(key)_ids\".")
  }

  func has(_ key: String) -> Bool { json[key] != nil || json[key + "_ids"] != nil }

  /// The text under `key` or the ids under `key_ids`; where both are there the ids are taken, because they are exact.
  func content(_ key: String) throws(DataError) -> TextOrTokens {
    if let ids = json[key + "_ids"] { return .tokens(try tokens(ids, key + "_ids")) }
    guard let value = json[key] else { throw wrong("\"\(key)\" or \"\(key)_ids\" was expected, and neither is there.") }
    if value.array?.first?["role"] != nil { throw conversation(key) }
    guard let text = value.string else { throw wrong("\"\(key)\" should be a string, and is \(value.kind).") }
    return .text(text)
  }

  /// As `content`, but something must be there: no gradient can come from nothing.
  func nonemptyContent(_ key: String) throws(DataError) -> TextOrTokens {
    let content = try content(key)
    guard !content.isEmpty else { throw empty(key) }
    return content
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

/// A prompt to be answered: `{"prompt"}` or `{"prompt_ids"}`.
public struct PromptRecord: DataRecord, Equatable {
  public let prompt: TextOrTokens
  public let line: Int

  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    prompt = try RecordFields(json, path: path, line: line).content("prompt")
    self.line = line
  }
}

/// A text to be imitated: `{"prompt", "completion"}`, or `{"text"}` without a prompt; ids under `…_ids`.
public struct CompletionRecord: DataRecord, Equatable {
  /// Nil where the whole text is to be learned.
  public let prompt: TextOrTokens?
  public let completion: TextOrTokens
  public let line: Int

  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    let fields = try RecordFields(json, path: path, line: line)
    if fields.has("completion") {
      prompt = try fields.content("prompt")
      completion = try fields.nonemptyContent("completion")
    } else if fields.has("text") {
      prompt = nil
      completion = try fields.nonemptyContent("text")
    } else {
      throw fields.wrong("\"completion\" or \"text\" (or their ids) was expected, and neither is there.")
    }
    self.line = line
  }
}
