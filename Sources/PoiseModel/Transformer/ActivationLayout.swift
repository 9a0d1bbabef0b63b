import PoiseKernels

/// The most a workspace must hold at once.
public struct WorkspaceCapacity: Sendable, Equatable {
  /// T: packed rows.
  public var rows: Int
  /// Rows the head sees.
  public var headRows: Int
  /// Predicted tokens.
  public var targets: Int
  /// Rows of the longest prompt or response, and positions of the longest prompt with a response: the most queries and keys of one attention.
  public var segmentRows: Int
  public var visibleRows: Int

  public init(rows: Int = 0, headRows: Int = 0, targets: Int = 0, segmentRows: Int = 0, visibleRows: Int = 0) {
    self.rows = rows
    self.headRows = headRows
    self.targets = targets
    self.segmentRows = segmentRows
    self.visibleRows = visibleRows
  }

  /// What the given groups need when packed together.
  public init(_ groups: some Sequence<TokenGroup>, reading: HeadReading = .predictions) {
    self.init()
    for group in groups { add(group, reading: reading) }
  }

  /// Makes room for one more group beside what there is.
  public mutating func add(_ group: TokenGroup, reading: HeadReading = .predictions) {
    rows += group.rowCount(reading)
    headRows += group.headRowCount(reading)
    targets += group.targetCount(reading)
    let longestResponse = (group.responses.lazy.map(\.count).max() ?? 0) - (reading == .predictions ? 1 : 0)
    segmentRows = max(segmentRows, group.prompt.count, longestResponse)
    visibleRows = max(visibleRows, group.prompt.count + max(longestResponse, 0))
  }

  /// The larger of both in every respect.
  public mutating func formUnion(_ other: WorkspaceCapacity) {
    rows = max(rows, other.rows)
    headRows = max(headRows, other.headRows)
    targets = max(targets, other.targets)
    segmentRows = max(segmentRows, other.segmentRows)
    visibleRows = max(visibleRows, other.visibleRows)
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
    var feedForwardNorm: Norm
    var hidden: Tensor  // (T, F or 2F), before the activation
    var activated: Tensor  // (T, F)
  }

  /// Gradients of one block's tensors, used by every block in turn.
  struct Gradients: Sendable {
    var residual: Tensor  // (T, C)
    var normalized: Tensor  // (T, C)
    var queryKeyValue: Tensor
    var attended: Tensor
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

  /// What the passes of a workspace will be used for; less use, less memory.
  struct Purpose: Sendable {
    var backward: Bool
    var reference: Bool
    /// Most rows of logits at once, enough for products to run at speed; none for a decoder, which has logits of its own.
    var headBlockRows = 192
  }

  private(set) var layout = Layout()
  private(set) var blocks: [Block] = []
  private(set) var output: Tensor  // (T, C): the residual stream after the last block
  private(set) var attentionScratch: Tensor
  private(set) var head: Head
  private(set) var gradients: Gradients
  /// Most rows that have logits at once: a constant, however many rows a group has.
  let headBlockRows: Int
  private let keepsBlocks: Bool

  init(_ c: TransformerConfiguration, capacity: WorkspaceCapacity, purpose: Purpose) {
    var plan = Layout()
    let rows = capacity.rows
    headBlockRows = min(purpose.headBlockRows, max(capacity.headRows, 1))
    keepsBlocks = purpose.backward
    for index in 0..<(keepsBlocks ? c.blockCount : 1) { blocks.append(Self.block("blocks.\(index)", c, rows: rows, in: &plan)) }
    output = plan.add("output", rows, c.width)
    attentionScratch = plan.add(
      "attention_scratch",
      kernels.attentionScratchElements(rows: capacity.segmentRows, visible: capacity.visibleRows, headSize: c.headSize))
    head = Self.head(c, capacity: capacity, blockRows: headBlockRows, purpose: purpose, in: &plan)
    gradients = Self.gradients(
      c, rows: purpose.backward ? rows : 0, headRows: purpose.backward ? capacity.headRows : 0, in: &plan)
    layout = plan
  }

  /// The activations of a block: its own where the backward pass will want them, else the only ones.
  func block(_ index: Int) -> Block { blocks[keepsBlocks ? index : 0] }

  /// Where a block's output goes: the next block's input. With a single set of activations that is the very tensor it came
  /// from, which is free again by then.
  func blockOutput(_ index: Int) -> Tensor {
    !keepsBlocks ? blocks[0].input : index + 1 < blocks.count ? blocks[index + 1].input : output
  }

  private static func norm(_ name: String, _ c: TransformerConfiguration, rows: Int, in plan: inout Layout) -> Norm {
    Norm(
      output: plan.add(name, rows, c.width), means: plan.add("\(name).means", c.normalization == .layer ? rows : 0),
      inverseDeviations: plan.add("\(name).inverse_deviations", rows))
  }

  private static func block(_ name: String, _ c: TransformerConfiguration, rows: Int, in plan: inout Layout) -> Block {
    Block(
      input: plan.add("\(name).input", rows, c.width), attentionNorm: norm("\(name).attention_norm", c, rows: rows, in: &plan),
      queryKeyValue: plan.add("\(name).query_key_value", rows, c.queryKeyValueWidth),
      attended: plan.add("\(name).attended", rows, c.queryWidth), middle: plan.add("\(name).middle", rows, c.width),
      feedForwardNorm: norm("\(name).feed_forward_norm", c, rows: rows, in: &plan),
      hidden: plan.add("\(name).hidden", rows, c.hiddenWidth), activated: plan.add("\(name).activated", rows, c.feedForwardWidth))
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
    _ c: TransformerConfiguration, rows: Int, headRows: Int, in plan: inout Layout
  ) -> Gradients {
    Gradients(
      residual: plan.add("d.residual", rows, c.width), normalized: plan.add("d.normalized", rows, c.width),
      queryKeyValue: plan.add("d.query_key_value", rows, c.queryKeyValueWidth),
      attended: plan.add("d.attended", rows, c.queryWidth), hidden: plan.add("d.hidden", rows, c.hiddenWidth),
      activated: plan.add("d.activated", rows, c.feedForwardWidth),
      headNormalized: plan.add("d.head.norm", headRows, c.width), headInput: plan.add("d.head.input", headRows, c.width))
  }
}
