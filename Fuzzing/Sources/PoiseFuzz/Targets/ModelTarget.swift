import PoiseFiles
import PoiseModel

/// `config.json` without weights: sizes up to 2²⁴ and 512 blocks, so that nothing overflows; what a configuration claims is not
/// allocated.
enum ModelOutlineTarget: FuzzTarget {
  static let name = "model-config"
  static let dictionary = [
    "\"model_type\":", "\"llama\"", "\"qwen2\"", "\"gpt2\"", "\"t5\"", "\"hidden_size\":", "\"vocab_size\":",
    "\"num_hidden_layers\":",
    "\"num_attention_heads\":", "\"num_key_value_heads\":", "\"head_dim\":", "\"intermediate_size\":",
    "\"max_position_embeddings\":",
    "\"rope_theta\":", "\"rope_scaling\":", "\"rope_type\":", "\"yarn\"", "\"llama3\"", "\"linear\"", "\"dynamic\"",
    "\"factor\":",
    "\"low_freq_factor\":", "\"high_freq_factor\":", "\"beta_fast\":", "\"beta_slow\":", "\"attention_factor\":", "\"mscale\":",
    "\"mscale_all_dim\":", "\"original_max_position_embeddings\":", "\"truncate\":", "\"n_embd\":", "\"n_layer\":", "\"n_head\":",
    "\"n_inner\":", "\"n_positions\":", "\"d_model\":", "\"d_kv\":", "\"d_ff\":", "\"num_layers\":", "\"num_heads\":",
    "\"relative_attention_num_buckets\":", "\"relative_attention_max_distance\":", "\"eos_token_id\":", "\"bos_token_id\":",
    "\"architectures\":", "\"tie_word_embeddings\":", "16777216", "9223372036854775807", "9007199254740992", "1e308", "1e-320",
    "-1",
  ]

  static let seeds =
    TinyModels.all.map { Array($0.config.line.utf8) }
    + [
      #"{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":2}"#,
      #"{"rope_type":"yarn","factor":4,"beta_fast":32,"beta_slow":1,"mscale":1,"mscale_all_dim":0.5,"truncate":false}"#,
    ].map { scaling in
      var config = TinyModels.all[0].config.object!
      config["rope_scaling"] = try! JSON(parsing: scaling)
      return Array(JSON.object(config).line.utf8)
    }

  static func run(_ input: [UInt8]) throws {
    _ = Scratch.file("outline/config.json", input)
    _ = try ModelOutline(folder: Scratch.folder + "/outline")
  }
}

/// A model folder, `config.json` and `model.safetensors`: weights are allocated when all of them are there in the shapes that the
/// configuration wants, so a folder costs what its weights cost.
enum ModelTarget: FuzzTarget {
  static let name = "model"
  static let dictionary = ModelOutlineTarget.dictionary + SafeTensorsTarget.dictionary

  static var seeds: [[UInt8]] {
    get throws {
      try TinyModels.all.map { model in
        try model.save(folder: Scratch.folder + "/seed")
        return .joining(Array(model.config.line.utf8), try Scratch.read("seed/model.safetensors"))
      }
    }
  }

  static func run(_ input: [UInt8]) throws {
    let files = input.files(2)
    _ = Scratch.file("model/config.json", files[0])
    _ = Scratch.file("model/model.safetensors", files[1])
    _ = try StoredModel(folder: Scratch.folder + "/model")
  }
}

/// `adapter_config.json` and `adapter_model.safetensors` beside a small model: the same for adapters, whose base may be any folder that
/// the process may read, and no adapters.
enum AdaptersTarget: FuzzTarget {
  static let name = "adapters"
  static let dictionary =
    SafeTensorsTarget.dictionary + [
      "\"base_model_name_or_path\":\"base\"", "\"peft_type\":\"LORA\"", "\"target_modules\":", "\"all-linear\"", "\"q_proj\"",
      "\"r\":",
      "\"lora_alpha\":", "\"use_rslora\":true", "\"bias\":\"none\"", "\"rank_pattern\":{}", "base_model.model.", ".lora_A.weight",
    ]

  static var seeds: [[UInt8]] {
    get throws {
      _ = try base.get()
      let outline = try ModelOutline(folder: Scratch.folder + "/adapters/base")
      return try [.allLinear, .named(["q_proj"])].map { (targets: AdapterConfiguration.Targets) in
        try StoredModel(try outline.adapted(by: .init(rank: 1, targets: targets)), seed: 1).save(folder: Scratch.folder + "/seed")
        var config = try Files.readJSON(Scratch.folder + "/seed/adapter_config.json").object!
        config["base_model_name_or_path"] = "base"
        return .joining(Array(JSON.object(config).line.utf8), try Scratch.read("seed/adapter_model.safetensors"))
      }
    }
  }

  private static let base = Result { try TinyModels.all[0].save(folder: Scratch.folder + "/adapters/base") }

  static func run(_ input: [UInt8]) throws {
    _ = try base.get()
    let files = input.files(2)
    _ = Scratch.file("adapters/adapter_config.json", files[0])
    _ = Scratch.file("adapters/adapter_model.safetensors", files[1])
    _ = try StoredModel(folder: Scratch.folder + "/adapters").merged()
  }
}

/// A model of every family, of a few hundred weights.
enum TinyModels {
  static let all = [
    StoredModel(new: configuration(tiesHead: false), family: .llama, seed: 1),
    StoredModel(new: configuration(biases: .init(queryKeyValue: true)), family: .qwen2, seed: 1),
    StoredModel(
      new: configuration(
        normalization: .layer, positions: .learned, activation: .gelu,
        biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true)), family: .gpt2, seed: 1),
    StoredModel(
      new: configuration(
        contextLength: TransformerConfiguration.unlimitedContext, encoder: .init(blockCount: 1, startToken: 0),
        positions: .relative(buckets: 4, maximumDistance: 8), activation: .relu), family: .t5, seed: 1),
  ]

  private static func configuration(
    contextLength: Int = 4, encoder: TransformerConfiguration.Encoder? = nil,
    normalization: TransformerConfiguration.Normalization = .rms,
    positions: TransformerConfiguration.Positions = .rotary(base: 10_000),
    activation: TransformerConfiguration.Activation = .siluGate, biases: TransformerConfiguration.Biases = .init(),
    tiesHead: Bool = true
  ) -> TransformerConfiguration {
    TransformerConfiguration(
      vocabularySize: 5, contextLength: contextLength, width: 2, blockCount: 1, encoder: encoder, headCount: 1, headSize: 2,
      feedForwardWidth: 3, normalization: normalization, positions: positions, scalesScores: encoder == nil,
      activation: activation,
      biases: biases, tiesHead: tiesHead, scalesHeadInput: encoder != nil && tiesHead, endOfSequence: [1])
  }
}
