// Attention (Vaswani et al. 2017; queries that share keys and values, Ainslie et al. 2023): causal, of a run of rows to itself
// after all of a prefix; of a run of rows to all of itself; of a run of rows to those of another matrix. Scores may have biases
// by the distance of key and query (Raffel et al. 2020). Goals, in order: what is not visible has probability 0 and no influence;
// no matrix of all scores, a tile of sixteen rows lives in cache and dies there; products at the speed of fused multiply-adds.
//
// Errors, with terms of the size of 1 and up to 64 columns a head: 10 ulp forward, 11 ulp of 2 backward, most of it the rounding of
// scores.
//
// Keys and values are packed once for all the queries that read them, in both orientations where the backward pass wants both.
// A tile's products stop at the last column that its rows see.

extension Kernels {
  /// Floats of scratch that attention of `rows` rows to `visible` keys takes.
  public func attentionScratchElements(rows: Int, visible: Int, headSize: Int) -> Int {
    let packed = wholePanels(visible) * headSize + visible * wholePanels(headSize)
    return 2 * packed + 2 * tileRows * wholePanels(visible) + 2 * tileRows * wholePanels(headSize)
  }

  /// Rows of y ← Σ_j softmax_j(scale·q·k_j + bias)·v_j for each head of `queries`.
  public func attentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool, queries: Range<Int>, keys: Int,
    values: Int, headSize: Int, scale: Float, biases: Span<Float>, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int
  ) {
    precondition(isCausal || prefix.isEmpty)
    attend(
      x, columns, rows, queries, x, columns, all: isCausal ? prefix : rows, own: isCausal ? rows : 0..<0, keys: keys,
      values: values, headSize: headSize, scale: scale, biases: biases, scratch: scratch, into: y, stride: stride)
  }

  /// Rows of y ← Σ_j softmax_j(scale·q·k_j)·v_j over all rows of a memory, for each head of `queries`.
  public func crossAttentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>, memoryColumns: Int,
    memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int
  ) {
    precondition(!memoryRows.isEmpty)
    attend(
      x, columns, rows, queries, memory, memoryColumns, all: memoryRows, own: 0..<0, keys: keys, values: values,
      headSize: headSize, scale: scale, biases: Span(), scratch: scratch, into: y, stride: stride)
  }

  /// - Parameters:
  ///   - all: rows of the memory that every query sees.
  ///   - own: rows of the memory of which query i sees the first i + 1.
  private func attend(
    _ x: Span<Float>, _ columns: Int, _ rows: Range<Int>, _ queries: Range<Int>, _ memory: Span<Float>, _ memoryColumns: Int,
    all: Range<Int>, own: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, biases: Span<Float>,
    scratch: consuming MutableSpan<Float>, into y: consuming MutableSpan<Float>, stride: Int
  ) {
    requireRows(x.count, columns, rows, queries, headSize)
    requireMemory(memory.count, memoryColumns, all, own, keys, values, headSize)
    let visible = all.count + own.count
    precondition(scratch.count >= attentionScratchElements(rows: rows.count, visible: visible, headSize: headSize))
    precondition(queries.upperBound <= stride && y.count >= rows.upperBound * stride)
    unsafe withBases(x, memory, biases) { x, memory, biases in
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        unsafe y.withUnsafeMutableBufferPointer { y in
          let places = unsafe HeadPlaces(
            x: x, stride: columns, rows: rows, memory: memory, memoryStride: memoryColumns, prefix: all, own: own,
            headSize: headSize)
          let distances = BiasDistances(places, queries, count: biases.count)
          var room = unsafe Room(scratch.baseAddress!)
          let keyPanels = unsafe room.take(wholePanels(visible) * headSize)
          let valuePanels = unsafe room.take(visible * wholePanels(headSize))
          let scores = unsafe room.take(tileRows * wholePanels(visible))
          unsafe places.packTransposed(column: keys, into: keyPanels)
          unsafe places.pack(column: values, into: valuePanels)
          for query in Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize) {
            let headBiases = unsafe biases.isEmpty ? nil : biases.baseAddress! + distances.zero(query)
            for first in Swift.stride(from: 0, to: rows.count, by: tileRows) {
              let tile = ScoreTile(places, first: first)
              unsafe fillProbabilities(tile, places, query, keyPanels, scale, headBiases, into: scores)
              let left = unsafe LeftFactor(start: scores, rowStride: tile.stride, columnStride: 1)
              unsafe multiply(
                left, rows: tile.rows, panels: valuePanels, inner: tile.columns, panelRows: visible, columns: headSize,
                adding: false,
                into: y.baseAddress! + (rows.lowerBound + first) * stride + query, stride: stride)
            }
          }
        }
      }
    }
  }

  /// Where two matrices begin, and the biases.
  func withBases(
    _ x: Span<Float>, _ memory: Span<Float>, _ biases: Span<Float>,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeBufferPointer<Float>) -> Void
  ) {
    unsafe x.withUnsafeBufferPointer { x in
      unsafe memory.withUnsafeBufferPointer { memory in
        unsafe biases.withUnsafeBufferPointer { biases in unsafe body(x.baseAddress!, memory.baseAddress!, biases) }
      }
    }
  }

  func requireRows(_ count: Int, _ columns: Int, _ rows: Range<Int>, _ queries: Range<Int>, _ headSize: Int) {
    precondition(headSize > 0 && rows.lowerBound >= 0 && rows.upperBound * columns <= count)
    precondition(queries.lowerBound >= 0 && queries.upperBound <= columns)
  }

  func requireMemory(
    _ count: Int, _ columns: Int, _ all: Range<Int>, _ own: Range<Int>, _ keys: Int, _ values: Int, _ headSize: Int
  ) {
    precondition(min(all.lowerBound, own.lowerBound) >= 0 && max(all.upperBound, own.upperBound) * columns <= count)
    precondition(min(keys, values) >= 0 && max(keys, values) + headSize <= columns)
  }
}
