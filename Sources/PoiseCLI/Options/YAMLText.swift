import PoiseFiles
import Yams

/// YAML as it comes from files of people: bounded, and with errors that have a place.
struct YAMLText {
  let path: String
  /// Nil where the text says nothing.
  let node: Node?

  /// Anchors that hold references to anchors grow exponentially, and Yams goes through all of what a key of a mapping holds.
  private static let mostReferences = 16

  /// - Parameter path: of the file, for errors.
  init(_ text: String, path: String) throws(DataError) {
    self.path = path
    let references = zip(text.utf8, text.utf8.dropFirst()).count { $0 == UInt8(ascii: "*") && $1.isOfAnchorName }
    guard references <= Self.mostReferences else {
      throw DataError(path, "the file refers to anchors (`*name`) more than \(Self.mostReferences) times. Write the values out.")
    }
    do { node = try compose(yaml: text) } catch {
      throw (error as? YamlError).map { DataError(path, describing: $0) } ?? DataError(path, "this is not valid YAML.")
    }
  }

  /// The same as JSON, in which every scalar is a string, whatever YAML takes it for.
  var json: JSON {
    get throws(DataError) {
      guard let node else { throw DataError(path, "the file is empty.") }
      return try json(node)
    }
  }

  private func json(_ node: Node) throws(DataError) -> JSON {
    switch node {
    case .scalar(let scalar): return .string(scalar.string)
    case .sequence(let sequence):
      var values: [JSON] = []
      for value in sequence { values.append(try json(value)) }
      return .array(values)
    case .mapping(let mapping):
      var object = JSON.Object()
      for (key, value) in mapping {
        guard let name = key.string else { throw DataError(path, line: key.mark?.line, "a name was expected before the colon.") }
        object[name] = try json(value)
      }
      return .object(object)
    case .alias: throw DataError(path, line: node.mark?.line, "write the value out that this refers to.")
    }
  }
}

extension UInt8 {
  fileprivate var isOfAnchorName: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension DataError {
  /// What the YAML parser says, in one line and with its place.
  fileprivate init(_ path: String, describing error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      self.init(path, line: mark.line, "this is not valid YAML (column \(mark.column): \(problem)).")
    case .duplicatedKeysInMapping(let keys, let context):
      self.init(path, line: context.mark.line, "an option occurs twice: \(keys.joined(separator: ", ")).")
    case .reader(let problem, _, _, _): self.init(path, "this is not valid YAML (\(problem)).")
    default: self.init(path, "this is not valid YAML.")
    }
  }
}
