#if DEBUG
  /// The kernels of another table, which in debug builds trap where a call is lent memory twice, once of them to write. Both of these
  /// spans are lawful to Swift: an arena lends by borrow, several at once, and it is its layout that keeps them disjoint. Every
  /// use of two spans of one arena is a call of the ``kernels``, so they are compared here and nowhere else.
  ///
  /// What is checked: that no span that a kernel writes shares a byte, from its first element to its last, with any other span of the
  /// same call. Those that are only read may overlap. What several threads write at the same time is not seen here; the thread
  /// sanitizer sees it (`make sanitizers`).
  struct DisjointKernels: KernelTable {
    let table: any KernelTable

    // MARK: Elementwise

    func exponential(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(x)])
      table.exponential(x, into: y)
    }

    func add(_ x: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(x)])
      table.add(x, addingTo: y)
    }

    func addScaled(_ x: Span<Float>, by scale: Float, addingTo y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(x)])
      table.addScaled(x, by: scale, addingTo: y)
    }

    func scale(by scale: Float, updating y: consuming MutableSpan<Float>) { table.scale(by: scale, updating: y) }

    func addBias(_ bias: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(bias)])
      table.addBias(bias, addingTo: y)
    }

    func biasBackward(_ dY: Span<Float>, addingTo dBias: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(dBias)], read: [Extent(dY)])
      table.biasBackward(dY, addingTo: dBias)
    }

    // MARK: Norms

    func sumOfSquares(_ x: Span<Float>) -> Double { table.sumOfSquares(x) }

    func rmsNormForward(
      _ x: Span<Float>, gain: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
      inverseDeviations: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(y), Extent(inverseDeviations)], read: [Extent(x), Extent(gain)])
      table.rmsNormForward(x, gain: gain, epsilon: epsilon, into: y, inverseDeviations: inverseDeviations)
    }

    func rmsNormBackward(
      _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, inverseDeviations: Span<Float>, adding: Bool,
      to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(dX), Extent(dGain)], read: [Extent(dY), Extent(x), Extent(gain), Extent(inverseDeviations)])
      table.rmsNormBackward(dY, x: x, gain: gain, inverseDeviations: inverseDeviations, adding: adding, to: dX, addingTo: dGain)
    }

    func layerNormForward(
      _ x: Span<Float>, gain: Span<Float>, bias: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
      means: consuming MutableSpan<Float>, inverseDeviations: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(y), Extent(means), Extent(inverseDeviations)],
        read: [Extent(x), Extent(gain), Extent(bias)])
      table.layerNormForward(
        x, gain: gain, bias: bias, epsilon: epsilon, into: y, means: means, inverseDeviations: inverseDeviations)
    }

    func layerNormBackward(
      _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, means: Span<Float>, inverseDeviations: Span<Float>, adding: Bool,
      to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>,
      addingTo dBias: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(dX), Extent(dGain), Extent(dBias)],
        read: [Extent(dY), Extent(x), Extent(gain), Extent(means), Extent(inverseDeviations)])
      table.layerNormBackward(
        dY, x: x, gain: gain, means: means, inverseDeviations: inverseDeviations, adding: adding, to: dX, addingTo: dGain,
        addingTo: dBias)
    }

    // MARK: Activations

    func geluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(x)])
      table.geluForward(x, into: y)
    }

    func geluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(dX)], read: [Extent(dY), Extent(x)])
      table.geluBackward(dY, x: x, into: dX)
    }

    func siluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(gateUp)])
      table.siluGateForward(gateUp, columns: columns, into: y)
    }

    func siluGateBackward(_ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(dGateUp)], read: [Extent(dY), Extent(gateUp)])
      table.siluGateBackward(dY, gateUp: gateUp, columns: columns, into: dGateUp)
    }

    func geluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(gateUp)])
      table.geluGateForward(gateUp, columns: columns, into: y)
    }

    func geluGateBackward(_ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(dGateUp)], read: [Extent(dY), Extent(gateUp)])
      table.geluGateBackward(dY, gateUp: gateUp, columns: columns, into: dGateUp)
    }

    func reluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(x)])
      table.reluForward(x, into: y)
    }

    func reluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(dX)], read: [Extent(dY), Extent(x)])
      table.reluBackward(dY, x: x, into: dX)
    }

    // MARK: Positions

    func rotaryForward(
      positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
      updating x: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(x)], read: [Extent(positions), Extent(cosines), Extent(sines)])
      table.rotaryForward(
        positions: positions, cosines: cosines, sines: sines, heads: heads, headSize: headSize, columns: columns, updating: x)
    }

    func rotaryBackward(
      positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
      updating dX: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(dX)], read: [Extent(positions), Extent(cosines), Extent(sines)])
      table.rotaryBackward(
        positions: positions, cosines: cosines, sines: sines, heads: heads, headSize: headSize, columns: columns, updating: dX)
    }

    // MARK: Embedding

    func embeddingForward(_ embedding: Span<Float>, tokens: Span<Int32>, columns: Int, into x: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(x)], read: [Extent(embedding), Extent(tokens)])
      table.embeddingForward(embedding, tokens: tokens, columns: columns, into: x)
    }

    func embeddingForward(_ embedding: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo x: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(x)], read: [Extent(embedding), Extent(tokens)])
      table.embeddingForward(embedding, tokens: tokens, columns: columns, addingTo: x)
    }

    func embeddingBackward(_ dX: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo dTable: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(dTable)], read: [Extent(dX), Extent(tokens)])
      table.embeddingBackward(dX, tokens: tokens, columns: columns, addingTo: dTable)
    }

    // MARK: Attention

    func attentionScratchElements(rows: Int, visible: Int, headSize: Int) -> Int {
      table.attentionScratchElements(rows: rows, visible: visible, headSize: headSize)
    }

    func attentionForward(
      _ x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool, queries: Range<Int>, keys: Int,
      values: Int, headSize: Int, scale: Float, biases: Span<Float>, scratch: consuming MutableSpan<Float>,
      into y: consuming MutableSpan<Float>, stride: Int
    ) {
      checkApart(written: [Extent(scratch), Extent(y)], read: [Extent(x), Extent(biases)])
      table.attentionForward(
        x, columns: columns, rows: rows, prefix: prefix, isCausal: isCausal, queries: queries, keys: keys, values: values,
        headSize: headSize, scale: scale, biases: biases, scratch: scratch, into: y, stride: stride)
    }

    func attentionBackward(
      _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool,
      queries: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, biases: Span<Float>,
      scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
      addingTo dBiases: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(scratch), Extent(dX), Extent(dBiases)], read: [Extent(dY), Extent(x), Extent(biases)])
      table.attentionBackward(
        dY, stride: stride, x: x, columns: columns, rows: rows, prefix: prefix, isCausal: isCausal, queries: queries, keys: keys,
        values: values, headSize: headSize, scale: scale, biases: biases, scratch: scratch, addingTo: dX, addingTo: dBiases)
    }

    func crossAttentionForward(
      _ x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>, memoryColumns: Int,
      memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, scratch: consuming MutableSpan<Float>,
      into y: consuming MutableSpan<Float>, stride: Int
    ) {
      checkApart(written: [Extent(scratch), Extent(y)], read: [Extent(x), Extent(memory)])
      table.crossAttentionForward(
        x, columns: columns, rows: rows, queries: queries, memory: memory, memoryColumns: memoryColumns, memoryRows: memoryRows,
        keys: keys, values: values, headSize: headSize, scale: scale, scratch: scratch, into: y, stride: stride)
    }

    func crossAttentionBackward(
      _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>,
      memoryColumns: Int, memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float,
      scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
      addingTo dMemory: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(scratch), Extent(dX), Extent(dMemory)], read: [Extent(dY), Extent(x), Extent(memory)])
      table.crossAttentionBackward(
        dY, stride: stride, x: x, columns: columns, rows: rows, queries: queries, memory: memory, memoryColumns: memoryColumns,
        memoryRows: memoryRows, keys: keys, values: values, headSize: headSize, scale: scale, scratch: scratch, addingTo: dX,
        addingTo: dMemory)
    }

    func decodingAttention(
      _ x: Span<Float>, rows: Int, columns: Int, queries: Range<Int>, headSize: Int, scale: Float, biases: Span<Float>,
      promptCount: Int, promptKeys: Span<Float>, promptValues: Span<Float>, responses: Span<Int>, head: Int, heads: Int,
      count: Int, slots: Int, keys: Span<Float>, values: Span<Float>, scratch: consuming MutableSpan<Float>,
      into y: consuming MutableSpan<Float>, stride: Int
    ) {
      checkApart(
        written: [Extent(scratch), Extent(y)],
        read: [
          Extent(x), Extent(biases), Extent(promptKeys), Extent(promptValues), Extent(responses), Extent(keys), Extent(values),
        ])
      table.decodingAttention(
        x, rows: rows, columns: columns, queries: queries, headSize: headSize, scale: scale, biases: biases,
        promptCount: promptCount, promptKeys: promptKeys, promptValues: promptValues, responses: responses, head: head,
        heads: heads, count: count, slots: slots, keys: keys, values: values, scratch: scratch, into: y, stride: stride)
    }

    func appendToPanels(
      key: Span<Float>, value: Span<Float>, slot: Int, slots: Int, keys: consuming MutableSpan<Float>,
      values: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(keys), Extent(values)], read: [Extent(key), Extent(value)])
      table.appendToPanels(key: key, value: value, slot: slot, slots: slots, keys: keys, values: values)
    }

    // MARK: Products of few rows

    var productScratchElements: Int { table.productScratchElements }

    func matrixProduct(
      _ a: Span<Float>, aRow: Int, aColumn: Int, _ b: Span<Float>, bRow: Int, bColumn: Int, rows m: Int, inner k: Int,
      columns: Int, adding: Bool, scratch: consuming MutableSpan<Float>, into c: consuming MutableSpan<Float>, stride: Int
    ) {
      checkApart(written: [Extent(scratch), Extent(c)], read: [Extent(a), Extent(b)])
      table.matrixProduct(
        a, aRow: aRow, aColumn: aColumn, b, bRow: bRow, bColumn: bColumn, rows: m, inner: k, columns: columns, adding: adding,
        scratch: scratch, into: c, stride: stride)
    }

    var panelColumns: Int { table.panelColumns }
    func panelElements(rows k: Int, columns: Int) -> Int { table.panelElements(rows: k, columns: columns) }

    func packPanels(
      _ b: Span<Float>, rows k: Int, columns: Int, rowStride: Int, columnStride: Int, into panels: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(panels)], read: [Extent(b)])
      table.packPanels(b, rows: k, columns: columns, rowStride: rowStride, columnStride: columnStride, into: panels)
    }

    func multiplyPanels(
      _ a: Span<Float>, rows m: Int, rowStride: Int, columnStride: Int, panels: Span<Float>, inner k: Int, columns: Int,
      adding: Bool, stride: Int, into c: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(c)], read: [Extent(a), Extent(panels)])
      table.multiplyPanels(
        a, rows: m, rowStride: rowStride, columnStride: columnStride, panels: panels, inner: k, columns: columns, adding: adding,
        stride: stride, into: c)
    }

    // MARK: The vocabulary head

    func logSumExp(_ x: Span<Float>) -> Float { table.logSumExp(x) }

    func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(logPartitions)], read: [Extent(logits)])
      table.logPartitions(logits, columns: columns, into: logPartitions)
    }

    func logSoftmax(_ logits: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(logits)])
      table.logSoftmax(logits, columns: columns, into: y)
    }

    func logSoftmax(columns: Int, updating logits: consuming MutableSpan<Float>) {
      table.logSoftmax(columns: columns, updating: logits)
    }

    func targetLogProbabilities(
      _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, rows: Span<Int32>, targets: Span<Int32>,
      into logProbabilities: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(logProbabilities)], read: [Extent(logits), Extent(logPartitions), Extent(rows), Extent(targets)])
      table.targetLogProbabilities(
        logits, columns: columns, logPartitions: logPartitions, rows: rows, targets: targets, into: logProbabilities)
    }

    func logProbabilityBackward(
      coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>, columns: Int,
      updating logits: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(logits)], read: [Extent(coefficients), Extent(rows), Extent(targets), Extent(logPartitions)])
      table.logProbabilityBackward(
        coefficients: coefficients, rows: rows, targets: targets, logPartitions: logPartitions, columns: columns, updating: logits
      )
    }

    func logProbabilityBackward(
      _ logits: Span<Float>, coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>,
      columns: Int, into dLogits: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(dLogits)],
        read: [Extent(logits), Extent(coefficients), Extent(rows), Extent(targets), Extent(logPartitions)])
      table.logProbabilityBackward(
        logits, coefficients: coefficients, rows: rows, targets: targets, logPartitions: logPartitions, columns: columns,
        into: dLogits)
    }

    func targetScratchElements(columns: Int) -> Int { table.targetScratchElements(columns: columns) }

    func targetLogProbabilities(
      _ logits: Span<Float>, columns: Int, targets: Span<Int32>, coefficients: Span<Float>, scratch: consuming MutableSpan<Float>,
      into logProbabilities: consuming MutableSpan<Float>, gradients dLogits: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(scratch), Extent(logProbabilities), Extent(dLogits)],
        read: [Extent(logits), Extent(targets), Extent(coefficients)])
      table.targetLogProbabilities(
        logits, columns: columns, targets: targets, coefficients: coefficients, scratch: scratch, into: logProbabilities,
        gradients: dLogits)
    }

    func targetLogProbabilities(
      _ logits: Span<Float>, columns: Int, targets: Span<Int32>, into logProbabilities: consuming MutableSpan<Float>,
      gradients: consuming MutableSpan<Float>, sums: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(logProbabilities), Extent(gradients), Extent(sums)],
        read: [Extent(logits), Extent(targets)])
      table.targetLogProbabilities(
        logits, columns: columns, targets: targets, into: logProbabilities, gradients: gradients, sums: sums)
    }

    func logProbabilityBackward(
      coefficients: Span<Float>, sums: Span<Float>, columns: Int, updating gradients: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(gradients)], read: [Extent(coefficients), Extent(sums)])
      table.logProbabilityBackward(coefficients: coefficients, sums: sums, columns: columns, updating: gradients)
    }

    func entropies(_ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, into entropies: consuming MutableSpan<Float>)
    {
      checkApart(written: [Extent(entropies)], read: [Extent(logits), Extent(logPartitions)])
      table.entropies(logits, columns: columns, logPartitions: logPartitions, into: entropies)
    }

    func divergences(
      policy: Span<Float>, policyLogPartitions: Span<Float>, reference: Span<Float>, referenceLogPartitions: Span<Float>,
      columns: Int, into divergences: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(divergences)],
        read: [Extent(policy), Extent(policyLogPartitions), Extent(reference), Extent(referenceLogPartitions)])
      table.divergences(
        policy: policy, policyLogPartitions: policyLogPartitions, reference: reference,
        referenceLogPartitions: referenceLogPartitions, columns: columns, into: divergences)
    }

    func geometricMixture(
      policy: Span<Float>, policyLogPartition: Float, reference: Span<Float>, referenceLogPartition: Float, weight: Float,
      into mixture: consuming MutableSpan<Float>
    ) -> Float {
      checkApart(written: [Extent(mixture)], read: [Extent(policy), Extent(reference)])
      return table.geometricMixture(
        policy: policy, policyLogPartition: policyLogPartition, reference: reference,
        referenceLogPartition: referenceLogPartition, weight: weight, into: mixture)
    }

    func drawToken(_ logits: Span<Float>, logPartition: Float, uniform: Double) -> Int {
      table.drawToken(logits, logPartition: logPartition, uniform: uniform)
    }

    // MARK: Optimisers

    func adamW(
      gradients: Span<Float>, gradientScale: Float, rate: Float, weightDecay: Float, beta1: Float, beta2: Float, epsilon: Float,
      firstCorrection: Float, secondCorrection: Float, updating parameters: consuming MutableSpan<Float>,
      updating firstMoments: consuming MutableSpan<Float>, updating secondMoments: consuming MutableSpan<Float>
    ) {
      checkApart(
        written: [Extent(parameters), Extent(firstMoments), Extent(secondMoments)], read: [Extent(gradients)])
      table.adamW(
        gradients: gradients, gradientScale: gradientScale, rate: rate, weightDecay: weightDecay, beta1: beta1, beta2: beta2,
        epsilon: epsilon, firstCorrection: firstCorrection, secondCorrection: secondCorrection, updating: parameters,
        updating: firstMoments, updating: secondMoments)
    }

    func adafactorMoments(
      gradients: Span<Float>, gradientScale: Float, decay: Float, epsilon: Float,
      updating rowMoments: consuming MutableSpan<Float>, updating columnMoments: consuming MutableSpan<Float>
    ) {
      checkApart(written: [Extent(rowMoments), Extent(columnMoments)], read: [Extent(gradients)])
      table.adafactorMoments(
        gradients: gradients, gradientScale: gradientScale, decay: decay, epsilon: epsilon, updating: rowMoments,
        updating: columnMoments)
    }

    func adafactorDirection(
      rowMoments: Span<Float>, columnMoments: Span<Float>, gradientScale: Float, updating gradients: consuming MutableSpan<Float>
    ) -> Double {
      checkApart(written: [Extent(gradients)], read: [Extent(rowMoments), Extent(columnMoments)])
      return table.adafactorDirection(
        rowMoments: rowMoments, columnMoments: columnMoments, gradientScale: gradientScale, updating: gradients)
    }

    func adafactorDirection(
      gradientScale: Float, decay: Float, epsilon: Float, updating moments: consuming MutableSpan<Float>,
      updating gradients: consuming MutableSpan<Float>
    ) -> Double {
      checkApart(written: [Extent(moments), Extent(gradients)], read: [])
      return table.adafactorDirection(
        gradientScale: gradientScale, decay: decay, epsilon: epsilon, updating: moments, updating: gradients)
    }

    // MARK: Limits

    func sum(_ x: Span<Float>) -> Float { table.sum(x) }

    func copy(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
      checkApart(written: [Extent(y)], read: [Extent(x)])
      table.copy(x, into: y)
    }

    func multiplyAdd(_ x: Float, rounds: Int, updating accumulators: consuming MutableSpan<Float>) {
      table.multiplyAdd(x, rounds: rounds, updating: accumulators)
    }
  }

  /// Where a span lies.
  private struct Extent {
    private let addresses: Range<UInt>

    init(_ span: borrowing MutableSpan<Float>) { self.init(span.span) }

    init(_ span: Span<some BitwiseCopyable>) {
      addresses = span.withUnsafeBytes { bytes in
        let start = UInt(bitPattern: bytes.baseAddress)
        return start..<start + UInt(bytes.count)
      }
    }

    /// Nothing overlaps with what is empty.
    func overlaps(_ other: Extent) -> Bool { addresses.overlaps(other.addresses) }
  }

  /// - Parameter kernel: whose spans these are.
  private func checkApart(written: [Extent], read: [Extent], kernel: StaticString = #function) {
    for (index, span) in written.enumerated() {
      let others = written[(index + 1)...] + read
      precondition(!others.contains { span.overlaps($0) }, "\(kernel) writes what it was lent a second time")
    }
  }
#endif
