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
}

/// Next-token logits for many responses at once, with keys and values cached. Prompts are read once and serve all their
/// responses. The decoder knows token ids and logits; who picks the tokens is the caller's affair.
///
/// All responses advance in step: after `prefill`, call `decode` with the latest token of every response that goes on.
public final class Decoder: TokenDecoder, @unchecked Sendable {
  public let transformer: Transformer
  public let capacity: DecoderCapacity
  private let plan: ActivationLayout
  private let activations: Arena
  private let cache: Arena
  /// Keys and values, a row a token, one tensor a block: of the prompts (tokens of all prompts, 2·K·D) …
  private var promptCaches: [Tensor] = []
  /// … and of the responses (sequences · responseTokens, 2·K·D).
  private var responseCaches: [Tensor] = []
  private let logitsTensor: Tensor  // (max(prompts, sequences), V)
  private let logitsArena: Arena

  private var prompts = PackedGroups()
  private var positions: [Int32] = []
  private var runs: [Run] = []
  /// Tokens that every active response has in its cache.
  private var length = 0

  /// Neighbouring rows whose responses answer the same prompt: they read its keys in one product.
  private struct Run {
    var rows: Range<Int>
    var prompt: Range<Int>
  }

  public init(_ transformer: Transformer, capacity: DecoderCapacity) {
    self.transformer = transformer
    self.capacity = capacity
    let c = transformer.configuration
    let visible = capacity.longestPrompt + capacity.responseTokens
    plan = ActivationLayout(
      c,
      capacity: WorkspaceCapacity(
        rows: max(capacity.promptTokens, capacity.sequenceCount), headRows: max(capacity.promptCount, capacity.sequenceCount),
        segmentRows: max(capacity.longestPrompt, capacity.sequenceCount), visibleRows: visible),
      purpose: .init(backward: false, reference: false, logits: false))
    activations = Arena(plan.layout)
    var caches = Layout()
    for block in 0..<c.blockCount {
      promptCaches.append(caches.add("prompts.\(block)", capacity.promptTokens, 2 * c.keyValueWidth))
      responseCaches.append(
        caches.add("responses.\(block)", capacity.sequenceCount * capacity.responseTokens, 2 * c.keyValueWidth))
    }
    cache = Arena(caches)
    var logits = Layout()
    logitsTensor = logits.add("logits", max(capacity.promptCount, capacity.sequenceCount), c.vocabularySize)
    logitsArena = Arena(logits)
  }

  /// Reads the prompts. Logits row g then predicts the first token of every response to prompt g.
  public func prefill(_ prompts: ArraySlice<[Int32]>, parameters p: Arena) {
    self.prompts.removeAll()
    for prompt in prompts { self.prompts.append(TokenGroup(prompt: prompt, responses: [])) }
    let (batch, a) = (self.prompts, activations)
    let rows = batch.rowCount
    precondition(batch.groupCount <= capacity.promptCount && rows <= capacity.promptTokens, "the decoder is too small")
    length = 0
    transformer.embedForward(
      tokens: batch.tokens.span, positions: batch.positions.span, p, into: plan.block(0).input, rows: rows, a)
    for index in 0..<transformer.configuration.blockCount {
      let block = plan.block(index)
      transformer.blockForward(
        index, p, block, into: plan.blockOutput(index), positions: batch.positions.span, rows: rows, a
      ) {
        transformer.attentionForward(batch, block.queryKeyValue, into: block.attended, plan, a)
        for row in 0..<rows { remember(row, of: block.queryKeyValue, in: promptCaches[index], row: row) }
      }
    }
    kernels.embeddingForward(
      a[lastOutput], tokens: batch.headRows.span, columns: transformer.configuration.width,
      into: a[writing: plan.head.input, rows: 0..<batch.groupCount])
    headForward(plan.head.input, rows: batch.groupCount, p)
  }

  /// One token further. Row i of the logits then predicts what follows `tokens[i]` in response `sequences[i]`.
  ///
  /// - Parameters:
  ///   - tokens: the latest token of each response that goes on (n).
  ///   - sequences: which responses those are (n), ascending; response s answers prompt `promptOf[s]`.
  public func decode(_ tokens: [Int32], sequences: [Int], promptOf: [Int], parameters p: Arena) {
    precondition(length < capacity.responseTokens && tokens.count == sequences.count, "the decoder is too small")
    findRuns(sequences, promptOf)
    let (a, rows) = (activations, tokens.count)
    let positions = positions
    transformer.embedForward(tokens: tokens.span, positions: positions.span, p, into: plan.block(0).input, rows: rows, a)
    for index in 0..<transformer.configuration.blockCount {
      let block = plan.block(index)
      transformer.blockForward(index, p, block, into: plan.blockOutput(index), positions: positions.span, rows: rows, a) {
        for row in 0..<rows {
          let slot = sequences[row] * capacity.responseTokens + length
          remember(row, of: block.queryKeyValue, in: responseCaches[index], row: slot)
        }
        for run in runs { attend(run, sequences, block, caches: (promptCaches[index], responseCaches[index])) }
      }
    }
    length += 1
    headForward(lastOutput, rows: rows, p)
  }

  /// Logits of row `row` of the latest `prefill` or `decode` (V).
  @_lifetime(borrow self)
  public func logits(row: Int) -> Span<Float> {
    let arena = logitsArena
    return _overrideLifetime(arena[logitsTensor, rows: row..<row + 1], borrowing: self)
  }

  private func findRuns(_ sequences: [Int], _ promptOf: [Int]) {
    runs.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    var row = 0
    while row < sequences.count {
      let prompt = promptOf[sequences[row]]
      let start = row
      while row < sequences.count, promptOf[sequences[row]] == prompt { row += 1 }
      let promptRows = prompts.segments[prompt].rows
      runs.append(Run(rows: start..<row, prompt: promptRows))
      for _ in start..<row { positions.append(Int32(promptRows.count + length)) }
    }
  }

  /// Keys and values adjoin in a fused row, and stay together in the cache.
  private func remember(_ row: Int, of queryKeyValue: Tensor, in caches: Tensor, row slot: Int) {
    activations.copyRow(
      row, of: queryKeyValue, columns: transformer.configuration.queryWidth..<queryKeyValue.columns, to: cache, caches, row: slot)
  }

  /// Attention of the rows of a run to their prompt, in one product, and to their own past, each for itself.
  private func attend(
    _ run: Run, _ sequences: [Int], _ block: ActivationLayout.Block, caches: (prompt: Tensor, response: Tensor)
  ) {
    let a = activations
    let cache = cache
    let own = length + 1
    let visible = run.prompt.count + own
    for head in 0..<transformer.configuration.headCount {
      let (queries, keys, values) = cacheColumns(head)
      let tile = a.matrix(scratch: plan.scores, rows: 0..<run.rows.count, columns: 0..<run.prompt.count, stride: visible)
      multiply(
        a.matrix(block.queryKeyValue, rows: run.rows, columns: queries),
        cache.matrix(caches.prompt, rows: run.prompt, columns: keys).transposed, into: tile)
      for row in run.rows {
        multiply(
          a.matrix(block.queryKeyValue, rows: row..<row + 1, columns: queries),
          cache.matrix(caches.response, rows: slots(sequences[row], own), columns: keys).transposed,
          into: ownScores(row - run.rows.lowerBound, prompt: run.prompt.count, visible: visible))
      }
      kernels.causalSoftmaxForward(
        columns: visible, firstVisible: visible, scale: transformer.attentionScale,
        updating: a[writing: plan.scores, rows: 0..<run.rows.count * visible])
      multiply(
        tile, cache.matrix(caches.prompt, rows: run.prompt, columns: values),
        into: a.matrix(block.attended, rows: run.rows, columns: queries))
      for row in run.rows {
        multiply(
          ownScores(row - run.rows.lowerBound, prompt: run.prompt.count, visible: visible),
          cache.matrix(caches.response, rows: slots(sequences[row], own), columns: values),
          addingTo: a.matrix(block.attended, rows: row..<row + 1, columns: queries))
      }
    }
  }

  private func slots(_ sequence: Int, _ count: Int) -> Range<Int> {
    sequence * capacity.responseTokens..<sequence * capacity.responseTokens + count
  }

  /// The part of one row of a run's tile that belongs to the response's own tokens.
  @_lifetime(borrow self)
  private func ownScores(_ row: Int, prompt: Int, visible: Int) -> Matrix {
    let a = activations
    return _overrideLifetime(
      a.matrix(scratch: plan.scores, rows: row..<row + 1, columns: prompt..<visible, stride: visible), borrowing: self)
  }

  /// Columns of a query in a fused row, and of the key and value it uses in a row of the cache.
  private func cacheColumns(_ head: Int) -> (queries: Range<Int>, keys: Range<Int>, values: Range<Int>) {
    let c = transformer.configuration
    let start = transformer.sharedHead(head) * c.headSize
    return (
      transformer.queryColumns(head), start..<start + c.headSize, c.keyValueWidth + start..<c.keyValueWidth + start + c.headSize
    )
  }

  private var lastOutput: Tensor { plan.blockOutput(transformer.configuration.blockCount - 1) }

  /// Logits of the first `rows` rows of x.
  private func headForward(_ x: Tensor, rows: Int, _ p: Arena) {
    let (norm, a, logits) = (plan.head.norm, activations, logitsArena)
    transformer.normForward(transformer.parameters.finalNorm, p, x: x, into: norm, rows: rows, a)
    multiply(
      a.matrix(norm.output, rows: 0..<rows), p.matrix(transformer.parameters.head).transposed,
      into: logits.matrix(logitsTensor, rows: 0..<rows))
  }
}
