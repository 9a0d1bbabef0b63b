import PoiseKernels

/// Where a decoder's activations, keys and values, and logits lie: in an arena each.
struct DecoderLayout: Sendable {
  /// Keys and values of prompts, as attention wants them: by head, keys transposed, in panels.
  struct PromptCache: Sendable {
    var keys: Tensor  // (K, D · slots)
    var values: Tensor  // (K, slots · D)
  }

  /// Those of one block, and those of the responses in the same form.
  struct Cache: Sendable {
    var prompts: PromptCache
    /// What the block sees of the encoder; empty where there is none.
    var memory: PromptCache
    var responseKeys: Tensor  // (sequences · K, D · response slots)
    var responseValues: Tensor
  }

  let activations: ActivationLayout
  private(set) var cache = Layout()
  /// Keys and values of the prompts and of the responses, one pair a block.
  private(set) var caches: [Cache] = []
  private(set) var output = Layout()
  let logits: Tensor  // (max(prompts, sequences), V)
  let scratch: Tensor

  init(_ form: TransformerForm, capacity: DecoderCapacity) {
    let c = form.configuration
    activations = ActivationLayout(
      form, capacity: capacity.workspace, purpose: .init(backward: false, reference: false, headBlockRows: 0))
    let responseSlots = Self.wholePanels(capacity.responseTokens)
    let size = Self.wholePanels(c.headSize)
    for block in 0..<c.blockCount {
      caches.append(
        Cache(
          prompts: Self.promptCache(
            "prompts.\(block)", c, tokens: c.encoder == nil ? capacity.promptTokens : capacity.promptCount, capacity, in: &cache),
          memory: Self.promptCache(
            "memory.\(block)", c, tokens: c.encoder == nil ? 0 : capacity.promptTokens, capacity, in: &cache),
          responseKeys: cache.add(
            "responses.\(block).keys", capacity.sequenceCount * c.keyValueHeadCount, responseSlots * c.headSize),
          responseValues: cache.add(
            "responses.\(block).values", capacity.sequenceCount * c.keyValueHeadCount, responseSlots * size)))
    }
    logits = output.add("logits", max(capacity.promptCount, capacity.sequenceCount), c.vocabularySize)
    scratch = output.add(
      "scratch", capacity.sequenceCount, Self.wholePanels(capacity.longestPrompt) + Self.wholePanels(capacity.responseTokens))
  }

  private static func promptCache(
    _ name: String, _ c: TransformerConfiguration, tokens: Int, _ capacity: DecoderCapacity, in plan: inout Layout
  ) -> PromptCache {
    let slots = tokens == 0 ? 0 : wholePanels(tokens) + capacity.promptCount * kernels.panelColumns
    return PromptCache(
      keys: plan.add("\(name).keys", c.keyValueHeadCount, slots * c.headSize),
      values: plan.add("\(name).values", c.keyValueHeadCount, slots * wholePanels(c.headSize)))
  }

  static func wholePanels(_ count: Int) -> Int {
    (count + kernels.panelColumns - 1) / kernels.panelColumns * kernels.panelColumns
  }
}

extension Decoder {
  /// What ``Transformer/makeDecoders(_:capacity:)`` makes.
  ///
  /// - Parameter owner: whose parameters they decode: `the policy`
  package static func memoryPlan(
    _ form: TransformerForm, of owner: String, count: Int, capacity: DecoderCapacity
  ) -> MemoryPlan {
    let layout = DecoderLayout(form, capacity: capacity)
    return MemoryPlan("parameters of \(owner), for decoding", .parameters, floats: DecodingWeights.panels(form).layout.count)
      + MemoryPlan(
        "keys, values and logits of \(owner), \(count) × \(capacity.sequenceCount) responses", .caches,
        floats: layout.activations.layout.count + layout.cache.count + layout.output.count, copies: count)
  }
}
