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
  /// config.json of a model made here.
  let config: @Sendable (TransformerConfiguration) -> JSON
  let tensors: @Sendable (TransformerConfiguration) -> [StoredTensor]
  /// Names that some exporters leave behind and that carry nothing: the end of the name decides.
  let ignoredSuffixes: [String]

  public static let all: [ModelFamily] = [.llama, .gpt2, .t5]

  func architecture(_ head: TransformerConfiguration.Head) -> String {
    head == .vocabulary ? architectures.vocabulary : architectures.scalar
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

  func error(_ problem: String) -> DataError { DataError(path, problem, category: .configuration) }

  /// Absent and null mean the same in these files.
  func value(_ key: String) -> JSON? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  func int(_ key: String) throws -> Int {
    guard let value = try optionalInt(key) else { throw error("the key \(key) is missing; a whole number was expected.") }
    return value
  }

  func optionalInt(_ key: String) throws -> Int? {
    guard let value = value(key) else { return nil }
    guard let int = value.int else { throw error("\(key) is \(value.kind); a whole number was expected.") }
    return int
  }

  func double(_ key: String, default fallback: Double) throws -> Double {
    guard let value = value(key) else { return fallback }
    guard let double = value.double else { throw error("\(key) is \(value.kind); a number was expected.") }
    return double
  }

  func bool(_ key: String, default fallback: Bool) throws -> Bool {
    guard let value = value(key) else { return fallback }
    guard let bool = value.bool else { throw error("\(key) is \(value.kind); true or false was expected.") }
    return bool
  }

  func string(_ key: String) throws -> String {
    guard let value = value(key) else { throw error("the key \(key) is missing; a string was expected.") }
    guard let string = value.string else { throw error("\(key) is \(value.kind); a string was expected.") }
    return string
  }

  /// Refuses a key that would change the function computed, unless it has one of the values that are supported.
  func require(_ key: String, _ supported: JSON...) throws {
    guard let value = value(key), !supported.contains(value) else { return }
    let list = supported.map(\.line).joined(separator: " or ")
    throw error("\(key) is \(value.line), which Poise does not support; it supports \(list).")
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
