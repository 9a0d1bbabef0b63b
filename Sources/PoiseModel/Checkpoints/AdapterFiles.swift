import PoiseFiles

/// Adapters as they are kept, in the layout of Hugging Face's PEFT: `adapter_config.json` and `adapter_model.safetensors`, beside
/// which the model that they adapt is only named.
struct AdapterFiles {
  static let configFile = "adapter_config.json"
  private static let weightsFile = "adapter_model.safetensors"

  let folder: String
  /// adapter_config.json
  let config: JSON
  let configuration: AdapterConfiguration
  /// Folder of the model that they adapt.
  let base: String

  static func exist(in folder: String) -> Bool { Files.exists("\(folder)/\(configFile)") }

  /// Reads adapter_config.json.
  ///
  /// - Throws: `DataError` where it asks for what Poise does not compute, or names a base that is not a folder here.
  init(folder: String) throws {
    let path = "\(folder)/\(Self.configFile)"
    let reader = ConfigurationReader(path: path, json: try Files.readJSON(path))
    self.folder = folder
    config = reader.json
    configuration = try reader.adapterConfiguration()
    base = try Self.base(try reader.string("base_model_name_or_path"), of: folder, reader)
  }

  /// As named, or from the adapters' own folder.
  private static func base(_ name: String, of folder: String, _ reader: ConfigurationReader) throws -> String {
    guard let found = [name, "\(folder)/\(name)"].first(where: Files.isDirectory) else {
      throw reader.error(
        "base_model_name_or_path is \"\(name)\", and there is no such folder here. Put the folder there, or its path into this file."
      )
    }
    return found
  }

  /// Fills an arena of the adapters' layout.
  ///
  /// - Throws: `FileError` or `CheckpointError` where the file is missing, damaged or of other adapters.
  func read(into values: Arena, _ layout: AdapterLayout) throws {
    let weights = try SafeTensorsCollection(file: "\(folder)/\(Self.weightsFile)")
    var unread = Set(weights.names)
    for tensor in layout.storedTensors {
      try weights.readFinite(tensor.name, tensor.values, into: values)
      unread.remove(tensor.name)
    }
    if let name = unread.min() {
      throw DataError(
        "\(folder)/\(Self.configFile)",
        "the adapters' file holds a tensor \(name) that adapters of this description do not have.",
        category: .configuration)
    }
  }

  static func write(_ values: Arena, _ adaptation: ModelAdaptation, to folder: String) throws {
    try Files.createDirectory(folder)
    let tensors = adaptation.layout.storedTensors.map { tensor in
      SafeTensorsWriter.Tensor(tensor.name, shape: tensor.values.shape) { try $0.write(values[tensor.values]) }
    }
    try SafeTensorsWriter.write(tensors, to: "\(folder)/\(weightsFile)")
    try Files.replace("\(folder)/\(configFile)", with: adaptation.config.page)
  }

  /// adapter_config.json of adapters made here.
  ///
  /// - Parameter base: folder of the model that they adapt.
  static func config(_ layout: AdapterLayout, base: String, of family: ModelFamily, _ model: TransformerConfiguration) -> JSON {
    let c = layout.configuration
    return [
      "peft_type": "LORA", "task_type": model.encoder == nil ? "CAUSAL_LM" : "SEQ_2_SEQ_LM",
      "base_model_name_or_path": .string(base), "r": .init(c.rank), "lora_alpha": .shortest(c.alpha), "lora_dropout": 0,
      "target_modules": .array(layout.moduleKinds.map { .string($0) }), "bias": "none",
      "fan_in_fan_out": .bool(family.storesTransposed(model)), "use_rslora": .bool(c.dividesByRoot), "use_dora": false,
      "modules_to_save": .null, "rank_pattern": .object(.init()), "alpha_pattern": .object(.init()), "init_lora_weights": true,
      "inference_mode": true,
    ]
  }
}

extension ModelFamily {
  /// Whether linear layers are kept (in, out).
  fileprivate func storesTransposed(_ c: TransformerConfiguration) -> Bool { tensors(c).contains(where: \.isTransposed) }
}

extension AdapterLayout {
  /// Every tensor with the name that PEFT gives it, in the order of the layout.
  fileprivate var storedTensors: [(name: String, values: Tensor)] {
    modules.flatMap { module in
      [("lora_A", module.lowering), ("lora_B", module.part.raising)].map { name, values in
        ("base_model.model.\(module.name).\(name).weight", values)
      }
    }
  }
}

extension ConfigurationReader {
  /// What adapter_config.json says, as far as it changes what is computed.
  fileprivate func adapterConfiguration() throws -> AdapterConfiguration {
    try require("peft_type", "LORA")
    try require("bias", "none")
    try require("use_dora", false)
    for key in ["modules_to_save", "rank_pattern", "alpha_pattern", "layers_to_transform", "target_parameters"] {
      guard let value = value(key), !(value.object?.keys.isEmpty ?? false), !(value.array?.isEmpty ?? false) else { continue }
      throw error("\(key) is \(value.line); Poise reads adapters that are alike in all layers, and nothing beside them.")
    }
    let configuration = AdapterConfiguration(
      rank: try int("r"), alpha: try optionalDouble("lora_alpha") ?? 8,
      dividesByRoot: try bool("use_rslora", default: false), targets: try adapterTargets())
    if let problem = configuration.problem { throw error(problem) }
    return configuration
  }

  private func adapterTargets() throws -> AdapterConfiguration.Targets {
    guard let value = value("target_modules") else { throw error("target_modules is missing; a list of names was expected.") }
    if value.string == "all-linear" { return .allLinear }
    guard let names = value.array?.map(\.string), names.allSatisfy({ $0 != nil }) else {
      throw error(
        "target_modules is \(value.line); a list of names or \"all-linear\" was expected, and patterns are not read here.")
    }
    return .named(names.compactMap(\.self))
  }
}
