import PoiseFiles
import Testing

@testable import PoiseModel

@Suite struct ModelFamilyTests {
  static let families: [(TransformerConfiguration, String)] =
    [
      (TransformerCase.llama.configuration, "llama"), (TransformerCase.qwen2.configuration, "qwen2"),
      (TransformerCase.gpt2.configuration, "gpt2"), (untiedGPT2, "gpt2"),
      (EditableModel.t5, "t5"), (EditableModel.gatedT5, "t5"),
    ] + TransformerCase.scaledLlamas.map { ($0.configuration, "llama") }

  static let untiedGPT2: TransformerConfiguration = {
    var configuration = TransformerCase.gpt2.configuration
    configuration.tiesHead = false
    return configuration
  }()

  private func family(_ name: String) throws -> ModelFamily { try #require(ModelFamily.all.first { $0.name == name }) }

  @Test(arguments: families)
  func whatIsSavedIsLoaded(_ configuration: TransformerConfiguration, _ name: String) throws {
    var configuration = configuration
    configuration.beginningOfSequence = 1
    configuration.endOfSequence = [2, 3]
    let folder = try TemporaryFolder()
    let model = StoredModel(new: configuration, family: try family(name), seed: 4)
    model.parameters.copy(from: model.transformer.randomParameters(seed: 4))
    try model.save(folder: folder.path)
    let loaded = try StoredModel(folder: folder.path)
    #expect(loaded.transformer.configuration == configuration)
    #expect(loaded.family.name == name)
    #expect(loaded.config == model.config)
    for tensor in model.transformer.parameters.layout.tensors {
      let (saved, read) = (model.parameters, loaded.parameters)
      let (expected, found) = (saved[tensor], read[tensor])
      #expect(expected.indices.allSatisfy { expected[$0] == found[$0] }, "\(tensor.name)")
    }
  }

  @Test(arguments: families)
  func unknownKeysComeBackAsTheyWere(_ configuration: TransformerConfiguration, _ name: String) throws {
    var model = try EditableModel(configuration, try family(name))
    model.config["quirk"] = ["depth": 3, "names": ["a", JSON.null], "rate": try JSON(parsing: "1e-05")]
    model.config["torch_dtype"] = "bfloat16"
    let loaded = try model.load()
    let folder = try TemporaryFolder()
    try loaded.save(folder: folder.path)
    var expected = model.config
    expected["torch_dtype"] = "float32"
    #expect(try Files.readJSON(folder.path + "/config.json") == .object(expected))
  }

  @Test func gpt2NamesMayLackTheirPrefix() throws {
    var model = try EditableModel(EditableModel.gpt2, .gpt2)
    let expected = try model.load().parameters.floats
    #expect(model.tensors.allSatisfy { $0.name.hasPrefix("transformer.") })
    for index in model.tensors.indices { model.tensors[index].name.removeFirst("transformer.".count) }
    #expect(try model.load().parameters.floats == expected)
  }

  @Test func gpt2ProductsAreStoredTheOtherWayRound() throws {
    let model = try EditableModel(EditableModel.gpt2, .gpt2)
    let loaded = try model.load()
    let stored = model.tensors[try model.index(of: "transformer.h.1.attn.c_attn.weight")]
    #expect(stored.shape == [16, 48])
    let fused = loaded.transformer.parameters.decoder.blocks[1].queryKeyValue.weight
    #expect(fused.shape == [48, 16])
    let arena = loaded.parameters
    let values = arena[fused]
    for output in 0..<48 {
      for input in 0..<16 { #expect(values[16 * output + input] == stored.values[48 * input + output]) }
    }
  }

  @Test func gpt2WithoutTheFusedBiasHasNone() throws {
    var model = try EditableModel(EditableModel.gpt2, .gpt2)
    model.tensors.removeAll { $0.name.hasSuffix("c_attn.bias") }
    let loaded = try model.load()
    #expect(!loaded.transformer.configuration.biases.queryKeyValue)
    #expect(loaded.transformer.configuration.biases.attentionOutput)
  }

  @Test func masksAndFrequenciesThatExportersLeaveBehindAreIgnored() throws {
    var gpt2 = try EditableModel(EditableModel.gpt2, .gpt2)
    gpt2.tensors.append(("transformer.h.0.attn.bias", [1, 1, 2, 2], [1, 0, 1, 1]))
    gpt2.tensors.append(("transformer.h.0.attn.masked_bias", [1], [-1e4]))
    gpt2.tensors.append(("lm_head.weight", [1], [0]))
    _ = try gpt2.load()
    var llama = try EditableModel(EditableModel.llama, .llama)
    llama.tensors.append(("model.layers.0.self_attn.rotary_emb.inv_freq", [2], [1, 0.1]))
    _ = try llama.load()
  }

  @Test func t5ReadsWhatOlderAndNewerFilesSay() throws {
    var model = try EditableModel(EditableModel.t5, .t5)
    for key in ["num_decoder_layers", "relative_attention_max_distance", "scale_decoder_outputs", "decoder_start_token_id"] {
      model.config[key] = nil
    }
    model.config["pad_token_id"] = 4
    model.config["num_layers"] = 2
    model.tensors.removeAll { $0.name.hasPrefix("encoder.block.2.") }
    let embedding = model.tensors[try model.index(of: "shared.weight")]
    model.tensors += ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"].map {
      ($0, embedding.shape, embedding.values)
    }
    model.tensors.append(("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", [1], [0]))
    let configuration = try model.load().transformer.configuration
    #expect(configuration.blockCount == 2 && configuration.encoder == .init(blockCount: 2, startToken: 4))
    #expect(configuration.positions == .relative(buckets: 8, maximumDistance: 128))
    #expect(configuration.tiesHead && configuration.scalesHeadInput)
    model.config["tie_word_embeddings"] = false
    #expect(throws: CheckpointError.self) { try model.load() }
  }

  /// Whatever config.json says of ties.
  @Test func aHeadInAT5sFileIsItsHead() throws {
    var model = try EditableModel(EditableModel.gatedT5, .t5)
    model.config["tie_word_embeddings"] = true
    let loaded = try model.load()
    #expect(!loaded.transformer.configuration.tiesHead && !loaded.transformer.configuration.scalesHeadInput)
    let (parameters, head) = (loaded.parameters, loaded.transformer.parameters.head)
    let values = parameters[head]
    #expect(values.indices.map { values[$0] } == model.tensors[try model.index(of: "lm_head.weight")].values)
  }

  @Test(arguments: ["gated-silu", "gelu"]) func t5sWithOtherActivationsAreRefused(_ activation: String) throws {
    var model = try EditableModel(EditableModel.t5, .t5)
    model.config["feed_forward_proj"] = .string(activation)
    let error = try #require(#expect(throws: DataError.self) { try model.load() })
    #expect(error.description.contains("feed_forward_proj"))
  }

  @Test func llamaReadsWhatOlderAndNewerFilesSay() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    for key in ["head_dim", "num_key_value_heads", "rms_norm_eps", "rope_theta", "bos_token_id"] { model.config[key] = nil }
    model.config["rope_parameters"] = ["rope_type": "default", "rope_theta": 5000.0]
    model.config["num_key_value_heads"] = 2
    model.config["eos_token_id"] = [3, 4]
    let configuration = try model.load().transformer.configuration
    #expect(configuration.positions == .rotary(base: 5000))
    #expect(configuration.headSize == 4)
    #expect(configuration.epsilon == 1e-6)
    #expect(configuration.endOfSequence == [3, 4])
    #expect(configuration.beginningOfSequence == nil)
  }

  @Test func qwen2HasBiasesWhereQueriesKeysAndValuesAreMade() throws {
    let model = try EditableModel(TransformerCase.qwen2.configuration, .qwen2)
    let biases = Set(model.tensors.map(\.name).filter { $0.hasSuffix("bias") })
    let linears = ["q_proj", "k_proj", "v_proj"]
    #expect(biases == Set((0..<2).flatMap { layer in linears.map { "model.layers.\(layer).self_attn.\($0).bias" } }))
    #expect(model.config["architectures"] == ["Qwen2ForCausalLM"])
    // What Qwen2's published files say beside that; none of it is in use.
    var published = model
    for (key, value) in [("sliding_window", 4096), ("max_window_layers", 24), ("attention_dropout", 0.0)] as [(String, JSON)] {
      published.config[key] = value
    }
    published.config["layer_types"] = ["full_attention", "full_attention"]
    _ = try published.load()
  }

  /// Keys of the rotary positions, old and new, and what they say. The model has 24 positions.
  @Test(
    arguments: [
      (["rope_theta": 500], .rotary(base: 500)),
      (["rope_theta": 500, "rope_scaling": ["type": "linear", "factor": 2]], .rotary(base: 500, scaling: .linear(factor: 2))),
      (["rope_theta": 500, "rope_scaling": ["type": "dynamic", "factor": 2.0]], .rotary(base: 500)),
      (["rope_parameters": ["rope_type": "default", "rope_theta": 500.0]], .rotary(base: 500)),
      (["rope_parameters": ["rope_type": "linear", "factor": 2.0]], .rotary(base: 10_000, scaling: .linear(factor: 2))),
      (
        [
          "rope_scaling": ["rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0],
          "original_max_position_embeddings": 12, "rope_parameters": ["rope_type": "default", "rope_theta": 500.0],
        ], .rotary(base: 10_000, scaling: .llama3(factor: 8, low: 1, high: 4, originalContextLength: 12))
      ),
      (
        ["rope_parameters": ["rope_type": "yarn", "factor": 4, "beta_fast": 16, "original_max_position_embeddings": 6]],
        .rotary(base: 10_000, scaling: .yarn(.init(factor: 4, fastTurns: 16, originalContextLength: 6)))
      ),
      (
        [
          "rope_scaling": [
            "rope_type": "yarn", "original_max_position_embeddings": 12, "mscale": 0.5, "mscale_all_dim": 1, "truncate": false,
          ]
        ],
        .rotary(
          base: 10_000,
          scaling: .yarn(
            .init(
              factor: 2, originalContextLength: 12,
              amplitude: RotaryScaling.YaRN.amplitude(factor: 2, scale: 0.5) / RotaryScaling.YaRN.amplitude(factor: 2),
              isTruncated: false)))
      ),
    ] as [(JSON, TransformerConfiguration.Positions)])
  func rotaryPositionsAreReadAsOlderAndNewerFilesHaveThem(
    _ keys: JSON, _ expected: TransformerConfiguration.Positions
  ) throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    for key in ["rope_theta", "rope_scaling"] { model.config[key] = nil }
    for (key, value) in keys.object!.members { model.config[key] = value }
    #expect(try model.load().transformer.configuration.positions == expected)
  }
}
