import PoiseFiles

extension ModelFamily {
  /// T5 and T5 v1.1 (Raffel et al. 2020), and what uses their form: Flan-T5. Hugging Face transformers has no T5 with a scalar
  /// head that reads it where Poise does, at the response's last token: such models go by a name of their own, and only Poise
  /// reads them.
  public static let t5 = ModelFamily(
    name: "t5", architectures: ("T5ForConditionalGeneration", "PoiseT5ForSequenceScoring"), configuration: t5Configuration,
    config: t5Config, tensors: t5Tensors,
    // The embedding once more, and a table that older files have and nobody reads.
    ignoredSuffixes: [
      "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "EncDecAttention.relative_attention_bias.weight",
    ])

  private static func t5Configuration(
    _ config: ConfigurationReader, _ hasTensor: (String) -> Bool
  ) throws -> TransformerConfiguration {
    try config.require("is_encoder_decoder", true)
    try config.require("feed_forward_proj", "relu", "gated-gelu")
    let blocks = try config.int("num_layers")
    let ties = try config.bool("tie_word_embeddings", default: true)
    let start = try config.optionalInt("decoder_start_token_id") ?? config.optionalInt("pad_token_id") ?? 0
    return TransformerConfiguration(
      vocabularySize: try config.int("vocab_size"), contextLength: TransformerConfiguration.unlimitedContext,
      width: try config.int("d_model"), blockCount: try config.optionalInt("num_decoder_layers") ?? blocks,
      encoder: .init(blockCount: blocks, startToken: start), headCount: try config.int("num_heads"),
      headSize: try config.int("d_kv"), feedForwardWidth: try config.int("d_ff"), normalization: .rms,
      epsilon: Float(try config.double("layer_norm_epsilon", default: 1e-6)),
      positions: .relative(
        buckets: try config.optionalInt("relative_attention_num_buckets") ?? 32,
        maximumDistance: try config.optionalInt("relative_attention_max_distance") ?? 128),
      scalesScores: false, activation: config.value("feed_forward_proj")?.string == "gated-gelu" ? .geluGate : .relu,
      // Version 5 of transformers says that every head is tied; a head that is in the file is the one to use.
      tiesHead: ties && !hasTensor(StoredTensor.vocabularyHead.name),
      scalesHeadInput: try config.bool("scale_decoder_outputs", default: ties),
      beginningOfSequence: try config.tokens("bos_token_id").first, endOfSequence: try config.tokens("eos_token_id"),
      initializationDeviation: Float(try config.double("initializer_factor", default: 1)))
  }

  private static func t5Config(_ c: TransformerConfiguration) -> JSON {
    guard case .relative(let buckets, let maximumDistance) = c.positions, let encoder = c.encoder else {
      preconditionFailure("T5 has an encoder and relative positions")
    }
    return [
      "is_encoder_decoder": true, "vocab_size": .init(c.vocabularySize), "d_model": .init(c.width), "d_kv": .init(c.headSize),
      "d_ff": .init(c.feedForwardWidth), "num_layers": .init(encoder.blockCount), "num_decoder_layers": .init(c.blockCount),
      "num_heads": .init(c.headCount), "relative_attention_num_buckets": .init(buckets),
      "relative_attention_max_distance": .init(maximumDistance), "dropout_rate": 0,
      "layer_norm_epsilon": .shortest(c.epsilon), "initializer_factor": .shortest(c.initializationDeviation),
      "feed_forward_proj": c.activation == .geluGate ? "gated-gelu" : "relu", "tie_word_embeddings": .bool(c.tiesHead),
      "scale_decoder_outputs": .bool(c.scalesHeadInput), "decoder_start_token_id": .init(encoder.startToken),
      "pad_token_id": .init(encoder.startToken), "bos_token_id": c.beginningOfSequence.map { .init($0) } ?? .null,
      "eos_token_id": .tokens(c.endOfSequence), "torch_dtype": "float32", "use_cache": true,
    ]
  }

  private static func t5Tensors(_ c: TransformerConfiguration) -> [StoredTensor] {
    [StoredTensor("shared.weight", "embedding.weight")]
      + t5Stack("encoder", "encoder.", blocks: c.encoder?.blockCount ?? 0, looksAtEncoder: false, c)
      + t5Stack("decoder", "", blocks: c.blockCount, looksAtEncoder: true, c) + StoredTensor.head(c)
  }

  private static func t5Stack(
    _ file: String, _ stack: String, blocks: Int, looksAtEncoder: Bool, _ c: TransformerConfiguration
  ) -> [StoredTensor] {
    var tensors = [
      StoredTensor(
        "\(file).block.0.layer.0.SelfAttention.relative_attention_bias.weight", "\(stack)relative_biases.weight"),
      StoredTensor("\(file).final_layer_norm.weight", "\(stack)final_norm.gain"),
    ]
    for index in 0..<blocks {
      let (file, block) = ("\(file).block.\(index).layer", "\(stack)blocks.\(index)")
      tensors += t5Attention("\(file).0", "SelfAttention", "\(block).attention")
      if looksAtEncoder { tensors += t5Attention("\(file).1", "EncDecAttention", "\(block).cross_attention") }
      let last = "\(file).\(looksAtEncoder ? 2 : 1)"
      tensors.append(StoredTensor("\(last).layer_norm.weight", "\(block).feed_forward_norm.gain"))
      let hidden = c.activation.isGated ? [("wi_0", "gate"), ("wi_1", "up")] : [("wi", "up")]
      for (stored, parameter) in hidden + [("wo", "down")] {
        tensors.append(StoredTensor("\(last).DenseReluDense.\(stored).weight", "\(block).feed_forward.\(parameter).weight"))
      }
    }
    return tensors
  }

  private static func t5Attention(_ file: String, _ name: String, _ attention: String) -> [StoredTensor] {
    [StoredTensor("\(file).layer_norm.weight", "\(attention)_norm.gain")]
      + [("q", "query"), ("k", "key"), ("v", "value"), ("o", "output")].map { stored, parameter in
        StoredTensor("\(file).\(name).\(stored).weight", "\(attention).\(parameter).weight")
      }
  }
}
