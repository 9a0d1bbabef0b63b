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

  struct Block: Sendable {
    var attentionNorm: Norm
    /// Queries, keys and values adjoin, so that one product makes all three: (H·D + 2·K·D, C).
    var queryKeyValue: Linear
    var attentionOutput: Linear
    var feedForwardNorm: Norm
    /// Gate above up where there is a gate: (2F, C), else (F, C).
    var hidden: Linear
    var down: Linear
  }

  public private(set) var layout = Layout()
  /// (V, C)
  private(set) var embedding: Tensor
  /// (P, C) where positions are learned.
  private(set) var positions: Tensor?
  private(set) var blocks: [Block] = []
  private(set) var finalNorm: Norm
  /// (V, C), the embedding itself where it is tied; (1, C) of a scalar head.
  private(set) var head: Tensor

  public init(_ c: TransformerConfiguration) {
    var plan = Layout()
    embedding = plan.add("embedding.weight", c.vocabularySize, c.width)
    if c.positions == .learned { positions = plan.add("positions.weight", c.contextLength, c.width) }
    for index in 0..<c.blockCount {
      let name = "blocks.\(index)"
      blocks.append(
        Block(
          attentionNorm: Self.norm("\(name).attention_norm", c, in: &plan),
          queryKeyValue: Self.linear(
            "\(name).attention", parts: [("query", c.queryWidth), ("key", c.keyValueWidth), ("value", c.keyValueWidth)],
            inputs: c.width, bias: c.biases.queryKeyValue, in: &plan),
          attentionOutput: Self.linear(
            "\(name).attention", parts: [("output", c.width)], inputs: c.queryWidth, bias: c.biases.attentionOutput, in: &plan),
          feedForwardNorm: Self.norm("\(name).feed_forward_norm", c, in: &plan),
          hidden: Self.linear(
            "\(name).feed_forward",
            parts: (c.activation == .siluGate ? [("gate", c.feedForwardWidth)] : []) + [("up", c.feedForwardWidth)],
            inputs: c.width, bias: c.biases.feedForward, in: &plan),
          down: Self.linear(
            "\(name).feed_forward", parts: [("down", c.width)], inputs: c.feedForwardWidth, bias: c.biases.feedForward,
            in: &plan)))
    }
    finalNorm = Self.norm("final_norm", c, in: &plan)
    let isTied = c.head == .vocabulary && c.tiesHead
    head = isTied ? embedding : plan.add("head.weight", c.headWidth, c.width)
    layout = plan
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
