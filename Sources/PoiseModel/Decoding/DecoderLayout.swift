import PoiseKernels

/// Where a decoder's activations, keys and values, and logits lie: in an arena each.
struct DecoderLayout: Sendable {
  /// Keys and values of one block, as attention wants them: by head, keys transposed, in panels.
  struct Cache: Sendable {
    var promptKeys: Tensor  // (K, D · prompt slots)
    var promptValues: Tensor  // (K, prompt slots · D)
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

  init(_ c: TransformerConfiguration, capacity: DecoderCapacity) {
    activations = ActivationLayout(
      c,
      capacity: WorkspaceCapacity(
        rows: max(capacity.promptTokens, capacity.sequenceCount), headRows: max(capacity.promptCount, capacity.sequenceCount),
        segmentRows: capacity.longestPrompt, visibleRows: capacity.longestPrompt),
      purpose: .init(backward: false, reference: false, headBlockRows: 0))
    let promptSlots = Self.wholePanels(capacity.promptTokens) + capacity.promptCount * kernels.panelColumns
    let responseSlots = Self.wholePanels(capacity.responseTokens)
    let size = Self.wholePanels(c.headSize)
    for block in 0..<c.blockCount {
      caches.append(
        Cache(
          promptKeys: cache.add("prompts.\(block).keys", c.keyValueHeadCount, promptSlots * c.headSize),
          promptValues: cache.add("prompts.\(block).values", c.keyValueHeadCount, promptSlots * size),
          responseKeys: cache.add(
            "responses.\(block).keys", capacity.sequenceCount * c.keyValueHeadCount, responseSlots * c.headSize),
          responseValues: cache.add(
            "responses.\(block).values", capacity.sequenceCount * c.keyValueHeadCount, responseSlots * size)))
    }
    logits = output.add("logits", max(capacity.promptCount, capacity.sequenceCount), c.vocabularySize)
    scratch = output.add(
      "scratch", capacity.sequenceCount, Self.wholePanels(capacity.longestPrompt) + Self.wholePanels(capacity.responseTokens))
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
    _ configuration: TransformerConfiguration, of owner: String, count: Int, capacity: DecoderCapacity
  ) -> MemoryPlan {
    let weights = DecodingWeights.layout(ParameterLayout(configuration)).plan
    let layout = DecoderLayout(configuration, capacity: capacity)
    return MemoryPlan("parameters of \(owner), for decoding", .parameters, floats: weights.count)
      + MemoryPlan(
        "keys, values and logits of \(owner), \(count) × \(capacity.sequenceCount) responses", .caches,
        floats: layout.activations.layout.count + layout.cache.count + layout.output.count, copies: count)
  }
}
