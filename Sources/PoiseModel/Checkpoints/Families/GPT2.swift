import PoiseFiles

extension ModelFamily {
  /// GPT-2. Its products are stored (in, out), queries, keys and values as one.
  public static let gpt2 = ModelFamily(
    name: "gpt2", architectures: ("GPT2LMHeadModel", "GPT2ForSequenceClassification"), configuration: gpt2Configuration,
    config: gpt2Config, tensors: gpt2Tensors,
    ignoredSuffixes: [".attn.bias", ".attn.masked_bias"])

  private static func gpt2Configuration(
    _ config: ConfigurationReader, _ hasTensor: (String) -> Bool
  ) throws -> TransformerConfiguration {
    try config.require("activation_function", "gelu_new", "gelu_pytorch_tanh")
    try config.require("scale_attn_weights", true)
    try config.require("scale_attn_by_inverse_layer_idx", false)
    try config.require("reorder_and_upcast_attn", false)
    try config.require("add_cross_attention", false)
    let width = try config.int("n_embd")
    // Some exporters drop the fused bias; Hugging Face then computes with zeros, and so does no bias.
    let hasBias = hasTensor("transformer.h.0.attn.c_attn.bias")
    return TransformerConfiguration(
      vocabularySize: try config.int("vocab_size"), contextLength: try config.optionalInt("n_positions") ?? 1024, width: width,
      blockCount: try config.int("n_layer"), headCount: try config.int("n_head"),
      feedForwardWidth: try config.optionalInt("n_inner") ?? 4 * width, normalization: .layer,
      epsilon: Float(try config.double("layer_norm_epsilon", default: 1e-5)), positions: .learned, activation: .gelu,
      biases: .init(queryKeyValue: hasBias, attentionOutput: true, feedForward: true),
      tiesHead: try config.bool("tie_word_embeddings", default: true),
      beginningOfSequence: try config.tokens("bos_token_id").first, endOfSequence: try config.tokens("eos_token_id"),
      initializationDeviation: Float(try config.double("initializer_range", default: 0.02)))
  }

  private static func gpt2Config(_ c: TransformerConfiguration) -> JSON {
    [
      "vocab_size": .init(c.vocabularySize), "n_positions": .init(c.contextLength), "n_embd": .init(c.width),
      "n_layer": .init(c.blockCount), "n_head": .init(c.headCount), "n_inner": .init(c.feedForwardWidth),
      "activation_function": "gelu_new",
      "layer_norm_epsilon": .shortest(c.epsilon), "initializer_range": .shortest(c.initializationDeviation),
      "resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0, "tie_word_embeddings": .bool(c.tiesHead),
      "bos_token_id": c.beginningOfSequence.map { .init($0) } ?? .null, "eos_token_id": .tokens(c.endOfSequence),
      "torch_dtype": "float32", "use_cache": true,
    ]
  }

  private static func gpt2Tensors(_ c: TransformerConfiguration) -> [StoredTensor] {
    var tensors = [
      StoredTensor("transformer.wte.weight", "embedding.weight"), StoredTensor("transformer.wpe.weight", "positions.weight"),
      StoredTensor("transformer.ln_f.weight", "final_norm.gain"), StoredTensor("transformer.ln_f.bias", "final_norm.bias"),
    ]
    tensors += StoredTensor.head(c)
    for index in 0..<c.blockCount { tensors += gpt2Block("transformer.h.\(index)", "blocks.\(index)", c) }
    return tensors
  }

  private static func gpt2Block(_ file: String, _ block: String, _ c: TransformerConfiguration) -> [StoredTensor] {
    let attention = "\(block).attention"
    var tensors = [
      StoredTensor("\(file).ln_1.weight", "\(block).attention_norm.gain"),
      StoredTensor("\(file).ln_1.bias", "\(block).attention_norm.bias"),
      StoredTensor("\(file).ln_2.weight", "\(block).feed_forward_norm.gain"),
      StoredTensor("\(file).ln_2.bias", "\(block).feed_forward_norm.bias"),
      StoredTensor(
        "\(file).attn.c_attn.weight", "\(attention).query.weight", "\(attention).key.weight", "\(attention).value.weight",
        isTransposed: true),
    ]
    if c.biases.queryKeyValue {
      tensors.append(
        StoredTensor("\(file).attn.c_attn.bias", "\(attention).query.bias", "\(attention).key.bias", "\(attention).value.bias"))
    }
    let linears = [
      ("attn.c_proj", "attention.output"), ("mlp.c_fc", "feed_forward.up"), ("mlp.c_proj", "feed_forward.down"),
    ]
    for (stored, parameter) in linears {
      tensors.append(StoredTensor("\(file).\(stored).weight", "\(block).\(parameter).weight", isTransposed: true))
      tensors.append(StoredTensor("\(file).\(stored).bias", "\(block).\(parameter).bias"))
    }
    return tensors
  }
}
