import PoiseFiles

extension ModelFamily {
  /// Llama, and what uses its form: SmolLM, SmolLM2, TinyLlama. Models made by Poise are of this family.
  public static let llama = llamaForm(
    name: "llama", architectures: ("LlamaForCausalLM", "LlamaForSequenceClassification"), contextLength: 2048,
    biases: { config in
      let attention = try config.bool("attention_bias", default: false)
      return .init(
        queryKeyValue: attention, attentionOutput: attention, feedForward: try config.bool("mlp_bias", default: false))
    },
    ownKeys: { ["attention_bias": .bool($0.biases.queryKeyValue), "mlp_bias": .bool($0.biases.feedForward)] })

  /// A family of Llama's form: RMSNorm, rotary positions, shared key-value heads, a gated feed-forward layer.
  ///
  /// - Parameters:
  ///   - contextLength: most positions where config.json does not say.
  ///   - biases: which linear layers have one.
  ///   - ownKeys: an object, what config.json of a model made here has beside the keys that all of this form have.
  static func llamaForm(
    name: String, architectures: (vocabulary: String, scalar: String), contextLength: Int,
    biases: @escaping @Sendable (ConfigurationReader) throws -> TransformerConfiguration.Biases,
    ownKeys: @escaping @Sendable (TransformerConfiguration) -> JSON
  ) -> ModelFamily {
    ModelFamily(
      name: name, architectures: architectures,
      configuration: { config, _ in
        try llamaConfiguration(config, contextLength: contextLength, biases: try biases(config))
      },
      config: { .joining(llamaConfig($0), ownKeys($0)) }, tensors: llamaTensors, ignoredSuffixes: ["rotary_emb.inv_freq"])
  }

  private static func llamaConfiguration(
    _ config: ConfigurationReader, contextLength: Int, biases: TransformerConfiguration.Biases
  ) throws -> TransformerConfiguration {
    try config.require("hidden_act", "silu", "swish")
    try config.require("rope_interleaved", false)
    try config.require("use_sliding_window", false)
    try config.requireEach("layer_types", "full_attention")
    let heads = try config.int("num_attention_heads")
    let width = try config.int("hidden_size")
    guard heads > 0 else { throw config.error("num_attention_heads is \(heads); at least 1 was expected.") }
    let contextLength = try config.optionalInt("max_position_embeddings") ?? contextLength
    return TransformerConfiguration(
      vocabularySize: try config.int("vocab_size"), contextLength: contextLength, width: width,
      blockCount: try config.int("num_hidden_layers"), headCount: heads,
      keyValueHeadCount: try config.optionalInt("num_key_value_heads") ?? heads,
      headSize: try config.optionalInt("head_dim") ?? width / heads, feedForwardWidth: try config.int("intermediate_size"),
      normalization: .rms, epsilon: Float(try config.double("rms_norm_eps", default: 1e-6)),
      positions: try config.rotaryPositions(contextLength: contextLength), activation: .siluGate, biases: biases,
      tiesHead: try config.bool("tie_word_embeddings", default: false),
      beginningOfSequence: try config.tokens("bos_token_id").first, endOfSequence: try config.tokens("eos_token_id"),
      initializationDeviation: Float(try config.double("initializer_range", default: 0.02)))
  }

  private static func llamaConfig(_ c: TransformerConfiguration) -> JSON {
    guard case .rotary(let base, let scaling) = c.positions else { preconditionFailure("Llama's positions are rotary") }
    return [
      "vocab_size": .init(c.vocabularySize), "hidden_size": .init(c.width), "intermediate_size": .init(c.feedForwardWidth),
      "num_hidden_layers": .init(c.blockCount), "num_attention_heads": .init(c.headCount),
      "num_key_value_heads": .init(c.keyValueHeadCount), "head_dim": .init(c.headSize), "hidden_act": "silu",
      "max_position_embeddings": .init(c.contextLength), "rms_norm_eps": .shortest(c.epsilon), "rope_theta": .shortest(base),
      "rope_scaling": scaling.config, "tie_word_embeddings": .bool(c.tiesHead),
      "initializer_range": .shortest(c.initializationDeviation),
      "bos_token_id": c.beginningOfSequence.map { .init($0) } ?? .null, "eos_token_id": .tokens(c.endOfSequence),
      "pad_token_id": .null, "torch_dtype": "float32", "use_cache": true,
    ]
  }

  private static func llamaTensors(_ c: TransformerConfiguration) -> [StoredTensor] {
    var tensors = [
      StoredTensor("model.embed_tokens.weight", "embedding.weight"), StoredTensor("model.norm.weight", "final_norm.gain"),
    ]
    tensors += StoredTensor.head(c)
    for index in 0..<c.blockCount {
      let (file, block) = ("model.layers.\(index)", "blocks.\(index)")
      tensors.append(StoredTensor("\(file).input_layernorm.weight", "\(block).attention_norm.gain"))
      tensors.append(StoredTensor("\(file).post_attention_layernorm.weight", "\(block).feed_forward_norm.gain"))
      let linears = [
        ("self_attn.q_proj", "attention.query", c.biases.queryKeyValue),
        ("self_attn.k_proj", "attention.key", c.biases.queryKeyValue),
        ("self_attn.v_proj", "attention.value", c.biases.queryKeyValue),
        ("self_attn.o_proj", "attention.output", c.biases.attentionOutput),
        ("mlp.gate_proj", "feed_forward.gate", c.biases.feedForward), ("mlp.up_proj", "feed_forward.up", c.biases.feedForward),
        ("mlp.down_proj", "feed_forward.down", c.biases.feedForward),
      ]
      for (stored, parameter, hasBias) in linears {
        tensors.append(StoredTensor("\(file).\(stored).weight", "\(block).\(parameter).weight"))
        if hasBias { tensors.append(StoredTensor("\(file).\(stored).bias", "\(block).\(parameter).bias")) }
      }
    }
    return tensors
  }
}

extension JSON {
  /// As people write it: `1e-05`, not all seventeen digits.
  static func shortest(_ value: Float) -> JSON { .number(.init(text: "\(value)")) }
  static func shortest(_ value: Double) -> JSON { .number(.init(text: "\(value)")) }

  /// One id, a list of several, or null.
  static func tokens(_ ids: [Int]) -> JSON { ids.count > 1 ? .init(ids) : ids.first.map { .init($0) } ?? .null }
}
