import PoiseFiles
import PoiseKernels

/// A model as it is kept: a transformer, its parameters and the `config.json` that it came with, unknown keys included. Of adapters
/// those are the parameters, and the model that they adapt is frozen in the transformer.
public struct StoredModel: Sendable {
  public let transformer: Transformer
  /// What is trained.
  public let parameters: Arena
  public let family: ModelFamily
  /// As read, or as made for a new model.
  public let config: JSON
  /// Where parameters are adapters.
  public let adaptation: ModelAdaptation?

  /// A model of a folder in Hugging Face layout, or adapters of a folder in PEFT's with the model that they name.
  ///
  /// - Throws: `FileError` where the folder or a file is missing; `DataError` where config.json does not describe a model that
  ///   Poise computes; `CheckpointError` where the weights are damaged or do not fit config.json.
  public init(folder: String) throws {
    guard !AdapterFiles.exist(in: folder) else {
      try self.init(AdapterFiles(folder: folder))
      return
    }
    let reader = try Self.configurationReader(folder: folder)
    let family = try ModelFamily.named(in: reader)
    try self.init(family, reader, weights: try SafeTensorsCollection(folder: folder))
  }

  /// Whether a folder holds a model, or adapters of one.
  public static func isIn(folder: String) -> Bool { Files.exists("\(folder)/config.json") || AdapterFiles.exist(in: folder) }

  static func configurationReader(folder: String) throws -> ConfigurationReader {
    guard Files.exists(folder) else { throw FileError.missing(path: folder) }
    guard Files.isDirectory(folder) else {
      throw FileError.unreadable(path: folder, reason: "it is a file; a model is a folder with config.json and model.safetensors")
    }
    let path = "\(folder)/config.json"
    return ConfigurationReader(path: path, json: try Files.readJSON(path))
  }

  /// A single weights file with the `config.json` of its folder.
  public init(weights path: String, config configPath: String) throws {
    let reader = ConfigurationReader(path: configPath, json: try Files.readJSON(configPath))
    try self.init(try ModelFamily.named(in: reader), reader, weights: try SafeTensorsCollection(file: path))
  }

  /// - Parameter weights: decide what config.json leaves open; nil where there are none.
  static func configuration(
    _ family: ModelFamily, _ reader: ConfigurationReader, weights: SafeTensorsCollection?
  ) throws -> TransformerConfiguration {
    var configuration = try family.configuration(reader) { name in weights.map { $0.tensors[$0.stored(name)] != nil } ?? true }
    if weights == nil, reader.value("architectures")?.array?.first?.string == family.architecture(.scalar) {
      configuration.head = .scalar
    }
    if let head = weights?.tensors[StoredTensor.scalarHead.name] {
      guard head.shape.first == 1 else {
        throw reader.error(
          "this is a classifier of \(head.shape.first ?? 0) labels (score.weight in the weights); Poise reads those of one label, "
            + "which score or compare texts.")
      }
      configuration.head = .scalar
    }
    if let problem = configuration.problem { throw reader.error(problem) }
    return configuration
  }

  private init(_ family: ModelFamily, _ reader: ConfigurationReader, weights: SafeTensorsCollection) throws {
    let configuration = try Self.configuration(family, reader, weights: weights)
    self.family = family
    config = reader.json
    adaptation = nil
    let tensors = family.tensors(configuration)
    // Before anything is allocated: sizes that config.json only claims must not cost memory.
    for tensor in tensors where weights.tensors[weights.stored(tensor.name)] == nil {
      throw CheckpointError.missingTensor(path: weights.path, tensor: tensor.name)
    }
    transformer = Transformer(configuration)
    let layout = transformer.parameters.layout
    for tensor in tensors {
      let expected = tensor.storedShape(of: tensor.region(in: layout))
      let found = weights.tensors[weights.stored(tensor.name)]!.shape
      guard expected == found else {
        throw CheckpointError.wrongShape(path: weights.path, tensor: tensor.name, expected: expected, found: found)
      }
    }
    parameters = Arena(layout)
    for tensor in tensors { try parameters.read(tensor, named: weights.stored(tensor.name), from: weights, layout) }
    try Self.refuseUnread(Set(tensors.map { weights.stored($0.name) }), family, configuration, weights, reader)
  }

  /// A tensor that nobody reads would change what the model computes; config.json then describes another model.
  private static func refuseUnread(
    _ read: Set<String>, _ family: ModelFamily, _ configuration: TransformerConfiguration, _ weights: SafeTensorsCollection,
    _ reader: ConfigurationReader
  ) throws {
    let ignored = family.ignoredSuffixes + (configuration.tiesHead ? [StoredTensor.vocabularyHead.name] : [])
    let unread = weights.names.first { name in !read.contains(name) && !ignored.contains { name.hasSuffix($0) } }
    if let unread {
      throw reader.error("the weights hold a tensor \(unread) that a model of this description does not have.")
    }
  }

  /// A new model with fresh parameters.
  public init(new configuration: TransformerConfiguration, family: ModelFamily = .llama, seed: UInt64) {
    transformer = Transformer(configuration)
    parameters = transformer.initialParameters(seed: seed)
    self.family = family
    config = family.newConfig(configuration)
    adaptation = nil
  }

  /// The same trunk under a scalar head that has no opinion yet: how a reward or preference model starts from a policy.
  ///
  /// - Parameter keys: further keys of config.json.
  /// - Precondition: all parameters are trained.
  public func withScalarHead(_ keys: JSON.Object = JSON.Object()) -> StoredModel {
    precondition(adaptation == nil, "adapters are merged before a model gets another head")
    var configuration = transformer.configuration
    configuration.head = .scalar
    let scalar = Transformer(configuration)
    let parameters = Arena(scalar.parameterLayout)
    let stored = Dictionary(uniqueKeysWithValues: transformer.parameterLayout.tensors.map { ($0.name, $0) })
    for tensor in scalar.parameterLayout.tensors where tensor != scalar.parameters.head {
      parameters.copy(stored[tensor.name]!, of: self.parameters, to: tensor)
    }
    var config = config.object ?? JSON.Object()
    config["architectures"] = [.string(family.architecture(.scalar))]
    config["num_labels"] = 1
    for key in keys.keys { config[key] = keys[key] }
    return StoredModel(transformer: scalar, parameters: parameters, family: family, config: .object(config))
  }

  init(transformer: Transformer, parameters: Arena, family: ModelFamily, config: JSON, _ adaptation: ModelAdaptation? = nil) {
    self.transformer = transformer
    self.parameters = parameters
    self.family = family
    self.config = config
    self.adaptation = adaptation
  }

  /// Writes `config.json`, `generation_config.json` and `model.safetensors` (F32), each whole or not at all; of adapters
  /// `adapter_config.json` and `adapter_model.safetensors`.
  public func save(folder: String) throws {
    if let adaptation { return try AdapterFiles.write(parameters, adaptation, to: folder) }
    try Files.createDirectory(folder)
    try Self.writeWeights(parameters, transformer, family, to: "\(folder)/model.safetensors")
    try Files.replace("\(folder)/config.json", with: savedConfig.page)
    try Files.replace("\(folder)/generation_config.json", with: generationConfig.page)
  }

  private static func writeWeights(
    _ parameters: Arena, _ transformer: Transformer, _ family: ModelFamily, to path: String
  ) throws {
    let layout = transformer.parameters.layout
    let tensors = family.tensors(transformer.configuration).map { tensor in
      let region = tensor.region(in: layout)
      return SafeTensorsWriter.Tensor(tensor.name, shape: tensor.storedShape(of: region)) { sink in
        if tensor.isTransposed { try sink.write(parameters.transposed(region).span) } else { try sink.write(parameters[region]) }
      }
    }
    try SafeTensorsWriter.write(tensors, to: path)
  }

  /// Weights are saved in single precision, whatever they came in.
  private var savedConfig: JSON {
    guard var object = config.object else { return config }
    for key in ["torch_dtype", "dtype"] where object[key] != nil { object[key] = "float32" }
    return .object(object)
  }

  private var generationConfig: JSON {
    let c = transformer.configuration
    var object = JSON.Object()
    object["_from_model_config"] = true
    object["bos_token_id"] = c.beginningOfSequence.map { .init($0) } ?? .null
    object["eos_token_id"] = .tokens(c.endOfSequence)
    if let encoder = c.encoder {
      object["decoder_start_token_id"] = .init(encoder.startToken)
      object["pad_token_id"] = config["pad_token_id"] ?? .null
    }
    return .object(object)
  }
}

extension SafeTensorsCollection {
  /// The name under which a tensor is stored: GPT-2 checkpoints come with and without the prefix.
  fileprivate func stored(_ name: String) -> String {
    let short = name.hasPrefix("transformer.") ? String(name.dropFirst("transformer.".count)) : name
    return tensors[name] == nil && tensors[short] != nil ? short : name
  }

  /// Reads floats into a tensor of an arena; as ``read(_:shape:into:)``, but infinity and what is not a number are refused.
  ///
  /// - Throws: also `.notFinite`, when the arena has been written.
  public func readFinite(_ name: String, _ tensor: Tensor, into arena: Arena) throws {
    try read(name, shape: tensor.shape, into: arena[writing: tensor])
    guard kernels.sumOfSquares(arena[tensor]).isFinite else { throw CheckpointError.notFinite(path: path, tensor: name) }
  }
}

extension Arena {
  fileprivate func read(
    _ tensor: StoredTensor, named name: String, from weights: SafeTensorsCollection, _ layout: Layout
  ) throws {
    let region = tensor.region(in: layout)
    guard tensor.isTransposed else { return try weights.readFinite(name, region, into: self) }
    var stored = [Float](repeating: 0, count: region.count)
    try weights.read(name, shape: region.shape.reversed(), into: stored.mutableSpan)
    guard kernels.sumOfSquares(stored.span).isFinite else { throw CheckpointError.notFinite(path: weights.path, tensor: name) }
    var values = self[writing: region]
    for row in 0..<region.rows {
      for column in 0..<region.columns { values[row * region.columns + column] = stored[column * region.rows + row] }
    }
  }

  /// A copy of (rows, columns) as (columns, rows).
  fileprivate func transposed(_ region: Tensor) -> [Float] {
    let values = self[region]
    var copy = [Float](repeating: 0, count: region.count)
    for row in 0..<region.rows {
      for column in 0..<region.columns { copy[column * region.rows + row] = values[row * region.columns + column] }
    }
    return copy
  }
}
