import PoiseFiles

/// One part of a `tokenizer.json`, and the words for what is wrong with it.
struct Part {
  /// As in the file: `pre_tokenizer`, `decoder.decoders[1]`.
  let name: String
  let json: JSON
  let path: String

  init(_ name: String, _ json: JSON?, path: String) {
    self.name = name
    self.json = json ?? .null
    self.path = path
  }

  func unusable(_ problem: String) -> DataError { DataError(path, problem, category: .configuration) }

  func type() throws -> String { try string("type") }

  /// The refusal of a kind of part that Poise does not read.
  func unknownKind() -> DataError {
    let kind = json["type"]?.string.map { "\"\($0)\"" } ?? "without a type"
    return unusable("the \(name) is of a kind that is not supported here (\(kind)).")
  }

  func member(_ key: String) -> Part { Part("\(name).\(key)", json[key], path: path) }

  /// The elements of a list member, one after the other: the names of all of them, deep within a file, are much longer than it.
  func members(_ key: String) throws -> some Sequence<Part> {
    guard let list = json[key]?.array else { throw expected("a list", key) }
    return list.enumerated().lazy.map { Part("\(name).\(key)[\($0)]", $1, path: path) }
  }

  func string(_ key: String) throws -> String {
    guard let string = json[key]?.string else { throw expected("a string", key) }
    return string
  }

  func integer(_ key: String) throws -> Int {
    guard let integer = json[key]?.int else { throw expected("an integer", key) }
    return integer
  }

  func boolean(_ key: String, default value: Bool) throws -> Bool {
    guard let member = json[key], !member.isNull else { return value }
    guard let bool = member.bool else { throw expected("true or false", key) }
    return bool
  }

  private func expected(_ what: String, _ key: String) -> DataError {
    unusable("\(name) should have \(what) under \"\(key)\", and has \(json[key]?.kind ?? "nothing").")
  }
}
