// Causal attention of a run of rows to itself, after all of a prefix (Vaswani et al. 2017; queries that share keys and values,
// Ainslie et al. 2023). Goals, in order: what is not visible has probability 0 and no influence; no matrix of all scores, a
// tile of sixteen rows lives in cache and dies there; products at the speed of fused multiply-adds.
//
// Errors, with terms of the size of 1 and up to 64 columns a head: 10 ulp forward, 11 ulp of 2 backward, most of it the rounding of
// scores.
//
// Keys and values are packed once for all the queries that read them, in both orientations where the backward pass wants both.
// A tile's products stop at the last column that its rows see.

/// Rows of a tile of scores: two of the product's tiles.
private let tileRows = 16

/// Where one head of keys and values with its queries stands in rows of queries | keys | values.
private struct HeadPlaces {
  let x: UnsafePointer<Float>
  /// Floats from one row to the next.
  let stride: Int
  let rows: Range<Int>
  let prefix: Range<Int>
  let headSize: Int

  /// Keys that the last row sees.
  var visible: Int { prefix.count + rows.count }

  /// Row of the matrix in which key `index` stands: the prefix first.
  func row(ofKey index: Int) -> Int { index < prefix.count ? prefix.lowerBound + index : rows.lowerBound + index - prefix.count }

  /// Panels of the columns' transpose, (D, visible): scores are rows times these.
  func packTransposed(column: Int, into panels: UnsafeMutablePointer<Float>) {
    for first in Swift.stride(from: 0, to: visible, by: panelWidth) {
      let target = unsafe panels + first * headSize
      let width = min(panelWidth, visible - first)
      let inPrefix = max(0, min(width, prefix.count - first))
      if inPrefix == 0 || inPrefix == width {
        unsafe transposePanel(x + row(ofKey: first) * stride + column, headSize, width, 1, stride, into: target)
        continue
      }
      // Keys of one panel stand in two runs of rows.
      unsafe transpose(column, from: prefix.lowerBound + first, keys: 0..<inPrefix, into: target)
      unsafe transpose(column, from: rows.lowerBound + first - prefix.count, keys: inPrefix..<width, into: target)
      for d in 0..<headSize { for key in width..<panelWidth { unsafe target[d * panelWidth + key] = 0 } }
    }
  }

  /// Reads down the columns, so that what is written is written in order.
  private func transpose(
    _ column: Int, from firstRow: Int, keys: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    guard !keys.isEmpty else { return }
    let source = unsafe x + firstRow * stride + column
    for d in 0..<headSize {
      for key in keys { unsafe target[d &* panelWidth &+ key] = source[key &* stride &+ d] }
    }
  }

  /// Panels of the columns as they are, (visible, D).
  func pack(column: Int, into panels: UnsafeMutablePointer<Float>) {
    for key in 0..<visible { unsafe packRow(x + row(ofKey: key) * stride + column, key, of: visible, into: panels) }
  }

  /// One row of panels (count, D).
  func packRow(_ source: UnsafePointer<Float>, _ index: Int, of count: Int, into panels: UnsafeMutablePointer<Float>) {
    for first in Swift.stride(from: 0, to: headSize, by: panelWidth) {
      let target = unsafe panels + first * count + index * panelWidth
      let width = min(panelWidth, headSize - first)
      guard width < panelWidth else {
        unsafe store(load(source + first), target)
        unsafe store(load(source + first + Lanes.scalarCount), target + Lanes.scalarCount)
        continue
      }
      for d in 0..<width { unsafe target[d] = source[first + d] }
      for d in width..<panelWidth { unsafe target[d] = 0 }
    }
  }
}

/// Sixteen rows of queries with what they see.
private struct ScoreTile {
  /// Among the segment's rows.
  let first: Int
  let rows: Int
  /// Keys that its first row sees, and columns that are computed: those of its last row.
  let firstVisible: Int
  let columns: Int
  let stride: Int

  init(_ places: HeadPlaces, first: Int) {
    self.first = first
    rows = min(tileRows, places.rows.count - first)
    firstVisible = places.prefix.count + first + 1
    columns = places.prefix.count + first + rows
    stride = wholePanels(places.visible)
  }

  func visible(_ row: Int) -> Int { firstVisible + row }

  var wholeColumns: Int { wholeLanes(columns) }
}

extension Kernels {
  /// Floats of scratch that attention of `rows` rows to `visible` keys takes.
  public func attentionScratchElements(rows: Int, visible: Int, headSize: Int) -> Int {
    let packed = wholePanels(visible) * headSize + visible * wholePanels(headSize)
    return 2 * packed + 2 * tileRows * wholePanels(visible) + 2 * tileRows * wholePanels(headSize)
  }

  /// Rows of y ← Σ_j softmax_j(scale·q·k_j)·v_j for each head of `queries`.
  public func attentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, queries: Range<Int>, keys: Int, values: Int,
    headSize: Int, scale: Float, scratch: consuming MutableSpan<Float>, into y: consuming MutableSpan<Float>, stride: Int
  ) {
    requireAttention(x.count, columns, rows, prefix, queries, keys, values, headSize)
    let visible = prefix.count + rows.count
    precondition(scratch.count >= attentionScratchElements(rows: rows.count, visible: visible, headSize: headSize))
    precondition(queries.upperBound <= stride && y.count >= rows.upperBound * stride)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        unsafe y.withUnsafeMutableBufferPointer { y in
          let places = unsafe HeadPlaces(x: x.baseAddress!, stride: columns, rows: rows, prefix: prefix, headSize: headSize)
          var room = unsafe Room(scratch.baseAddress!)
          let keyPanels = unsafe room.take(wholePanels(visible) * headSize)
          let valuePanels = unsafe room.take(visible * wholePanels(headSize))
          let scores = unsafe room.take(tileRows * wholePanels(visible))
          unsafe places.packTransposed(column: keys, into: keyPanels)
          unsafe places.pack(column: values, into: valuePanels)
          for query in Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize) {
            for first in Swift.stride(from: 0, to: rows.count, by: tileRows) {
              let tile = ScoreTile(places, first: first)
              unsafe fillProbabilities(tile, places, query, keyPanels, scale, into: scores)
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

  /// dX ← dX + gradients of queries, keys and values: those of a prefix collect what all its continuations send back.
  public func attentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, queries: Range<Int>,
    keys: Int, values: Int, headSize: Int, scale: Float, scratch: consuming MutableSpan<Float>,
    addingTo dX: consuming MutableSpan<Float>
  ) {
    requireAttention(x.count, columns, rows, prefix, queries, keys, values, headSize)
    let visible = prefix.count + rows.count
    precondition(scratch.count >= attentionScratchElements(rows: rows.count, visible: visible, headSize: headSize))
    precondition(dX.count >= rows.upperBound * columns && queries.upperBound <= stride && dY.count >= rows.upperBound * stride)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe dY.withUnsafeBufferPointer { dY in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          unsafe dX.withUnsafeMutableBufferPointer { dX in
            let places = unsafe HeadPlaces(x: x.baseAddress!, stride: columns, rows: rows, prefix: prefix, headSize: headSize)
            let pass = unsafe AttentionBackward(
              places: places, keys: keys, values: values, scale: scale, dY: dY.baseAddress!, dYStride: stride,
              dX: dX.baseAddress!,
              scratch: scratch.baseAddress!)
            for query in Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize) {
              for first in Swift.stride(from: 0, to: rows.count, by: tileRows) {
                pass.run(ScoreTile(places, first: first), query: query)
              }
            }
          }
        }
      }
    }
  }

  private func requireAttention(
    _ count: Int, _ columns: Int, _ rows: Range<Int>, _ prefix: Range<Int>, _ queries: Range<Int>, _ keys: Int,
    _ values: Int, _ headSize: Int
  ) {
    precondition(headSize > 0 && rows.lowerBound >= 0 && prefix.lowerBound >= 0)
    precondition(rows.upperBound * columns <= count && prefix.upperBound * columns <= count)
    precondition(queries.lowerBound >= 0 && queries.upperBound <= columns)
    precondition(min(keys, values) >= 0 && max(keys, values) + headSize <= columns)
  }
}

/// Cuts scratch memory.
private struct Room {
  private var next: UnsafeMutablePointer<Float>
  init(_ start: UnsafeMutablePointer<Float>) { next = unsafe start }

  mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    defer { unsafe next += count }
    return unsafe next
  }
}

/// The tile of scores ← softmax(scale·Q·Kᵀ), 0 where a row does not see.
private func fillProbabilities(
  _ tile: ScoreTile, _ places: HeadPlaces, _ query: Int, _ keyPanels: UnsafePointer<Float>, _ scale: Float,
  into scores: UnsafeMutablePointer<Float>
) {
  let queries = unsafe LeftFactor(
    start: places.x + (places.rows.lowerBound + tile.first) * places.stride + query, rowStride: places.stride, columnStride: 1)
  unsafe multiply(
    queries, rows: tile.rows, panels: keyPanels, inner: places.headSize, columns: wholePanels(tile.columns), adding: false,
    into: scores, stride: tile.stride)
  for row in 0..<tile.rows {
    // To whole lanes: what is not visible is −∞, and its probability 0.
    let start = unsafe scores + row * tile.stride
    for column in tile.visible(row)..<tile.wholeColumns { unsafe start[column] = -.infinity }
  }
  unsafe formSoftmax(ScoreRows(scores, stride: tile.stride, rows: tile.rows, columns: tile.wholeColumns), scale: scale)
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
    dX: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    unsafe (self.places, self.keys, self.values, self.scale) = (places, keys, values, scale)
    unsafe (self.dY, self.dYStride, self.dX) = (dY, dYStride, dX)
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

  func run(_ tile: ScoreTile, query: Int) {
    let firstRow = places.rows.lowerBound + tile.first
    let queries = unsafe places.x + firstRow * places.stride + query
    let dOutputs = unsafe dY + firstRow * dYStride + query
    for row in 0..<tile.rows {
      unsafe places.packRow(queries + row * places.stride, row, of: tile.rows, into: queryPanels)
      unsafe places.packRow(dOutputs + row * dYStride, row, of: tile.rows, into: dOutputPanels)
    }
    unsafe fillProbabilities(tile, places, query, transposedKeys, scale, into: probabilities)
    // dP ← dO·Vᵀ, then dS in its place.
    unsafe multiply(
      LeftFactor(start: dOutputs, rowStride: dYStride, columnStride: 1), rows: tile.rows, panels: transposedValues,
      inner: places.headSize, columns: wholePanels(tile.columns), adding: false, into: dScores, stride: tile.stride)
    unsafe addTransposed(probabilities, tile, dOutputPanels, column: values)
    unsafe formSoftmaxGradient(
      ScoreRows(dScores, stride: tile.stride, rows: tile.rows, columns: tile.wholeColumns),
      probabilities: ScoreRows(probabilities, stride: tile.stride, rows: tile.rows, columns: tile.wholeColumns), scale: scale)
    // dQ ← dQ + dS·K; dK ← dK + dSᵀ·Q.
    unsafe multiply(
      LeftFactor(start: dScores, rowStride: tile.stride, columnStride: 1), rows: tile.rows, panels: keyPanels,
      inner: tile.columns, panelRows: places.visible, columns: places.headSize, adding: true,
      into: dX + firstRow * places.stride + query, stride: places.stride)
    unsafe addTransposed(dScores, tile, queryPanels, column: keys)
  }

  /// Rows of dX that the tile sees, in the given columns, += tileᵀ·(what its rows hold).
  private func addTransposed(
    _ scores: UnsafePointer<Float>, _ tile: ScoreTile, _ panels: UnsafePointer<Float>, column: Int
  ) {
    unsafe addTransposed(scores, tile, panels, column, keys: 0, in: places.prefix)
    unsafe addTransposed(scores, tile, panels, column, keys: places.prefix.count, in: places.rows)
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
      inner: tile.rows, columns: places.headSize, adding: true, into: dX + rows.lowerBound * places.stride + column,
      stride: places.stride)
  }
}
