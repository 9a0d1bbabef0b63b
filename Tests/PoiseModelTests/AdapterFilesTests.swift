import Foundation
import PoiseFiles
import Testing

@testable import PoiseModel

/// Adapters in folders: what PEFT calls them, what is refused, and how they find the model that they adapt.
@Suite struct AdapterFilesTests {
  private let folder: TemporaryFolder
  private var base: String { folder.path + "/base" }
  private var adapters: String { folder.path + "/adapters" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func saveBase(_ example: TransformerCase, _ family: ModelFamily) throws {
    let model = StoredModel(new: example.configuration, family: family, seed: 1)
    model.parameters.copy(from: model.transformer.randomParameters(seed: 2))
    try model.save(folder: base)
  }

  /// Adapters of which none is 0, saved.
  private func saveAdapters(_ configuration: AdapterConfiguration) throws -> StoredModel {
    let model = try StoredModel(ModelOutline(folder: base).adapted(by: configuration), seed: 3)
    var values = model.parameters.writing
    for index in values.indices { values[index] += 0.25 - Float(index % 7) / 16 }
    try model.save(folder: adapters)
    return model
  }

  private func edit(_ key: String, _ value: JSON) throws {
    let path = "\(adapters)/adapter_config.json"
    var config = try #require(try Files.readJSON(path).object)
    config[key] = value
    try Files.replace(path, with: JSON.object(config).page)
  }

  private func refusal(_ expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let error = #expect(throws: (any Error).self, sourceLocation: sourceLocation) { _ = try StoredModel(folder: adapters) }
    let said = "\(try #require(error))"
    #expect(said.contains(expected), "\(said)", sourceLocation: sourceLocation)
  }

  @Test(arguments: [(TransformerCase.llama, ModelFamily.llama), (.gpt2, .gpt2), (.t5, .t5)])
  func adaptersAreReadAsTheyWereSaved(_ example: TransformerCase, _ family: ModelFamily) throws {
    try saveBase(example, family)
    let saved = try saveAdapters(AdapterConfiguration(rank: 3, alpha: 5, dividesByRoot: true))
    let read = try StoredModel(folder: adapters)
    let isEqual = saved.transformer.parameterLayout.tensors.allSatisfy {
      saved.parameters.floats($0) == read.parameters.floats($0)
    }
    #expect(isEqual && read.transformer.frozen?.floats == saved.transformer.frozen?.floats)
    #expect(read.adaptation?.layout.configuration.scale == saved.adaptation?.layout.configuration.scale)
    #expect(try ModelOutline(folder: adapters).form.trainedLayout.tensors == saved.transformer.parameterLayout.tensors)
    try read.save(folder: folder.path + "/again")
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
      #expect(try Files.read("\(folder.path)/again/\(file)") == Files.read("\(adapters)/\(file)"))
    }
  }

  @Test func filesAreThoseThatPEFTReads() throws {
    try saveBase(.gpt2, .gpt2)
    _ = try saveAdapters(AdapterConfiguration(rank: 2))
    let weights = try SafeTensorsCollection(file: "\(adapters)/adapter_model.safetensors")
    let (width, attention) = (TransformerCase.gpt2.configuration.width, "base_model.model.transformer.h.1.attn")
    #expect(weights.tensors["\(attention).c_attn.lora_A.weight"]?.shape == [2, width])
    #expect(weights.tensors["\(attention).c_attn.lora_B.weight"]?.shape == [3 * width, 2])
    #expect(weights.names.count == 2 * 4 * 2)
    let config = try Files.readJSON("\(adapters)/adapter_config.json")
    #expect(config["peft_type"] == "LORA" && config["task_type"] == "CAUSAL_LM" && config["fan_in_fan_out"] == true)
    #expect(config["r"] == 2 && config["lora_alpha"]?.double == 4)
    #expect(config["target_modules"] == ["c_attn", "c_proj", "c_fc"])
    #expect(!Files.exists("\(adapters)/model.safetensors") && !Files.exists("\(adapters)/config.json"))
  }

  /// Merged weights are W + s·B·A, and a folder of their own.
  @Test func mergedModelsAreWholeModels() throws {
    try saveBase(.llama, .llama)
    let model = try saveAdapters(AdapterConfiguration(rank: 2, alpha: 3, targets: .named(["k_proj"])))
    let module = try #require(model.adaptation?.layout.modules.first)
    #expect(module.name == "model.layers.0.self_attn.k_proj")
    let (a, b, columns) = (model.parameters[module.lowering], model.parameters[module.part.raising], module.lowering.columns)
    let plain = try StoredModel(folder: base)
    try StoredModel(folder: adapters).merged().save(folder: folder.path + "/merged")
    let merged = try StoredModel(folder: folder.path + "/merged")
    #expect(merged.adaptation == nil)
    let (own, other) = (plain.parameters[module.weight], merged.parameters[module.weight])
    for output in 0..<module.weight.rows {
      for input in 0..<columns {
        let row = output - module.part.outputs.lowerBound
        let isAdapted = module.part.outputs.contains(output)
        let change = isAdapted ? 1.5 * (b[2 * row] * a[input] + b[2 * row + 1] * a[columns + input]) : 0
        let place = output * columns + input
        #expect(abs(other[place] - own[place] - change) < 1e-6)
        #expect(isAdapted || other[place] == own[place])
      }
    }
  }

  @Test func theBaseIsFoundFromTheAdaptersFolder() throws {
    try saveBase(.llama, .llama)
    _ = try saveAdapters(AdapterConfiguration(rank: 2))
    try edit("base_model_name_or_path", "../base")
    let outline = try ModelOutline(folder: adapters)
    #expect(try outline.adaptation?.isOf(ModelOutline(folder: base)) == true)
    try edit("base_model_name_or_path", "someone/elsewhere")
    try refusal("base_model_name_or_path is \"someone/elsewhere\", and there is no such folder here.")
  }

  @Test func whatIsNotComputedIsRefused() throws {
    try saveBase(.llama, .llama)
    _ = try saveAdapters(AdapterConfiguration(rank: 2))
    let cases: [(key: String, value: JSON, good: JSON, said: String)] = [
      ("peft_type", "IA3", "LORA", "peft_type is \"IA3\", which Poise does not support"),
      ("bias", "all", "none", "bias is \"all\""), ("use_dora", true, false, "use_dora is true"),
      (
        "modules_to_save", ["lm_head"], .null,
        "modules_to_save is [\"lm_head\"]; Poise reads adapters that are alike in all layers"
      ),
      ("rank_pattern", ["q_proj": 4], .null, "rank_pattern is"), ("r", 0, 2, "the rank of the adapters is 0"),
      ("lora_alpha", -1, 4, "the adapters' alpha is -1"),
      ("target_modules", ".*proj", "all-linear", "patterns are not read here"),
      ("target_modules", ["q_proj", "lm_head"], "all-linear", "\"lm_head\" is no linear layer of the model"),
      ("target_modules", ["q_proj"], "all-linear", "that adapters of this description do not have"),
      ("r", 3, 2, "has shape [2, 16] where [3, 16] was expected"),
    ]
    for (key, value, good, said) in cases {
      try edit(key, value)
      try refusal(said)
      try edit(key, good)
    }
    _ = try StoredModel(folder: adapters)
  }

  @Test func adaptersOfAdaptersAreRefused() throws {
    try saveBase(.llama, .llama)
    _ = try saveAdapters(AdapterConfiguration(rank: 2))
    let second = folder.path + "/second"
    try FileManager.default.copyItem(atPath: adapters, toPath: second)
    try edit("base_model_name_or_path", .string(second))
    try refusal("these adapters adapt the adapters of")
  }
}

extension Arena {
  /// Of one tensor.
  fileprivate func floats(_ tensor: Tensor) -> [Float] {
    let values = self[tensor]
    return values.indices.map { values[$0] }
  }
}
