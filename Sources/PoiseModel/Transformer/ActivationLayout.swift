import PoiseKernels

/// The most a workspace must hold at once.
public struct WorkspaceCapacity: Sendable, Equatable {
  public var groups = 0
  /// T: packed rows, and those among them of prompts and of responses.
  public var rows = 0
  public var promptRows = 0
  public var responseRows = 0
  /// Rows the head sees.
  public var headRows = 0
  /// Predicted tokens.
  public var targets = 0
  /// Rows of the longest prompt, of the longest response, and of the longest prompt with a response.
  public var longestPrompt = 0
  public var longestResponse = 0
  public var longestGroup = 0

  public init() {}

  /// What the given groups need when packed together.
  public init(_ groups: some Sequence<TokenGroup>, reading: HeadReading = .predictions) {
    for group in groups { add(group, reading: reading) }
  }

  /// Makes room for one more group beside what there is.
  public mutating func add(_ group: TokenGroup, reading: HeadReading = .predictions) {
    let ownRows = group.rowCount(reading)
    groups += 1
    rows += ownRows
    promptRows += group.prompt.count
    responseRows += ownRows - group.prompt.count
    headRows += group.headRowCount(reading)
    targets += group.targetCount(reading)
    let response = (group.responses.lazy.map(\.count).max() ?? 0) - (reading == .predictions ? 1 : 0)
    longestPrompt = max(longestPrompt, group.prompt.count)
    longestResponse = max(longestResponse, response)
    longestGroup = max(longestGroup, group.prompt.count + max(response, 0))
  }

  /// The larger of both in every respect.
  public mutating func formUnion(_ other: WorkspaceCapacity) {
    groups = max(groups, other.groups)
    rows = max(rows, other.rows)
    promptRows = max(promptRows, other.promptRows)
    responseRows = max(responseRows, other.responseRows)
    headRows = max(headRows, other.headRows)
    targets = max(targets, other.targets)
    longestPrompt = max(longestPrompt, other.longestPrompt)
    longestResponse = max(longestResponse, other.longestResponse)
    longestGroup = max(longestGroup, other.longestGroup)
  }

  /// What a stack of blocks must hold.
  struct Stack {
    var rows: Int
    /// Rows of the longest segment, and the most keys that one of its rows sees.
    var longest: Int
    var visible: Int
  }

  /// An encoder has the prompts' rows.
  func encoder(_ c: TransformerConfiguration) -> Stack {
    c.encoder == nil
      ? Stack(rows: 0, longest: 0, visible: 0) : Stack(rows: promptRows, longest: longestPrompt, visible: longestPrompt)
  }

  /// Behind an encoder, prompts are a start token each.
  func decoder(_ c: TransformerConfiguration) -> Stack {
    c.encoder == nil
      ? Stack(rows: rows, longest: max(longestPrompt, longestResponse), visible: longestGroup)
      : Stack(rows: groups + responseRows, longest: max(1, longestResponse), visible: 1 + longestResponse)
  }
}

/// Where the activations of a pass lie. What the backward pass needs again exists once a block; the rest is scratch.
struct ActivationLayout: Sendable {
  /// Inputs and scale of one norm: what its backward needs beside its gain.
  struct Norm: Sendable {
    var output: Tensor  // (T, C)
    var means: Tensor  // (T), LayerNorm only
    var inverseDeviations: Tensor  // (T)
  }

  struct Block: Sendable {
    var input: Tensor  // (T, C): the residual stream
    var attentionNorm: Norm
    var queryKeyValue: Tensor  // (T, H·D + 2·K·D), rotated
    var attended: Tensor  // (T, H·D)
    var middle: Tensor  // (T, C): the residual stream after attention
    var cross: Cross?
    var feedForwardNorm: Norm
    var hidden: Tensor  // (T, F or 2F), before the activation
    var activated: Tensor  // (T, F)

    /// The residual stream before the feed-forward layer.
    var feedForwardInput: Tensor { cross?.middle ?? middle }
  }

  /// Attention of a block to the encoder's E rows.
  struct Cross: Sendable {
    var norm: Norm
    var query: Tensor  // (T, H·D)
    var keyValue: Tensor  // (E, 2·K·D)
    var attended: Tensor  // (T, H·D)
    var middle: Tensor  // (T, C): the residual stream after it
  }

  /// Blocks one after the other. Where the backward pass will not want them, all share the activations of one.
  struct Stack: Sendable {
    fileprivate(set) var blocks: [Block] = []
    fileprivate var output: Tensor  // (T, C): the residual stream after the last block
    fileprivate var keepsBlocks: Bool
    /// (H, distances) where positions are relative, else empty; and their gradients.
    var biases: Tensor
    var dBiases: Tensor

    /// The activations of a block: its own, or the only ones.
    func block(_ index: Int) -> Block { blocks[keepsBlocks ? index : 0] }

    /// Where a block's output goes: the next block's input. With a single set of activations that is the very tensor it came
    /// from, which is free again by then.
    func blockOutput(_ index: Int) -> Tensor {
      !keepsBlocks ? blocks[0].input : index + 1 < blocks.count ? blocks[index + 1].input : output
    }
  }

  /// Cosines and sines of rotary positions, times the scaling's amplitude, for every place that a row may have; else empty.
  struct Rotations: Sendable {
    var cosines: Tensor  // (P, D/2)
    var sines: Tensor
  }

  /// Gradients of one block's tensors, used by every block in turn, the encoder's too.
  struct Gradients: Sendable {
    var residual: Tensor  // (T, C)
    var normalized: Tensor  // (T, C)
    var queryKeyValue: Tensor
    var attended: Tensor
    var crossQuery: Tensor  // (T, H·D)
    var crossKeyValue: Tensor  // (E, 2·K·D)
    var encoded: Tensor  // (E, C): of what all blocks look at
    var hidden: Tensor
    var activated: Tensor
    var headNormalized: Tensor  // (R, C)
    var headInput: Tensor  // (R, C)
  }

  /// The head, on gathered rows; its output O only for a piece of them at a time: logits of a vocabulary, O = V, or one score a
  /// row, O = 1.
  struct Head: Sendable {
    var input: Tensor  // (R, C)
    var norm: Norm  // (R, C)
    var referenceNormalized: Tensor  // (R, C)
    var logits: Tensor  // (rows of a piece, O)
    var referenceLogits: Tensor
    var logPartitions: Tensor  // (R)
    var referenceLogPartitions: Tensor
    var entropies: Tensor  // (rows of a piece)
    var divergences: Tensor
    var logProbabilities: Tensor  // (N)
    var referenceLogProbabilities: Tensor
    var coefficients: Tensor
  }

  /// What adapters need on the way; by the number of parts of a product, less one.
  struct Adapters: Sendable {
    var lowered: [Tensor]  // (T, parts · r)
    var dLowered: [Tensor]
    /// Gradients of gain and bias of a frozen norm, which nobody reads: (C) each.
    var unread: ParameterLayout.Norm
  }

  /// What the passes of a workspace will be used for; less use, less memory.
  struct Purpose: Sendable {
    var backward: Bool
    var reference: Bool
    /// Most rows of logits at once, enough for products to run at speed; none for a decoder, which has logits of its own.
    var headBlockRows = 192
  }

  private(set) var layout = Layout()
  private(set) var encoder: Stack
  /// (E, C): what the encoder made of the prompts, normalised.
  private(set) var encoded: Norm
  private(set) var decoder: Stack
  private(set) var rotations: Rotations
  private(set) var attentionScratch: Tensor
  private(set) var head: Head
  private(set) var gradients: Gradients
  /// Where there are adapters.
  private(set) var adapters: Adapters?
  /// Most rows that have logits at once: a constant, however many rows a group has.
  let headBlockRows: Int

  init(_ form: TransformerForm, capacity: WorkspaceCapacity, purpose: Purpose) {
    let c = form.configuration
    var plan = Layout()
    let (encoderRows, decoderRows) = (capacity.encoder(c), capacity.decoder(c))
    headBlockRows = min(purpose.headBlockRows, max(capacity.headRows, 1))
    encoder = Self.stack("encoder.", c, blocks: c.encoder?.blockCount ?? 0, encoderRows, isCausal: false, purpose, in: &plan)
    encoded = Self.norm("encoded", c, rows: encoderRows.rows, in: &plan)
    decoder = Self.stack(
      "", c, blocks: c.blockCount, decoderRows, isCausal: true, memoryRows: encoderRows.rows, purpose, in: &plan)
    rotations = Self.rotations(c, positions: decoderRows.visible, in: &plan)
    let visible = max(encoderRows.visible, decoderRows.visible)
    attentionScratch = plan.add(
      "attention_scratch",
      kernels.attentionScratchElements(
        rows: max(encoderRows.longest, decoderRows.longest), visible: visible, headSize: c.headSize))
    head = Self.head(c, capacity: capacity, blockRows: headBlockRows, purpose: purpose, in: &plan)
    gradients = Self.gradients(
      c, rows: purpose.backward ? max(decoderRows.rows, encoderRows.rows) : 0,
      memoryRows: purpose.backward ? encoderRows.rows : 0, headRows: purpose.backward ? capacity.headRows : 0, in: &plan)
    adapters = form.adapters.map {
      Self.adapters($0, c, rows: max(decoderRows.rows, encoderRows.rows), backward: purpose.backward, in: &plan)
    }
    layout = plan
  }

  private static func adapters(
    _ adapters: AdapterLayout, _ c: TransformerConfiguration, rows: Int, backward: Bool, in plan: inout Layout
  ) -> Adapters {
    let widths = (1...max(adapters.mostParts, 1)).map { $0 * adapters.configuration.rank }
    let unread = backward ? c.width : 0
    return Adapters(
      lowered: widths.map { plan.add("adapters.lowered.\($0)", rows, $0) },
      dLowered: widths.map { plan.add("d.adapters.lowered.\($0)", backward ? rows : 0, $0) },
      unread: .init(
        gain: plan.add("adapters.unread_gain", unread),
        bias: c.normalization == .layer ? plan.add("adapters.unread_bias", unread) : nil))
  }

  private static func stack(
    _ name: String, _ c: TransformerConfiguration, blocks: Int, _ stack: WorkspaceCapacity.Stack, isCausal: Bool,
    memoryRows: Int = 0, _ purpose: Purpose, in plan: inout Layout
  ) -> Stack {
    let blocks = (0..<(purpose.backward ? blocks : min(blocks, 1))).map {
      block(
        "\(name)blocks.\($0)", c, rows: stack.rows, memoryRows: memoryRows, looksAtEncoder: isCausal && c.encoder != nil,
        in: &plan)
    }
    var distances = 0
    if case .relative = c.positions { distances = RelativePositions.distanceCount(reach: stack.visible, isCausal: isCausal) }
    return Stack(
      blocks: blocks, output: plan.add("\(name)output", stack.rows, c.width), keepsBlocks: purpose.backward,
      biases: plan.add("\(name)biases", c.headCount, distances),
      dBiases: plan.add("d.\(name)biases", c.headCount, purpose.backward ? distances : 0))
  }

  private static func rotations(_ c: TransformerConfiguration, positions: Int, in plan: inout Layout) -> Rotations {
    var pairs = 0
    if case .rotary = c.positions { pairs = c.headSize / 2 }
    return Rotations(cosines: plan.add("cosines", positions, pairs), sines: plan.add("sines", positions, pairs))
  }

  private static func norm(_ name: String, _ c: TransformerConfiguration, rows: Int, in plan: inout Layout) -> Norm {
    Norm(
      output: plan.add(name, rows, c.width), means: plan.add("\(name).means", c.normalization == .layer ? rows : 0),
      inverseDeviations: plan.add("\(name).inverse_deviations", rows))
  }

  private static func block(
    _ name: String, _ c: TransformerConfiguration, rows: Int, memoryRows: Int, looksAtEncoder: Bool, in plan: inout Layout
  ) -> Block {
    Block(
      input: plan.add("\(name).input", rows, c.width), attentionNorm: norm("\(name).attention_norm", c, rows: rows, in: &plan),
      queryKeyValue: plan.add("\(name).query_key_value", rows, c.queryKeyValueWidth),
      attended: plan.add("\(name).attended", rows, c.queryWidth), middle: plan.add("\(name).middle", rows, c.width),
      cross: looksAtEncoder ? cross("\(name).cross", c, rows: rows, memoryRows: memoryRows, in: &plan) : nil,
      feedForwardNorm: norm("\(name).feed_forward_norm", c, rows: rows, in: &plan),
      hidden: plan.add("\(name).hidden", rows, c.hiddenWidth), activated: plan.add("\(name).activated", rows, c.feedForwardWidth))
  }

  private static func cross(
    _ name: String, _ c: TransformerConfiguration, rows: Int, memoryRows: Int, in plan: inout Layout
  ) -> Cross {
    Cross(
      norm: norm("\(name).norm", c, rows: rows, in: &plan), query: plan.add("\(name).query", rows, c.queryWidth),
      keyValue: plan.add("\(name).key_value", memoryRows, 2 * c.keyValueWidth),
      attended: plan.add("\(name).attended", rows, c.queryWidth), middle: plan.add("\(name).middle", rows, c.width))
  }

  private static func head(
    _ c: TransformerConfiguration, capacity: WorkspaceCapacity, blockRows: Int, purpose: Purpose, in plan: inout Layout
  ) -> Head {
    let rows = capacity.headRows
    let referenceRows = purpose.reference ? rows : 0
    let referenceBlockRows = purpose.reference ? blockRows : 0
    return Head(
      input: plan.add("head.input", rows, c.width), norm: norm("head.norm", c, rows: rows, in: &plan),
      referenceNormalized: plan.add("head.reference_norm", referenceRows, c.width),
      logits: plan.add("head.logits", blockRows, c.headWidth),
      referenceLogits: plan.add("head.reference_logits", referenceBlockRows, c.headWidth),
      logPartitions: plan.add("head.log_partitions", rows),
      referenceLogPartitions: plan.add("head.reference_log_partitions", referenceRows),
      entropies: plan.add("head.entropies", blockRows), divergences: plan.add("head.divergences", referenceBlockRows),
      logProbabilities: plan.add("head.log_probabilities", capacity.targets),
      referenceLogProbabilities: plan.add("head.reference_log_probabilities", purpose.reference ? capacity.targets : 0),
      coefficients: plan.add("head.coefficients", purpose.backward ? capacity.targets : 0))
  }

  private static func gradients(
    _ c: TransformerConfiguration, rows: Int, memoryRows: Int, headRows: Int, in plan: inout Layout
  ) -> Gradients {
    let crossRows = c.encoder == nil ? 0 : rows
    return Gradients(
      residual: plan.add("d.residual", rows, c.width), normalized: plan.add("d.normalized", rows, c.width),
      queryKeyValue: plan.add("d.query_key_value", rows, c.queryKeyValueWidth),
      attended: plan.add("d.attended", rows, c.queryWidth), crossQuery: plan.add("d.cross.query", crossRows, c.queryWidth),
      crossKeyValue: plan.add("d.cross.key_value", memoryRows, 2 * c.keyValueWidth),
      encoded: plan.add("d.encoded", memoryRows, c.width), hidden: plan.add("d.hidden", rows, c.hiddenWidth),
      activated: plan.add("d.activated", rows, c.feedForwardWidth),
      headNormalized: plan.add("d.head.norm", headRows, c.width), headInput: plan.add("d.head.input", headRows, c.width))
  }
}
