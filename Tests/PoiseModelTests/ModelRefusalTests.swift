import PoiseFiles
import Testing

@testable import PoiseModel

/// A folder that does not hold the model it describes is refused, with the thing by its name.
@Suite struct ModelRefusalTests {
  private func error(_ model: EditableModel) throws -> any ExplainedError {
    try #require(#expect(throws: (any Error).self) { try model.load() } as? any ExplainedError)
  }

  /// Values of Llama's config.json that are refused, and what the message says of them.
  @Test(
    arguments: [
      ("model_type", "mamba", "model_type is \"mamba\""), ("hidden_act", "gelu", "hidden_act is \"gelu\""),
      ("rope_scaling", ["rope_type": "longrope", "factor": 8], "rope_scaling asks for \"longrope\""),
      ("rope_scaling", ["type": "linear"], "the key rope_scaling.factor is missing"),
      ("rope_scaling", ["type": "linear", "factor": 0], "frequencies or an amplitude that are not positive"),
      ("rope_parameters", ["rope_theta": 1e4, "partial_rotary_factor": 0.5], "rope_parameters.partial_rotary_factor is 0.5"),
      ("use_sliding_window", true, "use_sliding_window is true"),
      ("layer_types", ["full_attention", "sliding_attention"], "an element of layer_types is \"sliding_attention\""),
      ("rope_scaling", 2, "rope_scaling is a number"), ("num_attention_heads", 0, "num_attention_heads is 0"),
      ("num_attention_heads", 3, "3 heads cannot share 2 key-value heads"), ("num_key_value_heads", 0, "key-value heads is 0"),
      ("head_dim", 3, "an even head size up to 65536, not 3"), ("vocab_size", .null, "the key vocab_size is missing"),
      ("hidden_size", "wide", "hidden_size is a string"), ("eos_token_id", 1000, "the special token 1000"),
      ("num_hidden_layers", 0, "the number of blocks is 0"), ("intermediate_size", 1_000_000_000, "feed-forward width"),
      ("num_hidden_layers", 16_000_000, "there are 16000000 blocks"), ("head_dim", 16_000_000, "wider than"),
      ("hidden_size", .init(Int.max), "hidden_size is a number; a whole number was expected"),
    ] as [(String, JSON, String)])
  func configurationsThatPoiseDoesNotCompute(_ key: String, _ value: JSON, _ message: String) throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.config[key] = value
    let error = try error(model)
    #expect(error.category == .configuration)
    #expect(error.description.contains(message), "\(error)")
    #expect(error.description.contains("config.json"))
  }

  @Test(
    arguments: [
      ("relative_attention_num_buckets", 6, "a multiple of 4"), ("relative_attention_max_distance", 4, "the largest distance"),
      ("is_encoder_decoder", false, "is_encoder_decoder is false"), ("decoder_start_token_id", 29, "the special token 29"),
      ("num_layers", 0, "the number of encoder blocks is 0"),
    ] as [(String, JSON, String)])
  func t5sThatPoiseDoesNotCompute(_ key: String, _ value: JSON, _ message: String) throws {
    var model = try EditableModel(EditableModel.t5, .t5)
    model.config[key] = value
    let error = try error(model)
    #expect(error.category == .configuration)
    #expect(error.description.contains(message), "\(error)")
  }

  /// "gelu" is the exact one, which is up to 5e-4 away.
  @Test(arguments: ["relu", "gelu"]) func gpt2ActivationsOtherThanTheTanhFormAreRefused(_ activation: String) throws {
    var model = try EditableModel(EditableModel.gpt2, .gpt2)
    model.config["activation_function"] = .string(activation)
    let error = try error(model)
    #expect(error.category == .configuration)
    #expect(error.description.contains("activation_function is \"\(activation)\""))
  }

  /// A plan of memory for a text of that length would overflow.
  @Test func textsThatCouldNotBeComputedAreRefused() throws {
    var configuration = EditableModel.llama
    (configuration.contextLength, configuration.feedForwardWidth, configuration.blockCount) = (1 << 23, 1 << 24, 1)
    #expect(try #require(configuration.problem).contains("more than can be computed"))
    configuration.contextLength = 1 << 22
    #expect(configuration.problem == nil)
  }

  /// The width of the feed-forward layer, where the file does not say it, is four times that.
  @Test(arguments: [Int.max, 1 << 53]) func gpt2sTooWideToMultiplyAreRefused(_ width: Int) throws {
    var model = try EditableModel(EditableModel.gpt2, .gpt2)
    model.config["n_embd"] = .init(width)
    model.config["n_inner"] = nil
    #expect(try error(model).category == .configuration)
  }

  @Test func aMissingTensorIsNamed() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.tensors.remove(at: try model.index(of: "model.layers.1.mlp.up_proj.weight"))
    let error = try error(model)
    #expect(error.category == .badData)
    #expect(error.description.contains("no tensor model.layers.1.mlp.up_proj.weight"))
  }

  @Test func aShapeThatDoesNotFitIsNamed() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    let index = try model.index(of: "model.layers.0.self_attn.k_proj.weight")
    #expect(model.tensors[index].shape == [8, 16])
    model.tensors[index].shape = [16, 8]
    let error = try error(model)
    #expect(error.category == .badData)
    #expect(error.description.contains("model.layers.0.self_attn.k_proj.weight has shape [16, 8] where [8, 16]"))
  }

  /// As they are stored, and as they are stored transposed.
  @Test(arguments: [Float.nan, .infinity, -.infinity]) func weightsThatAreNotFiniteAreNamed(_ value: Float) throws {
    for (configuration, family, name) in [
      (EditableModel.llama, .llama, "model.layers.1.mlp.up_proj.weight"),
      (EditableModel.gpt2, .gpt2, "transformer.h.1.mlp.c_fc.weight"),
    ] as [(TransformerConfiguration, ModelFamily, String)] {
      var model = try EditableModel(configuration, family)
      model.tensors[try model.index(of: name)].values[3] = value
      let error = try error(model)
      #expect(error as? CheckpointError == .notFinite(path: "\(model.folder.path)/model.safetensors", tensor: name))
      #expect(error.category == .badData && error.description.contains("tensor \(name) holds infinity"))
    }
  }

  @Test func aTensorThatNobodyReadsIsNamed() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.tensors.append(("model.layers.0.self_attn.q_proj.bias", [16], Array(repeating: 0, count: 16)))
    let error = try error(model)
    #expect(error.category == .configuration)
    #expect(error.description.contains("model.layers.0.self_attn.q_proj.bias"))
  }

  /// `c_attn.bias` is no mask, although it ends like one.
  @Test func aFusedBiasThatOnlyALaterBlockHasIsNotIgnored() throws {
    var model = try EditableModel(EditableModel.gpt2, .gpt2)
    model.tensors.remove(at: try model.index(of: "transformer.h.0.attn.c_attn.bias"))
    #expect(try error(model).description.contains("transformer.h.1.attn.c_attn.bias"))
  }

  @Test func fewerBlocksThanTheWeightsHaveAreRefused() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.config["num_hidden_layers"] = 1
    #expect(try error(model).description.contains("model.layers.1."))
  }

  @Test func foldersThatAreNotThereSaySo() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: FileError.self) { try StoredModel(folder: folder.path + "/none") }
    #expect(missing?.category == .inputMissing)
    let file = try folder.file("file", [])
    let notAFolder = #expect(throws: FileError.self) { try StoredModel(folder: file) }
    #expect(notAFolder?.description.contains("it is a file") == true)
  }
}
