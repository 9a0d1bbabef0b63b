// The backward pass of attention. It computes scores again, a tile at a time, rather than keep them; what `Attention` says of errors and
// packing holds here.

extension Kernels {
  /// dX ← dX + gradients of queries, keys and values: those of a prefix collect what all its continuations send back. So do
  /// biases.
  public func attentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool,
    queries: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, biases: Span<Float>,
    scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    addingTo dBiases: consuming MutableSpan<Float>
  ) {
    precondition(isCausal || prefix.isEmpty)
    attendBackward(
      dY, stride, x, columns, rows, queries, x, columns, all: isCausal ? prefix : rows, own: isCausal ? rows : 0..<0, keys: keys,
      values: values, headSize: headSize, scale: scale, biases: biases, scratch: scratch, addingTo: dX, MutableSpan(), dBiases)
  }

  /// dX ← dX + gradients of queries; dMemory ← dMemory + gradients of keys and values.
  public func crossAttentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>,
    memoryColumns: Int, memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float,
    scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    addingTo dMemory: consuming MutableSpan<Float>
  ) {
    precondition(!memoryRows.isEmpty && !dMemory.isEmpty)
    attendBackward(
      dY, stride, x, columns, rows, queries, memory, memoryColumns, all: memoryRows, own: 0..<0, keys: keys, values: values,
      headSize: headSize, scale: scale, biases: Span(), scratch: scratch, addingTo: dX, dMemory, MutableSpan())
  }

  /// - Parameter dMemory: empty where keys and values lie in x, and their gradients in dX.
  private func attendBackward(
    _ dY: Span<Float>, _ stride: Int, _ x: Span<Float>, _ columns: Int, _ rows: Range<Int>, _ queries: Range<Int>,
    _ memory: Span<Float>, _ memoryColumns: Int, all: Range<Int>, own: Range<Int>, keys: Int, values: Int, headSize: Int,
    scale: Float, biases: Span<Float>, scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    _ dMemory: consuming MutableSpan<Float>, _ dBiases: consuming MutableSpan<Float>
  ) {
    requireRows(x.count, columns, rows, queries, headSize)
    requireMemory(memory.count, memoryColumns, all, own, keys, values, headSize)
    requireMemory(
      dMemory.isEmpty ? dX.count : dMemory.count, memoryColumns, all, own, keys, values, headSize)
    let visible = all.count + own.count
    precondition(scratch.count >= attentionScratchElements(rows: rows.count, visible: visible, headSize: headSize))
    precondition(queries.upperBound <= stride && dY.count >= rows.upperBound * stride && dX.count >= rows.upperBound * columns)
    precondition(dBiases.count == biases.count)
    unsafe withBases(x, memory, biases) { x, memory, biases in
      unsafe dY.withUnsafeBufferPointer { dY in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          unsafe dX.withUnsafeMutableBufferPointer { dX in
            unsafe dMemory.withUnsafeMutableBufferPointer { dMemory in
              unsafe dBiases.withUnsafeMutableBufferPointer { dBiases in
                let places = unsafe HeadPlaces(
                  x: x, stride: columns, rows: rows, memory: memory, memoryStride: memoryColumns, prefix: all, own: own,
                  headSize: headSize)
                let distances = BiasDistances(places, queries, count: biases.count)
                let pass = unsafe AttentionBackward(
                  places: places, keys: keys, values: values, scale: scale, dY: dY.baseAddress!, dYStride: stride,
                  dX: dX.baseAddress!, dMemory: dMemory.isEmpty ? dX.baseAddress! : dMemory.baseAddress!,
                  scratch: scratch.baseAddress!)
                for query in Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize) {
                  let headBiases = unsafe biases.isEmpty ? nil : biases.baseAddress! + distances.zero(query)
                  let dHeadBiases = unsafe dBiases.isEmpty ? nil : dBiases.baseAddress! + distances.zero(query)
                  for first in Swift.stride(from: 0, to: rows.count, by: tileRows) {
                    unsafe pass.run(ScoreTile(places, first: first), query: query, headBiases, dHeadBiases)
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

/// The backward pass of one head of keys and values.
private struct AttentionBackward {
  let places: HeadPlaces
  let keys: Int
  let values: Int
  let scale: Float
  let dY: UnsafePointer<Float>
  let dYStride: Int
  let dX: UnsafeMutablePointer<Float>
  let dMemory: UnsafeMutablePointer<Float>
  /// (D, visible)
  let transposedKeys: UnsafeMutablePointer<Float>
  let transposedValues: UnsafeMutablePointer<Float>
  /// (visible, D)
  let keyPanels: UnsafeMutablePointer<Float>
  /// A tile's queries and gradients of outputs, (rows, D).
  let queryPanels: UnsafeMutablePointer<Float>
  let dOutputPanels: UnsafeMutablePointer<Float>
  /// Tiles.
  let probabilities: UnsafeMutablePointer<Float>
  let dScores: UnsafeMutablePointer<Float>

  init(
    places: HeadPlaces, keys: Int, values: Int, scale: Float, dY: UnsafePointer<Float>, dYStride: Int,
    dX: UnsafeMutablePointer<Float>, dMemory: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    (self.places, self.keys, self.values, self.scale) = (places, keys, values, scale)
    unsafe (self.dY, self.dYStride, self.dX, self.dMemory) = (dY, dYStride, dX, dMemory)
    var room = unsafe Room(scratch)
    let visible = places.visible
    transposedKeys = unsafe room.take(wholePanels(visible) * places.headSize)
    transposedValues = unsafe room.take(wholePanels(visible) * places.headSize)
    keyPanels = unsafe room.take(visible * wholePanels(places.headSize))
    probabilities = unsafe room.take(tileRows * wholePanels(visible))
    dScores = unsafe room.take(tileRows * wholePanels(visible))
    queryPanels = unsafe room.take(tileRows * wholePanels(places.headSize))
    dOutputPanels = unsafe room.take(tileRows * wholePanels(places.headSize))
    unsafe places.packTransposed(column: keys, into: transposedKeys)
    unsafe places.packTransposed(column: values, into: transposedValues)
    unsafe places.pack(column: keys, into: keyPanels)
  }

  /// - Parameter biases, dBiases: the head's, from distance 0 on in both directions.
  func run(_ tile: ScoreTile, query: Int, _ biases: UnsafePointer<Float>?, _ dBiases: UnsafeMutablePointer<Float>?) {
    let firstRow = places.rows.lowerBound + tile.first
    let queries = unsafe places.x + firstRow * places.stride + query
    let dOutputs = unsafe dY + firstRow * dYStride + query
    for row in 0..<tile.rows {
      unsafe places.packRow(queries + row * places.stride, row, of: tile.rows, into: queryPanels)
      unsafe places.packRow(dOutputs + row * dYStride, row, of: tile.rows, into: dOutputPanels)
    }
    unsafe fillProbabilities(tile, places, query, transposedKeys, scale, biases, into: probabilities)
    // dP ← dO·Vᵀ, then dS in its place.
    unsafe multiply(
      LeftFactor(start: dOutputs, rowStride: dYStride, columnStride: 1), rows: tile.rows, panels: transposedValues,
      inner: places.headSize, columns: wholePanels(tile.columns), adding: false, into: dScores, stride: tile.stride)
    unsafe addTransposed(probabilities, tile, dOutputPanels, column: values)
    unsafe formSoftmaxGradient(
      ScoreRows(dScores, stride: tile.stride, rows: tile.rows, columns: tile.wholeColumns),
      probabilities: ScoreRows(probabilities, stride: tile.stride, rows: tile.rows, columns: tile.wholeColumns),
      scale: dBiases == nil ? scale : 1)
    if let dBiases {
      for row in 0..<tile.rows {
        var dRow = unsafe MutableSpan(_unsafeStart: dScores + row * tile.stride, count: tile.wholeColumns)
        var dSeen = unsafe MutableSpan(
          _unsafeStart: dBiases - (places.firstPosition + tile.first + row), count: tile.visible(row))
        addBiasGradients(dRow.span.extracting(first: tile.visible(row)), to: &dSeen)
        dRow.updateLanes(Multiple(factor: scale))
      }
    }
    // dQ ← dQ + dS·K; dK ← dK + dSᵀ·Q.
    unsafe multiply(
      LeftFactor(start: dScores, rowStride: tile.stride, columnStride: 1), rows: tile.rows, panels: keyPanels,
      inner: tile.columns, panelRows: places.visible, columns: places.headSize, adding: true,
      into: dX + firstRow * places.stride + query, stride: places.stride)
    unsafe addTransposed(dScores, tile, queryPanels, column: keys)
  }

  /// Rows of dMemory that the tile sees, in the given columns, += tileᵀ·(what its rows hold).
  private func addTransposed(
    _ scores: UnsafePointer<Float>, _ tile: ScoreTile, _ panels: UnsafePointer<Float>, column: Int
  ) {
    unsafe addTransposed(scores, tile, panels, column, keys: 0, in: places.prefix)
    unsafe addTransposed(scores, tile, panels, column, keys: places.prefix.count, in: places.own)
  }

  /// The part of it whose keys, from number `first` on, stand in the given rows.
  private func addTransposed(
    _ scores: UnsafePointer<Float>, _ tile: ScoreTile, _ panels: UnsafePointer<Float>, _ column: Int, keys first: Int,
    in rows: Range<Int>
  ) {
    let count = min(rows.count, tile.columns - first)
    guard count > 0 else { return }
    unsafe multiply(
      LeftFactor(start: scores + first, rowStride: 1, columnStride: tile.stride), rows: count, panels: panels,
      inner: tile.rows, columns: places.headSize, adding: true, into: dMemory + rows.lowerBound * places.memoryStride + column,
      stride: places.memoryStride)
  }
}
