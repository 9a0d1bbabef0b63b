import PoiseKernels

/// The most a decoder must hold at once.
public struct DecoderCapacity: Sendable, Equatable {
  public var promptCount: Int
  /// Tokens of all prompts together, and of the longest.
  public var promptTokens: Int
  public var longestPrompt: Int
  /// Responses to all prompts together.
  public var sequenceCount: Int
  /// Tokens a response may have.
  public var responseTokens: Int

  public init(promptCount: Int, promptTokens: Int, longestPrompt: Int, sequenceCount: Int, responseTokens: Int) {
    self.promptCount = promptCount
    self.promptTokens = promptTokens
    self.longestPrompt = longestPrompt
    self.sequenceCount = sequenceCount
    self.responseTokens = responseTokens
  }

  /// What its passes need: rows are those of the prompts, then one of every response.
  var workspace: WorkspaceCapacity {
    var capacity = WorkspaceCapacity()
    capacity.groups = max(promptCount, sequenceCount)
    capacity.rows = max(promptTokens, sequenceCount)
    capacity.promptRows = promptTokens
    capacity.headRows = capacity.groups
    capacity.longestPrompt = longestPrompt
    capacity.longestResponse = responseTokens
    capacity.longestGroup = longestPrompt + responseTokens
    return capacity
  }
}

/// Next-token logits for many responses at once, with keys and values cached. Prompts are read once, by the encoder where there
/// is one, and serve all their responses. The decoder knows token ids and logits; who picks the tokens is the caller's affair.
///
/// All responses advance in step: after `prefill`, call `decode` with the latest token of every response that goes on. A row's
/// numbers do not depend on the rows beside it.
public final class Decoder: TokenDecoder, @unchecked Sendable {
  public let transformer: Transformer
  public let capacity: DecoderCapacity
  private let weights: DecodingWeights
  private let layout: DecoderLayout
  private let activations: Arena
  private let cache: Arena
  private let logitsArena: Arena

  private var prompts: PackedGroups
  /// First slot of each prompt in the caches: prompts begin with a panel. Of what the encoder made of them, too.
  private var promptSlots: [Int] = []
  private var memorySlots: [Int] = []
  private var positions: [Int32] = []
  private var runs: [Run] = []
  /// Tokens that every active response has in its cache.
  private var length = 0

  /// Neighbouring rows whose responses answer the same prompt: they read its keys in one product.
  private struct Run {
    var rows: Range<Int>
    var prompt: Int
    var promptCount: Int
  }

  /// - Parameter layout: of that capacity.
  init(_ transformer: Transformer, weights: DecodingWeights, _ layout: DecoderLayout, capacity: DecoderCapacity) {
    self.transformer = transformer
    self.weights = weights
    self.capacity = capacity
    prompts = PackedGroups(encoder: transformer.configuration.encoder)
    self.layout = layout
    activations = Arena(layout.activations.layout)
    transformer.tabulateRotations(into: layout.activations.rotations, activations)
    cache = Arena(layout.cache)
    logitsArena = Arena(layout.output)
  }

  private var plan: ActivationLayout { layout.activations }

  public func adopt(_ parameters: Arena, pool: WorkerPool) { weights.adopt(parameters, pool: pool) }

  /// Reads the prompts. Logits row g then predicts the first token of every response to prompt g.
  public func prefill(_ prompts: ArraySlice<[Int32]>) {
    self.prompts.removeAll()
    for prompt in prompts { self.prompts.append(TokenGroup(prompt: prompt, responses: [])) }
    let (batch, a) = (self.prompts, activations)
    findSlots(of: batch.segments, in: &promptSlots)
    findSlots(of: batch.memorySegments, in: &memorySlots)
    let (rows, memoryRows) = (batch.rowCount, batch.memoryTokens.count)
    precondition(
      batch.groupCount <= capacity.promptCount && max(rows, memoryRows) <= capacity.promptTokens, "the decoder is too small")
    length = 0
    transformer.encoderForward(batch, weights, plan, a)
    transformer.relativeBiasesForward(
      transformer.parameters.decoder.relativeBiases, weights.parameters, isCausal: true, into: plan.decoder.biases, a)
    transformer.embedForward(
      tokens: batch.tokens.span, positions: batch.positions.span, weights.parameters, into: plan.decoder.block(0).input,
      rows: rows,
      a)
    for index in transformer.parameters.decoder.blocks.indices {
      let (block, own) = (transformer.parameters.decoder.blocks[index], plan.decoder.block(index))
      transformer.blockForward(
        block, weights, own, into: plan.decoder.blockOutput(index), layer: .block(index), rotations: plan.rotations,
        positions: batch.positions.span, rows: rows, a
      ) {
        transformer.attentionForward(
          batch.segments, isCausal: true, own.queryKeyValue, biases: plan.decoder.biases, into: own.attended, plan, a)
        for (prompt, segment) in batch.segments.enumerated() {
          remember(
            segment.rows, of: own.queryKeyValue, keys: transformer.keyColumn(0), values: transformer.valueColumn(0),
            slot: promptSlots[prompt], in: layout.caches[index].prompts)
        }
      } attendAcross: {
        transformer.lookAtEncoderForward(block, batch, weights, own, plan, a)
        guard let keyValue = own.cross?.keyValue else { return }
        for (prompt, segment) in batch.memorySegments.enumerated() {
          remember(
            segment.rows, of: keyValue, keys: transformer.memoryKeyColumn(0), values: transformer.memoryValueColumn(0),
            slot: memorySlots[prompt], in: layout.caches[index].memory)
        }
      }
    }
    kernels.embeddingForward(
      a[lastOutput], tokens: batch.headRows.span, columns: transformer.configuration.width,
      into: a[writing: plan.head.input, rows: 0..<batch.groupCount])
    headForward(plan.head.input, rows: batch.groupCount)
  }

  /// One token further. Row i of the logits then predicts what follows `tokens[i]` in response `sequences[i]`.
  ///
  /// - Parameters:
  ///   - tokens: the latest token of each response that goes on (n).
  ///   - sequences: which responses those are (n), ascending; response s answers prompt `promptOf[s]`.
  public func decode(_ tokens: [Int32], sequences: [Int], promptOf: [Int]) {
    precondition(length < capacity.responseTokens && tokens.count == sequences.count, "the decoder is too small")
    findRuns(sequences, promptOf)
    let (a, rows) = (activations, tokens.count)
    let positions = positions
    transformer.embedForward(
      tokens: tokens.span, positions: positions.span, weights.parameters, into: plan.decoder.block(0).input, rows: rows, a)
    for index in transformer.parameters.decoder.blocks.indices {
      let (block, own) = (transformer.parameters.decoder.blocks[index], plan.decoder.block(index))
      transformer.blockForward(
        block, weights, own, into: plan.decoder.blockOutput(index), layer: .block(index), rotations: plan.rotations,
        positions: positions.span, rows: rows, a
      ) {
        for row in 0..<rows { remember(row, sequence: sequences[row], of: own.queryKeyValue, layout.caches[index]) }
        for run in runs { attend(run, sequences, own, layout.caches[index]) }
      } attendAcross: {
        for run in runs { attendAcross(run, sequences, own, layout.caches[index]) }
      }
    }
    length += 1
    headForward(lastOutput, rows: rows)
  }

  /// Logits of row `row` of the latest `prefill` or `decode` (V).
  @_lifetime(borrow self)
  public func logits(row: Int) -> Span<Float> {
    let arena = logitsArena
    return _overrideLifetime(arena[layout.logits, rows: row..<row + 1], borrowing: self)
  }

  private func findSlots(of segments: [PackedGroups.Segment], in slots: inout [Int]) {
    slots.removeAll(keepingCapacity: true)
    var slot = 0
    for segment in segments {
      slots.append(slot)
      slot += DecoderLayout.wholePanels(segment.rows.count)
    }
  }

  private func findRuns(_ sequences: [Int], _ promptOf: [Int]) {
    runs.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    var row = 0
    while row < sequences.count {
      let prompt = promptOf[sequences[row]]
      let start = row
      while row < sequences.count, promptOf[sequences[row]] == prompt { row += 1 }
      let count = prompts.segments[prompt].rows.count
      runs.append(Run(rows: start..<row, prompt: prompt, promptCount: count))
      for _ in start..<row { positions.append(Int32(count + length)) }
    }
  }

  /// Packs keys and values of a whole prompt, whose first head's begin in the given columns.
  private func remember(
    _ rows: Range<Int>, of x: Tensor, keys firstKey: Int, values firstValue: Int, slot: Int, in places: DecoderLayout.PromptCache
  ) {
    let (a, cache, c) = (activations, cache, transformer.configuration)
    let source = a[x, rows: rows]
    let size = DecoderLayout.wholePanels(c.headSize)
    for head in 0..<c.keyValueHeadCount {
      let (key, value) = (firstKey + head * c.headSize, firstValue + head * c.headSize)
      kernels.packPanels(
        source.extracting(key..<source.count), rows: c.headSize, columns: rows.count, rowStride: 1, columnStride: x.columns,
        into: cache[
          writing: places.keys, row: head,
          slot * c.headSize..<(slot + DecoderLayout.wholePanels(rows.count)) * c.headSize])
      kernels.packPanels(
        source.extracting(value..<source.count), rows: rows.count, columns: c.headSize, rowStride: x.columns, columnStride: 1,
        into: cache[writing: places.values, row: head, slot * size..<(slot + rows.count) * size])
    }
  }

  /// Adds key and value of the latest token of a response.
  private func remember(_ row: Int, sequence: Int, of x: Tensor, _ places: DecoderLayout.Cache) {
    let (a, cache, c) = (activations, cache, transformer.configuration)
    let source = a[x, rows: row..<row + 1]
    for head in 0..<c.keyValueHeadCount {
      kernels.appendToPanels(
        key: source.extracting(transformer.keyColumn(head)..<transformer.keyColumn(head) + c.headSize),
        value: source.extracting(transformer.valueColumn(head)..<transformer.valueColumn(head) + c.headSize),
        slot: length, slots: DecoderLayout.wholePanels(capacity.responseTokens),
        keys: cache[writing: places.responseKeys, rows: sequence * c.keyValueHeadCount + head],
        values: cache[writing: places.responseValues, rows: sequence * c.keyValueHeadCount + head])
    }
  }

  /// Attention of the rows of a run to their prompt, in one product, and to their own past, each for itself.
  private func attend(_ run: Run, _ sequences: [Int], _ block: ActivationLayout.Block, _ places: DecoderLayout.Cache) {
    let (a, cache, c, output) = (activations, cache, transformer.configuration, logitsArena)
    let (slot, size) = (promptSlots[run.prompt], DecoderLayout.wholePanels(c.headSize))
    for head in 0..<c.keyValueHeadCount {
      kernels.decodingAttention(
        a[block.queryKeyValue, rows: run.rows], rows: run.rows.count, columns: block.queryKeyValue.columns,
        queries: transformer.queryColumns(sharing: head), headSize: c.headSize, scale: c.attentionScale,
        biases: a[plan.decoder.biases, part: head, of: c.keyValueHeadCount], promptCount: run.promptCount,
        promptKeys: cache[
          places.prompts.keys, row: head,
          slot * c.headSize..<(slot + DecoderLayout.wholePanels(run.promptCount)) * c.headSize],
        promptValues: cache[places.prompts.values, row: head, slot * size..<(slot + run.promptCount) * size],
        responses: sequences.span.extracting(run.rows), head: head, heads: c.keyValueHeadCount, count: length + 1,
        slots: DecoderLayout.wholePanels(capacity.responseTokens), keys: cache[places.responseKeys],
        values: cache[places.responseValues],
        scratch: output[writing: layout.scratch], into: a[writing: block.attended, rows: run.rows], stride: block.attended.columns
      )
    }
  }

  /// Attention of the rows of a run to what the encoder made of their prompt.
  private func attendAcross(_ run: Run, _ sequences: [Int], _ block: ActivationLayout.Block, _ places: DecoderLayout.Cache) {
    guard let cross = block.cross else { return }
    let (a, cache, c, output) = (activations, cache, transformer.configuration, logitsArena)
    let (slot, size, count) = (
      memorySlots[run.prompt], DecoderLayout.wholePanels(c.headSize), prompts.memorySegments[run.prompt].rows.count
    )
    for head in 0..<c.keyValueHeadCount {
      kernels.decodingAttention(
        a[cross.query, rows: run.rows], rows: run.rows.count, columns: cross.query.columns,
        queries: transformer.queryColumns(sharing: head), headSize: c.headSize, scale: c.attentionScale, biases: Span(),
        promptCount: count,
        promptKeys: cache[
          places.memory.keys, row: head, slot * c.headSize..<(slot + DecoderLayout.wholePanels(count)) * c.headSize],
        promptValues: cache[places.memory.values, row: head, slot * size..<(slot + count) * size],
        responses: sequences.span.extracting(run.rows), head: head, heads: c.keyValueHeadCount, count: 0, slots: 0, keys: Span(),
        values: Span(), scratch: output[writing: layout.scratch], into: a[writing: cross.attended, rows: run.rows],
        stride: cross.attended.columns)
    }
  }

  private var lastOutput: Tensor { plan.decoder.blockOutput(transformer.configuration.blockCount - 1) }

  /// Logits of the first `rows` rows of x.
  private func headForward(_ x: Tensor, rows: Int) {
    let layer = LayerMark(.head)
    defer { layer.end() }
    let (norm, a, logits) = (plan.head.norm, activations, logitsArena)
    transformer.normForward(transformer.parameters.decoder.finalNorm, weights.parameters, x: x, into: norm, rows: rows, a)
    transformer.scaleHeadInput(norm.output, rows: rows, a)
    weights.multiply(norm.output, of: a, rows: rows, by: transformer.parameters.head, to: layout.logits, of: logits)
  }
}

extension Arena {
  /// Some elements of one row of a tensor.
  fileprivate subscript(tensor: Tensor, row row: Int, elements: Range<Int>) -> Span<Float> {
    @_lifetime(borrow self) get { self[elements: range(tensor, row, elements)] }
  }

  fileprivate subscript(writing tensor: Tensor, row row: Int, elements: Range<Int>) -> MutableSpan<Float> {
    @_lifetime(borrow self) get { self[writingElements: range(tensor, row, elements)] }
  }

  fileprivate subscript(writing tensor: Tensor, rows row: Int) -> MutableSpan<Float> {
    @_lifetime(borrow self) get { self[writing: tensor, rows: row..<row + 1] }
  }

  private func range(_ tensor: Tensor, _ row: Int, _ elements: Range<Int>) -> Range<Int> {
    precondition(row < tensor.rows && elements.lowerBound >= 0 && elements.upperBound <= tensor.columns, tensor.name)
    let start = tensor.offset + row * tensor.columns
    return start + elements.lowerBound..<start + elements.upperBound
  }
}
