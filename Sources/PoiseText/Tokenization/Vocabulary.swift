import PoiseFiles

/// Tokens and their ids, both ways.
struct Vocabulary: Sendable {
  /// By id; nil where an id has no token.
  private(set) var tokens: [String?] = []
  private var ids: [ExactString: Int] = [:]

  /// Larger ids would let a small file claim any amount of memory.
  static let largestID = 1 << 21

  /// Of those that are looked for at every place of a text, which takes its length times theirs; in bytes.
  static let longestToken = 1024

  init() {}

  init(reading part: Part) throws {
    guard let members = part.json["vocab"]?.object?.members else { throw part.unusable("the model's vocab should be an object.") }
    ids.reserveCapacity(members.count)
    tokens.reserveCapacity(members.count)
    for (token, json) in members {
      guard let id = json.int else { throw part.unusable("the id of the token \"\(token)\" is not an integer.") }
      try insert(token, id, part)
    }
  }

  /// - Throws: `DataError` where the token has another id already, or the id another token.
  mutating func insert(_ token: String, _ id: Int, _ part: Part) throws {
    guard (0...Vocabulary.largestID).contains(id) else {
      throw part.unusable("the token \"\(token)\" has the id \(id); ids are from 0 to \(Vocabulary.largestID).")
    }
    if id >= tokens.count { tokens.append(contentsOf: repeatElement(nil, count: id + 1 - tokens.count)) }
    if let other = tokens[id], ExactString(other) != ExactString(token) {
      throw part.unusable("the id \(id) belongs to two tokens, \"\(other)\" and \"\(token)\".")
    }
    if let other = ids.updateValue(id, forKey: ExactString(token)), other != id {
      throw part.unusable("the token \"\(token)\" has two ids, \(other) and \(id).")
    }
    tokens[id] = token
  }

  /// One more than the largest id.
  var size: Int { tokens.count }

  func id(of token: String) -> Int? { ids[ExactString(token)] }

  func token(of id: Int) -> String? { tokens.indices.contains(id) ? tokens[id] : nil }
}
