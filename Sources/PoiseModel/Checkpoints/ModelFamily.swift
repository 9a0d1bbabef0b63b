import PoiseFiles

/// A family of published checkpoints: how its `config.json` reads as a ``TransformerConfiguration``, and under which names its
/// tensors are stored. Adding a family is one value of this type in ``all``.
public struct ModelFamily: Sendable {
  /// `model_type` of config.json.
  public let name: String
  /// `architectures` of models with a vocabulary head and with a scalar head.
  let architectures: (vocabulary: String, scalar: String)
  /// - Parameter hasTensor: whether the weights hold a tensor, for what config.json leaves open.
  let configuration: @Sendable (_ config: ConfigurationReader, _ hasTensor: (String) -> Bool) throws -> TransformerConfiguration
  /// config.json of a model made here, an object, without `architectures` and `model_type`.
  let config: @Sendable (TransformerConfiguration) -> JSON
  let tensors: @Sendable (TransformerConfiguration) -> [StoredTensor]
  /// Names that some exporters leave behind and that carry nothing: the end of the name decides.
  let ignoredSuffixes: [String]

  public static let all: [ModelFamily] = [.llama, .qwen2, .gpt2, .t5]

  func architecture(_ head: TransformerConfiguration.Head) -> String {
    head == .vocabulary ? architectures.vocabulary : architectures.scalar
  }

  /// The whole config.json of a model made here.
  func newConfig(_ configuration: TransformerConfiguration) -> JSON {
    let kind: JSON = ["architectures": [.string(architecture(configuration.head))], "model_type": .string(name)]
    return .joining(kind, config(configuration))
  }

  /// The family that `config.json` names.
  static func named(in config: ConfigurationReader) throws -> ModelFamily {
    let name = try config.string("model_type")
    guard let family = all.first(where: { $0.name == name }) else {
      let known = all.map(\.name).joined(separator: ", ")
      throw config.error("model_type is \"\(name)\", a family that Poise does not know; it knows \(known).")
    }
    return family
  }
}

/// One tensor of a checkpoint and the parameters that it holds.
struct StoredTensor: Sendable {
  var name: String
  /// Names of adjoining parameters, stored as one: `["blocks.0.attention.query.weight", …]`.
  var parameters: [String]
  /// Stored (in, out), where parameters are (out, in).
  var isTransposed = false

  init(_ name: String, _ parameters: String..., isTransposed: Bool = false) {
    self.name = name
    self.parameters = parameters
    self.isTransposed = isTransposed
  }

  /// The parameters as one tensor of the layout.
  func region(in layout: Layout) -> Tensor {
    let parts = parameters.map { name in layout.tensors.first { $0.name == name }! }
    return Layout.joining(name, parts)
  }

  func storedShape(of region: Tensor) -> [Int] { isTransposed ? region.shape.reversed() : region.shape }
}

extension StoredTensor {
  /// Every family has the same names for these.
  static let vocabularyHead = StoredTensor("lm_head.weight", "head.weight")
  static let scalarHead = StoredTensor("score.weight", "head.weight")

  /// What is stored of a model's head: nothing where it is the embedding.
  static func head(_ c: TransformerConfiguration) -> [StoredTensor] {
    switch c.head {
    case .vocabulary: c.tiesHead ? [] : [vocabularyHead]
    case .scalar: [scalarHead]
    }
  }
}

/// Reads values of a `config.json` and names the key when one is missing or of the wrong kind.
struct ConfigurationReader: Sendable {
  let path: String
  let json: JSON
  /// What messages put before a key: `rope_scaling.` within that object, nothing at the top.
  var scope = ""

  func error(_ problem: String) -> DataError { DataError(path, problem, category: .configuration) }

  /// Absent and null mean the same in these files.
  func value(_ key: String) -> JSON? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  func int(_ key: String) throws -> Int { try present(key, optionalInt(key), "a whole number") }
  func double(_ key: String) throws -> Double { try present(key, optionalDouble(key), "a number") }
  func string(_ key: String) throws -> String { try present(key, optionalString(key), "a string") }

  /// Within what all readers of JSON agree on (RFC 8259, section 6): families may multiply such numbers by small ones.
  func optionalInt(_ key: String) throws -> Int? {
    try optional(key, "a whole number") { value in value.int.flatMap { (-1 << 53...1 << 53).contains($0) ? $0 : nil } }
  }
  func optionalDouble(_ key: String) throws -> Double? { try optional(key, "a number", \.double) }
  func optionalString(_ key: String) throws -> String? { try optional(key, "a string", \.string) }

  func double(_ key: String, default fallback: Double) throws -> Double { try optionalDouble(key) ?? fallback }
  func bool(_ key: String, default fallback: Bool) throws -> Bool { try optional(key, "true or false", \.bool) ?? fallback }

  /// A reader of the object under a key.
  func object(_ key: String) throws -> ConfigurationReader? {
    try optional(key, "an object", \.object).map { .init(path: path, json: .object($0), scope: "\(scope)\(key).") }
  }

  private func present<Value>(_ key: String, _ value: Value?, _ expected: String) throws -> Value {
    guard let value else { throw error("the key \(scope)\(key) is missing; \(expected) was expected.") }
    return value
  }

  private func optional<Value>(_ key: String, _ expected: String, _ read: (JSON) -> Value?) throws -> Value? {
    guard let value = value(key) else { return nil }
    guard let read = read(value) else { throw error("\(scope)\(key) is \(value.kind); \(expected) was expected.") }
    return read
  }

  /// Refuses a key that would change the function computed, unless it has one of the values that are supported.
  func require(_ key: String, _ supported: JSON...) throws {
    guard let value = value(key), !supported.contains(value) else { return }
    throw unsupported(key, value, supported)
  }

  /// The same for every element of a list.
  func requireEach(_ key: String, _ supported: JSON...) throws {
    guard let list = try optional(key, "a list", \.array), let other = list.first(where: { !supported.contains($0) }) else {
      return
    }
    throw unsupported("an element of \(key)", other, supported)
  }

  private func unsupported(_ what: String, _ value: JSON, _ supported: [JSON]) -> DataError {
    let list = supported.map(\.line).joined(separator: " or ")
    return error("\(what) is \(value.line), which Poise does not support; it supports \(list).")
  }

  /// A token id, or a list of them.
  func tokens(_ key: String) throws -> [Int] {
    guard let value = value(key) else { return [] }
    if let int = value.int { return [int] }
    guard let list = value.array?.map(\.int), !list.contains(nil) else {
      throw error("\(key) is \(value.kind); a token id or a list of them was expected.")
    }
    return list.compactMap(\.self)
  }
}

extension JSON {
  /// The members of two objects, in order.
  static func joining(_ first: JSON, _ second: JSON) -> JSON {
    var object = first.object ?? Object()
    for (key, value) in second.object?.members ?? [] { object[key] = value }
    return .object(object)
  }
}
