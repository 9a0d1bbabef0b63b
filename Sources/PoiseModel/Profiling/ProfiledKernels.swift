import PoiseKernels

/// The kernels of another table, each call timed and counted. A function more in the table is one method more here: its name,
/// floats read and written, and operations and exponentials, of which small factors are estimates.
package struct ProfiledKernels: KernelTable {
  private let table: any KernelTable

  init(_ table: any KernelTable) { self.table = table }

  /// Puts itself in front of the process's ``kernels``, for good. Before they are first used.
  package static func install() {
    kernelDecoration = { ProfiledKernels($0) }
    precondition(kernels is ProfiledKernels, "the kernels have been used before")
  }

  // MARK: Elementwise

  package func exponential(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let call = mark(.exponential, floats: 2 * x.count, exponentials: x.count)
    defer { call.end() }
    table.exponential(x, into: y)
  }

  package func add(_ x: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
    let call = mark(.add, floats: 3 * x.count, operations: x.count)
    defer { call.end() }
    table.add(x, addingTo: y)
  }

  package func addScaled(_ x: Span<Float>, by scale: Float, addingTo y: consuming MutableSpan<Float>) {
    let call = mark(.addScaled, floats: 3 * x.count, operations: 2 * x.count)
    defer { call.end() }
    table.addScaled(x, by: scale, addingTo: y)
  }

  package func scale(by scale: Float, updating y: consuming MutableSpan<Float>) {
    let call = mark(.scale, floats: 2 * y.count, operations: y.count)
    defer { call.end() }
    table.scale(by: scale, updating: y)
  }

  package func addBias(_ bias: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
    let call = mark(.addBias, floats: 2 * y.count + bias.count, operations: y.count)
    defer { call.end() }
    table.addBias(bias, addingTo: y)
  }

  package func biasBackward(_ dY: Span<Float>, addingTo dBias: consuming MutableSpan<Float>) {
    let call = mark(.biasBackward, floats: dY.count + 2 * dBias.count, operations: dY.count)
    defer { call.end() }
    table.biasBackward(dY, addingTo: dBias)
  }

  // MARK: Norms

  package func sumOfSquares(_ x: Span<Float>) -> Double {
    let call = mark(.sumOfSquares, floats: x.count, operations: 2 * x.count)
    defer { call.end() }
    return table.sumOfSquares(x)
  }

  package func rmsNormForward(
    _ x: Span<Float>, gain: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    inverseDeviations: consuming MutableSpan<Float>
  ) {
    let call = mark(.rmsNormForward, floats: 2 * x.count + gain.count, operations: 4 * x.count)
    defer { call.end() }
    table.rmsNormForward(x, gain: gain, epsilon: epsilon, into: y, inverseDeviations: inverseDeviations)
  }

  package func rmsNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>
  ) {
    let call = mark(.rmsNormBackward, floats: (adding ? 4 : 3) * x.count + 3 * gain.count, operations: 9 * x.count)
    defer { call.end() }
    table.rmsNormBackward(dY, x: x, gain: gain, inverseDeviations: inverseDeviations, adding: adding, to: dX, addingTo: dGain)
  }

  package func layerNormForward(
    _ x: Span<Float>, gain: Span<Float>, bias: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    means: consuming MutableSpan<Float>, inverseDeviations: consuming MutableSpan<Float>
  ) {
    let call = mark(.layerNormForward, floats: 2 * x.count + 2 * gain.count, operations: 7 * x.count)
    defer { call.end() }
    table.layerNormForward(
      x, gain: gain, bias: bias, epsilon: epsilon, into: y, means: means, inverseDeviations: inverseDeviations)
  }

  package func layerNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, means: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>,
    addingTo dBias: consuming MutableSpan<Float>
  ) {
    let call = mark(.layerNormBackward, floats: (adding ? 4 : 3) * x.count + 5 * gain.count, operations: 12 * x.count)
    defer { call.end() }
    table.layerNormBackward(
      dY, x: x, gain: gain, means: means, inverseDeviations: inverseDeviations, adding: adding, to: dX, addingTo: dGain,
      addingTo: dBias)
  }

  // MARK: Activations

  package func geluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let call = mark(.geluForward, floats: 2 * x.count, operations: 8 * x.count, exponentials: x.count)
    defer { call.end() }
    table.geluForward(x, into: y)
  }

  package func geluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
    let call = mark(.geluBackward, floats: 3 * x.count, operations: 15 * x.count, exponentials: x.count)
    defer { call.end() }
    table.geluBackward(dY, x: x, into: dX)
  }

  package func siluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    let call = mark(.siluGateForward, floats: 3 * y.count, operations: 4 * y.count, exponentials: y.count)
    defer { call.end() }
    table.siluGateForward(gateUp, columns: columns, into: y)
  }

  package func siluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    let call = mark(.siluGateBackward, floats: 5 * dY.count, operations: 9 * dY.count, exponentials: dY.count)
    defer { call.end() }
    table.siluGateBackward(dY, gateUp: gateUp, columns: columns, into: dGateUp)
  }

  package func geluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    let call = mark(.geluGateForward, floats: 3 * y.count, operations: 9 * y.count, exponentials: y.count)
    defer { call.end() }
    table.geluGateForward(gateUp, columns: columns, into: y)
  }

  package func geluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    let call = mark(.geluGateBackward, floats: 5 * dY.count, operations: 18 * dY.count, exponentials: dY.count)
    defer { call.end() }
    table.geluGateBackward(dY, gateUp: gateUp, columns: columns, into: dGateUp)
  }

  package func reluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let call = mark(.reluForward, floats: 2 * x.count)
    defer { call.end() }
    table.reluForward(x, into: y)
  }

  package func reluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
    let call = mark(.reluBackward, floats: 3 * x.count)
    defer { call.end() }
    table.reluBackward(dY, x: x, into: dX)
  }

  // MARK: Positions

  package func rotaryForward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating x: consuming MutableSpan<Float>
  ) {
    let rotated = positions.count * heads * headSize
    let call = mark(.rotaryForward, floats: 2 * rotated + positions.count * (1 + headSize), operations: 3 * rotated)
    defer { call.end() }
    table.rotaryForward(
      positions: positions, cosines: cosines, sines: sines, heads: heads, headSize: headSize, columns: columns, updating: x)
  }

  package func rotaryBackward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating dX: consuming MutableSpan<Float>
  ) {
    let rotated = positions.count * heads * headSize
    let call = mark(.rotaryBackward, floats: 2 * rotated + positions.count * (1 + headSize), operations: 3 * rotated)
    defer { call.end() }
    table.rotaryBackward(
      positions: positions, cosines: cosines, sines: sines, heads: heads, headSize: headSize, columns: columns, updating: dX)
  }

  // MARK: Embedding

  package func embeddingForward(
    _ embedding: Span<Float>, tokens: Span<Int32>, columns: Int, into x: consuming MutableSpan<Float>
  ) {
    let call = mark(.embeddingForward, floats: tokens.count * (1 + 2 * columns))
    defer { call.end() }
    table.embeddingForward(embedding, tokens: tokens, columns: columns, into: x)
  }

  package func embeddingForward(
    _ embedding: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo x: consuming MutableSpan<Float>
  ) {
    let call = mark(.embeddingForward, floats: tokens.count * (1 + 3 * columns), operations: tokens.count * columns)
    defer { call.end() }
    table.embeddingForward(embedding, tokens: tokens, columns: columns, addingTo: x)
  }

  package func embeddingBackward(
    _ dX: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo dEmbedding: consuming MutableSpan<Float>
  ) {
    let call = mark(.embeddingBackward, floats: tokens.count * (1 + 3 * columns), operations: tokens.count * columns)
    defer { call.end() }
    table.embeddingBackward(dX, tokens: tokens, columns: columns, addingTo: dEmbedding)
  }

  // MARK: Attention

  package func attentionScratchElements(rows: Int, visible: Int, headSize: Int) -> Int {
    table.attentionScratchElements(rows: rows, visible: visible, headSize: headSize)
  }

  package func attentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool, queries: Range<Int>, keys: Int,
    values: Int, headSize: Int, scale: Float, biases: Span<Float>, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int
  ) {
    let visible = visibleCount(rows, prefix, isCausal, queries.count / headSize)
    let floats = 2 * rows.count * queries.count + 2 * (prefix.count + rows.count) * headSize
    let operations = (4 * headSize + (biases.isEmpty ? 5 : 7)) * visible
    let call = mark(.attentionForward, floats: floats, operations: operations, exponentials: visible)
    defer { call.end() }
    table.attentionForward(
      x, columns: columns, rows: rows, prefix: prefix, isCausal: isCausal, queries: queries, keys: keys, values: values,
      headSize: headSize, scale: scale, biases: biases, scratch: scratch, into: y, stride: stride)
  }

  package func attentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool,
    queries: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, biases: Span<Float>,
    scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    addingTo dBiases: consuming MutableSpan<Float>
  ) {
    let visible = visibleCount(rows, prefix, isCausal, queries.count / headSize)
    let floats = 4 * rows.count * queries.count + 6 * (prefix.count + rows.count) * headSize
    let operations = (10 * headSize + (biases.isEmpty ? 10 : 13)) * visible
    let call = mark(.attentionBackward, floats: floats, operations: operations, exponentials: visible)
    defer { call.end() }
    table.attentionBackward(
      dY, stride: stride, x: x, columns: columns, rows: rows, prefix: prefix, isCausal: isCausal, queries: queries, keys: keys,
      values: values, headSize: headSize, scale: scale, biases: biases, scratch: scratch, addingTo: dX, addingTo: dBiases)
  }

  /// Scores of all heads that are not masked.
  private func visibleCount(_ rows: Range<Int>, _ prefix: Range<Int>, _ isCausal: Bool, _ heads: Int) -> Int {
    heads * rows.count * (isCausal ? 2 * prefix.count + rows.count + 1 : 2 * rows.count) / 2
  }

  package func crossAttentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>, memoryColumns: Int,
    memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int
  ) {
    let visible = rows.count * memoryRows.count * queries.count / headSize
    let floats = 2 * rows.count * queries.count + 2 * memoryRows.count * headSize
    let call = mark(.crossAttentionForward, floats: floats, operations: (4 * headSize + 5) * visible, exponentials: visible)
    defer { call.end() }
    table.crossAttentionForward(
      x, columns: columns, rows: rows, queries: queries, memory: memory, memoryColumns: memoryColumns, memoryRows: memoryRows,
      keys: keys, values: values, headSize: headSize, scale: scale, scratch: scratch, into: y, stride: stride)
  }

  package func crossAttentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>,
    memoryColumns: Int, memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float,
    scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    addingTo dMemory: consuming MutableSpan<Float>
  ) {
    let visible = rows.count * memoryRows.count * queries.count / headSize
    let floats = 4 * rows.count * queries.count + 6 * memoryRows.count * headSize
    let call = mark(.crossAttentionBackward, floats: floats, operations: (10 * headSize + 10) * visible, exponentials: visible)
    defer { call.end() }
    table.crossAttentionBackward(
      dY, stride: stride, x: x, columns: columns, rows: rows, queries: queries, memory: memory, memoryColumns: memoryColumns,
      memoryRows: memoryRows, keys: keys, values: values, headSize: headSize, scale: scale, scratch: scratch, addingTo: dX,
      addingTo: dMemory)
  }

  package func decodingAttention(
    _ x: Span<Float>, rows: Int, columns: Int, queries: Range<Int>, headSize: Int, scale: Float, biases: Span<Float>,
    promptCount: Int, promptKeys: Span<Float>, promptValues: Span<Float>, responses: Span<Int>, head: Int, heads: Int,
    count: Int, slots: Int, keys: Span<Float>, values: Span<Float>, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int
  ) {
    let visible = rows * (queries.count / headSize) * (promptCount + count)
    let floats = 2 * rows * queries.count + 2 * (promptCount + rows * count) * headSize
    let call = mark(.decodingAttention, floats: floats, operations: (4 * headSize + 5) * visible, exponentials: visible)
    defer { call.end() }
    table.decodingAttention(
      x, rows: rows, columns: columns, queries: queries, headSize: headSize, scale: scale, biases: biases,
      promptCount: promptCount,
      promptKeys: promptKeys, promptValues: promptValues, responses: responses, head: head, heads: heads, count: count,
      slots: slots, keys: keys, values: values, scratch: scratch, into: y, stride: stride)
  }

  package func appendToPanels(
    key: Span<Float>, value: Span<Float>, slot: Int, slots: Int, keys: consuming MutableSpan<Float>,
    values: consuming MutableSpan<Float>
  ) {
    let call = mark(.appendToPanels, floats: 4 * key.count)
    defer { call.end() }
    table.appendToPanels(key: key, value: value, slot: slot, slots: slots, keys: keys, values: values)
  }

  // MARK: Products of few rows

  package var panelColumns: Int { table.panelColumns }
  package func panelElements(rows k: Int, columns: Int) -> Int { table.panelElements(rows: k, columns: columns) }

  package func packPanels(
    _ b: Span<Float>, rows k: Int, columns: Int, rowStride: Int, columnStride: Int, into panels: consuming MutableSpan<Float>
  ) {
    let call = mark(.packPanels, floats: k * columns + table.panelElements(rows: k, columns: columns))
    defer { call.end() }
    table.packPanels(b, rows: k, columns: columns, rowStride: rowStride, columnStride: columnStride, into: panels)
  }

  package func multiplyPanels(
    _ a: Span<Float>, rows m: Int, rowStride: Int, columnStride: Int, panels: Span<Float>, inner k: Int, columns: Int,
    adding: Bool, stride: Int, into c: consuming MutableSpan<Float>
  ) {
    let floats = m * k + k * columns + (adding ? 2 : 1) * m * columns
    let call = mark(.multiplyPanels, floats: floats, operations: 2 * m * k * columns)
    defer { call.end() }
    table.multiplyPanels(
      a, rows: m, rowStride: rowStride, columnStride: columnStride, panels: panels, inner: k, columns: columns, adding: adding,
      stride: stride, into: c)
  }

  package var productScratchElements: Int { table.productScratchElements }

  /// Counted by shape where matrices are multiplied.
  package func matrixProduct(
    _ a: Span<Float>, aRow: Int, aColumn: Int, _ b: Span<Float>, bRow: Int, bColumn: Int, rows m: Int, inner k: Int,
    columns: Int, adding: Bool, scratch: consuming MutableSpan<Float>, into c: consuming MutableSpan<Float>, stride: Int
  ) {
    table.matrixProduct(
      a, aRow: aRow, aColumn: aColumn, b, bRow: bRow, bColumn: bColumn, rows: m, inner: k, columns: columns, adding: adding,
      scratch: scratch, into: c, stride: stride)
  }

  // MARK: The vocabulary head

  package func logSumExp(_ x: Span<Float>) -> Float {
    let call = mark(.logSumExp, floats: x.count, operations: 3 * x.count, exponentials: x.count)
    defer { call.end() }
    return table.logSumExp(x)
  }

  package func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>) {
    let call = mark(.logPartitions, floats: logits.count, operations: 3 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.logPartitions(logits, columns: columns, into: logPartitions)
  }

  package func logSoftmax(_ logits: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    let call = mark(.logSoftmax, floats: 2 * logits.count, operations: 4 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.logSoftmax(logits, columns: columns, into: y)
  }

  package func logSoftmax(columns: Int, updating logits: consuming MutableSpan<Float>) {
    let call = mark(.logSoftmax, floats: 2 * logits.count, operations: 4 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.logSoftmax(columns: columns, updating: logits)
  }

  package func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, rows: Span<Int32>, targets: Span<Int32>,
    into logProbabilities: consuming MutableSpan<Float>
  ) {
    let call = mark(.targetLogProbabilities, floats: 5 * targets.count, operations: targets.count)
    defer { call.end() }
    table.targetLogProbabilities(
      logits, columns: columns, logPartitions: logPartitions, rows: rows, targets: targets, into: logProbabilities)
  }

  package func logProbabilityBackward(
    coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>, columns: Int,
    updating logits: consuming MutableSpan<Float>
  ) {
    let count = logits.count
    let call = mark(.logProbabilityBackward, floats: 2 * count, operations: 2 * count, exponentials: count)
    defer { call.end() }
    table.logProbabilityBackward(
      coefficients: coefficients, rows: rows, targets: targets, logPartitions: logPartitions, columns: columns,
      updating: logits)
  }

  package func logProbabilityBackward(
    _ logits: Span<Float>, coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>,
    columns: Int, into dLogits: consuming MutableSpan<Float>
  ) {
    let count = logits.count
    let call = mark(.logProbabilityBackward, floats: 2 * count, operations: 2 * count, exponentials: count)
    defer { call.end() }
    table.logProbabilityBackward(
      logits, coefficients: coefficients, rows: rows, targets: targets, logPartitions: logPartitions, columns: columns,
      into: dLogits)
  }

  package func targetScratchElements(columns: Int) -> Int { table.targetScratchElements(columns: columns) }

  package func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, coefficients: Span<Float>, scratch: consuming MutableSpan<Float>,
    into logProbabilities: consuming MutableSpan<Float>, gradients dLogits: consuming MutableSpan<Float>
  ) {
    var rows = 0
    for n in coefficients.indices where coefficients[n] != 0 { rows += 1 }
    let read = rows * columns
    let call = mark(.targetLogProbabilities, floats: read + logits.count, operations: 4 * read, exponentials: read)
    defer { call.end() }
    table.targetLogProbabilities(
      logits, columns: columns, targets: targets, coefficients: coefficients, scratch: scratch, into: logProbabilities,
      gradients: dLogits)
  }

  package func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, into logProbabilities: consuming MutableSpan<Float>,
    gradients: consuming MutableSpan<Float>, sums: consuming MutableSpan<Float>
  ) {
    let count = logits.count
    let call = mark(.targetLogProbabilities, floats: 2 * count, operations: 3 * count, exponentials: count)
    defer { call.end() }
    table.targetLogProbabilities(
      logits, columns: columns, targets: targets, into: logProbabilities, gradients: gradients, sums: sums)
  }

  package func logProbabilityBackward(
    coefficients: Span<Float>, sums: Span<Float>, columns: Int, updating gradients: consuming MutableSpan<Float>
  ) {
    let count = gradients.count
    let call = mark(.logProbabilityBackward, floats: 2 * count, operations: count)
    defer { call.end() }
    table.logProbabilityBackward(coefficients: coefficients, sums: sums, columns: columns, updating: gradients)
  }

  package func entropies(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, into entropies: consuming MutableSpan<Float>
  ) {
    let call = mark(.entropies, floats: logits.count, operations: 3 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.entropies(logits, columns: columns, logPartitions: logPartitions, into: entropies)
  }

  package func divergences(
    policy: Span<Float>, policyLogPartitions: Span<Float>, reference: Span<Float>, referenceLogPartitions: Span<Float>,
    columns: Int, into divergences: consuming MutableSpan<Float>
  ) {
    let count = policy.count
    let call = mark(.divergences, floats: 2 * count, operations: 8 * count, exponentials: 2 * count)
    defer { call.end() }
    table.divergences(
      policy: policy, policyLogPartitions: policyLogPartitions, reference: reference,
      referenceLogPartitions: referenceLogPartitions, columns: columns, into: divergences)
  }

  package func geometricMixture(
    policy: Span<Float>, policyLogPartition: Float, reference: Span<Float>, referenceLogPartition: Float, weight: Float,
    into mixture: consuming MutableSpan<Float>
  ) -> Float {
    let count = policy.count
    let call = mark(.geometricMixture, floats: 3 * count, operations: 7 * count, exponentials: count)
    defer { call.end() }
    return table.geometricMixture(
      policy: policy, policyLogPartition: policyLogPartition, reference: reference, referenceLogPartition: referenceLogPartition,
      weight: weight, into: mixture)
  }

  /// Half of the vocabulary, on average.
  package func drawToken(_ logits: Span<Float>, logPartition: Float, uniform: Double) -> Int {
    let call = mark(.drawToken, floats: logits.count / 2, operations: logits.count, exponentials: logits.count / 2)
    defer { call.end() }
    return table.drawToken(logits, logPartition: logPartition, uniform: uniform)
  }

  // MARK: Optimisers

  package func adamW(
    gradients: Span<Float>, gradientScale: Float, rate: Float, weightDecay: Float, beta1: Float, beta2: Float,
    epsilon: Float, firstCorrection: Float, secondCorrection: Float, updating parameters: consuming MutableSpan<Float>,
    updating firstMoments: consuming MutableSpan<Float>, updating secondMoments: consuming MutableSpan<Float>
  ) {
    let call = mark(.adamW, floats: 7 * gradients.count, operations: 16 * gradients.count)
    defer { call.end() }
    table.adamW(
      gradients: gradients, gradientScale: gradientScale, rate: rate, weightDecay: weightDecay, beta1: beta1, beta2: beta2,
      epsilon: epsilon, firstCorrection: firstCorrection, secondCorrection: secondCorrection, updating: parameters,
      updating: firstMoments, updating: secondMoments)
  }

  package func adafactorMoments(
    gradients: Span<Float>, gradientScale: Float, decay: Float, epsilon: Float,
    updating rowMoments: consuming MutableSpan<Float>, updating columnMoments: consuming MutableSpan<Float>
  ) {
    let call = mark(.adafactorMoments, floats: gradients.count, operations: 5 * gradients.count)
    defer { call.end() }
    table.adafactorMoments(
      gradients: gradients, gradientScale: gradientScale, decay: decay, epsilon: epsilon, updating: rowMoments,
      updating: columnMoments)
  }

  package func adafactorDirection(
    rowMoments: Span<Float>, columnMoments: Span<Float>, gradientScale: Float, updating gradients: consuming MutableSpan<Float>
  ) -> Double {
    let call = mark(.adafactorDirection, floats: 2 * gradients.count, operations: 6 * gradients.count)
    defer { call.end() }
    return table.adafactorDirection(
      rowMoments: rowMoments, columnMoments: columnMoments, gradientScale: gradientScale, updating: gradients)
  }

  package func adafactorDirection(
    gradientScale: Float, decay: Float, epsilon: Float, updating moments: consuming MutableSpan<Float>,
    updating gradients: consuming MutableSpan<Float>
  ) -> Double {
    let call = mark(.adafactorDirection, floats: 4 * gradients.count, operations: 10 * gradients.count)
    defer { call.end() }
    return table.adafactorDirection(
      gradientScale: gradientScale, decay: decay, epsilon: epsilon, updating: moments, updating: gradients)
  }

  // MARK: Limits

  // Nothing but measurements calls these: they are not counted.

  package func sum(_ x: Span<Float>) -> Float { table.sum(x) }
  package func copy(_ x: Span<Float>, into y: consuming MutableSpan<Float>) { table.copy(x, into: y) }
  package func multiplyAdd(_ x: Float, rounds: Int, updating accumulators: consuming MutableSpan<Float>) {
    table.multiplyAdd(x, rounds: rounds, updating: accumulators)
  }

  private func mark(_ kernel: KernelName, floats: Int, operations: Int = 0, exponentials: Int = 0) -> ActivityMark {
    ActivityMark(Activity(kernel), CountedWork(floats: floats, operations: operations, exponentials: exponentials))
  }
}
