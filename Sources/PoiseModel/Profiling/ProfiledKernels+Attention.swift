import PoiseKernels

/// Attention, and products of rows with panels.
extension ProfiledKernels {
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
}
