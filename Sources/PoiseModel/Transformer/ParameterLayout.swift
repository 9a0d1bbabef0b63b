/// Where every parameter of a transformer lies. Gradients and optimiser moments use the same plan.
public struct ParameterLayout: Sendable {
  /// y = x·weightᵀ + bias; weight (out, in), bias (out).
  struct Linear: Sendable {
    var weight: Tensor
    var bias: Tensor?
  }

  /// Gain and, for LayerNorm, bias; both (C).
  struct Norm: Sendable {
    var gain: Tensor
    var bias: Tensor?
  }

  /// Attention of a decoder's block to the encoder's rows.
  struct Cross: Sendable {
    var norm: Norm
    /// (H·D, C)
    var query: Linear
    /// Keys and values adjoin: (2·K·D, C).
    var keyValue: Linear
    var output: Linear
  }

  struct Block: Sendable {
    var attentionNorm: Norm
    /// Queries, keys and values adjoin, so that one product makes all three: (H·D + 2·K·D, C).
    var queryKeyValue: Linear
    var attentionOutput: Linear
    /// Where there is an encoder to look at.
    var cross: Cross?
    var feedForwardNorm: Norm
    /// Gate above up where there is a gate: (2F, C), else (F, C).
    var hidden: Linear
    var down: Linear
  }

  /// Blocks one after the other.
  struct Stack: Sendable {
    var blocks: [Block]
    /// (buckets, H) where positions are relative: one for all blocks.
    var relativeBiases: Tensor?
    var finalNorm: Norm
  }

  public private(set) var layout = Layout()
  /// (V, C)
  private(set) var embedding: Tensor
  /// (P, C) where positions are learned.
  private(set) var positions: Tensor?
  private(set) var encoder: Stack?
  private(set) var decoder: Stack
  /// (V, C), the embedding itself where it is tied; (1, C) of a scalar head.
  private(set) var head: Tensor

  public init(_ c: TransformerConfiguration) {
    var plan = Layout()
    embedding = plan.add("embedding.weight", c.vocabularySize, c.width)
    if c.positions == .learned { positions = plan.add("positions.weight", c.contextLength, c.width) }
    if let blocks = c.encoder?.blockCount {
      encoder = Self.stack("encoder.", c, blocks: blocks, looksAtEncoder: false, in: &plan)
    }
    decoder = Self.stack("", c, blocks: c.blockCount, looksAtEncoder: c.encoder != nil, in: &plan)
    let isTied = c.head == .vocabulary && c.tiesHead
    head = isTied ? embedding : plan.add("head.weight", c.headWidth, c.width)
    layout = plan
  }

  /// Every product but the head's.
  var linears: [Linear] {
    ((encoder?.blocks ?? []) + decoder.blocks).flatMap { block in
      [block.queryKeyValue, block.attentionOutput, block.hidden, block.down]
        + (block.cross.map { [$0.query, $0.keyValue, $0.output] } ?? [])
    }
  }

  private static func stack(
    _ name: String, _ c: TransformerConfiguration, blocks: Int, looksAtEncoder: Bool, in plan: inout Layout
  ) -> Stack {
    var relativeBiases: Tensor?
    if case .relative(let buckets, _) = c.positions {
      relativeBiases = plan.add("\(name)relative_biases.weight", buckets, c.headCount)
    }
    return Stack(
      blocks: (0..<blocks).map { block("\(name)blocks.\($0)", c, looksAtEncoder: looksAtEncoder, in: &plan) },
      relativeBiases: relativeBiases, finalNorm: norm("\(name)final_norm", c, in: &plan))
  }

  private static func block(
    _ name: String, _ c: TransformerConfiguration, looksAtEncoder: Bool, in plan: inout Layout
  ) -> Block {
    Block(
      attentionNorm: norm("\(name).attention_norm", c, in: &plan),
      queryKeyValue: linear(
        "\(name).attention", parts: [("query", c.queryWidth), ("key", c.keyValueWidth), ("value", c.keyValueWidth)],
        inputs: c.width, bias: c.biases.queryKeyValue, in: &plan),
      attentionOutput: linear(
        "\(name).attention", parts: [("output", c.width)], inputs: c.queryWidth, bias: c.biases.attentionOutput, in: &plan),
      cross: looksAtEncoder ? cross(name, c, in: &plan) : nil,
      feedForwardNorm: norm("\(name).feed_forward_norm", c, in: &plan),
      hidden: linear(
        "\(name).feed_forward",
        parts: (c.activation.isGated ? [("gate", c.feedForwardWidth)] : []) + [("up", c.feedForwardWidth)],
        inputs: c.width, bias: c.biases.feedForward, in: &plan),
      down: linear(
        "\(name).feed_forward", parts: [("down", c.width)], inputs: c.feedForwardWidth, bias: c.biases.feedForward, in: &plan))
  }

  private static func cross(_ name: String, _ c: TransformerConfiguration, in plan: inout Layout) -> Cross {
    let attention = "\(name).cross_attention"
    return Cross(
      norm: norm("\(attention)_norm", c, in: &plan),
      query: linear(attention, parts: [("query", c.queryWidth)], inputs: c.width, bias: c.biases.queryKeyValue, in: &plan),
      keyValue: linear(
        attention, parts: [("key", c.keyValueWidth), ("value", c.keyValueWidth)], inputs: c.width,
        bias: c.biases.queryKeyValue, in: &plan),
      output: linear(
        attention, parts: [("output", c.width)], inputs: c.queryWidth, bias: c.biases.attentionOutput, in: &plan))
  }

  private static func norm(_ name: String, _ c: TransformerConfiguration, in plan: inout Layout) -> Norm {
    Norm(
      gain: plan.add("\(name).gain", c.width), bias: c.normalization == .layer ? plan.add("\(name).bias", c.width) : nil)
  }

  /// Parts that share their input lie one behind the other and are returned as one.
  private static func linear(
    _ name: String, parts: [(name: String, outputs: Int)], inputs: Int, bias: Bool, in plan: inout Layout
  ) -> Linear {
    let weights = parts.enumerated().map { index, part in
      index == 0
        ? plan.add("\(name).\(part.name).weight", part.outputs, inputs)
        : plan.addAdjoining("\(name).\(part.name).weight", part.outputs, inputs)
    }
    let weight = Layout.joining("\(name).weight", weights)
    guard bias else { return Linear(weight: weight, bias: nil) }
    let biases = parts.enumerated().map { index, part in
      index == 0
        ? plan.add("\(name).\(part.name).bias", part.outputs) : plan.addAdjoining("\(name).\(part.name).bias", part.outputs)
    }
    return Linear(weight: weight, bias: Layout.joining("\(name).bias", biases))
  }
}
