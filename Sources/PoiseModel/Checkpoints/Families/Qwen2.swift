extension ModelFamily {
  /// Qwen2 and Qwen2.5: Llama's form, with biases where queries, keys and values are made and nowhere else.
  public static let qwen2 = llamaForm(
    name: "qwen2", architectures: ("Qwen2ForCausalLM", "Qwen2ForSequenceClassification"), contextLength: 32_768,
    biases: { _ in .init(queryKeyValue: true) }, ownKeys: { _ in ["use_sliding_window": false] })
}
