// What attention works on: where a head's queries, keys and values stand, and tiles of its scores. Forward and backward passes share it.

/// Rows of a tile of scores: two of the product's tiles.
let tileRows = 16

/// Where one head of keys and values with its queries stands: queries in rows of a matrix, keys and values in rows of a memory,
/// which may be the same matrix.
struct HeadPlaces {
  let x: UnsafePointer<Float>
  /// Floats from one row to the next.
  let stride: Int
  let rows: Range<Int>
  let memory: UnsafePointer<Float>
  let memoryStride: Int
  /// Rows of the memory that every query sees.
  let prefix: Range<Int>
  /// Rows of the memory of which query i sees the first i + 1: those of the queries, or none.
  let own: Range<Int>
  let headSize: Int

  /// Keys that the last row sees.
  var visible: Int { prefix.count + own.count }
  /// Place of the first query among the keys: it is one of its own, or the first of those that all see.
  var firstPosition: Int { own.isEmpty ? 0 : prefix.count }

  /// Row of the memory in which key `index` stands: the prefix first.
  func row(ofKey index: Int) -> Int { index < prefix.count ? prefix.lowerBound + index : own.lowerBound + index - prefix.count }

  /// Panels of the columns' transpose, (D, visible): scores are rows times these.
  func packTransposed(column: Int, into panels: UnsafeMutablePointer<Float>) {
    for first in Swift.stride(from: 0, to: visible, by: panelWidth) {
      let target = unsafe panels + first * headSize
      let width = min(panelWidth, visible - first)
      let inPrefix = max(0, min(width, prefix.count - first))
      if inPrefix == 0 || inPrefix == width {
        unsafe transposePanel(
          memory + row(ofKey: first) * memoryStride + column, headSize, width, 1, memoryStride, into: target)
        continue
      }
      // Keys of one panel stand in two runs of rows.
      unsafe transpose(column, from: prefix.lowerBound + first, keys: 0..<inPrefix, into: target)
      unsafe transpose(column, from: own.lowerBound + first - prefix.count, keys: inPrefix..<width, into: target)
      for d in 0..<headSize { for key in width..<panelWidth { unsafe target[d * panelWidth + key] = 0 } }
    }
  }

  /// Reads down the columns, so that what is written is written in order.
  private func transpose(
    _ column: Int, from firstRow: Int, keys: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    guard !keys.isEmpty else { return }
    let source = unsafe memory + firstRow * memoryStride + column
    for d in 0..<headSize {
      for key in keys { unsafe target[d &* panelWidth &+ key] = source[key &* memoryStride &+ d] }
    }
  }

  /// Panels of the columns as they are, (visible, D).
  func pack(column: Int, into panels: UnsafeMutablePointer<Float>) {
    for key in 0..<visible { unsafe packRow(memory + row(ofKey: key) * memoryStride + column, key, of: visible, into: panels) }
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
struct ScoreTile {
  /// Among the segment's rows.
  let first: Int
  let rows: Int
  /// Keys that its first row sees and how many more each row sees, and columns that are computed: those of its last row.
  let firstVisible: Int
  let growth: Int
  let columns: Int
  let stride: Int

  init(_ places: HeadPlaces, first: Int) {
    self.first = first
    rows = min(tileRows, places.rows.count - first)
    growth = places.own.isEmpty ? 0 : 1
    firstVisible = places.prefix.count + growth * (first + 1)
    columns = firstVisible + growth * (rows - 1)
    stride = wholePanels(places.visible)
  }

  func visible(_ row: Int) -> Int { firstVisible + growth * row }

  var wholeColumns: Int { wholeLanes(columns) }
}

/// Where biases lie by the distance from query to key, key − query: a row a head of queries.
struct BiasDistances {
  private let firstQuery: Int
  private let headSize: Int
  private let length: Int
  private let reach: Int

  /// - Parameter count: of all biases; none where scores have none.
  init(_ places: HeadPlaces, _ queries: Range<Int>, count: Int) {
    let heads = queries.count / places.headSize
    (firstQuery, headSize) = (queries.lowerBound, places.headSize)
    length = count / max(heads, 1)
    // No key lies behind a causal query.
    reach = places.own.isEmpty ? (length + 1) / 2 : length
    precondition(count == 0 || (count == heads * length && reach >= places.visible))
  }

  /// The place of distance 0 of the head whose first column is `query`.
  func zero(_ query: Int) -> Int { (query - firstQuery) / headSize * length + reach - 1 }
}

/// Cuts scratch memory.
struct Room {
  private var next: UnsafeMutablePointer<Float>
  init(_ start: UnsafeMutablePointer<Float>) { next = unsafe start }

  mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    defer { unsafe next += count }
    return unsafe next
  }
}

/// The tile of scores ← softmax(scale·Q·Kᵀ + biases), 0 where a row does not see.
///
/// - Parameter biases: the head's, from distance 0 on in both directions.
func fillProbabilities(
  _ tile: ScoreTile, _ places: HeadPlaces, _ query: Int, _ keyPanels: UnsafePointer<Float>, _ scale: Float,
  _ biases: UnsafePointer<Float>?, into scores: UnsafeMutablePointer<Float>
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
    if let biases {
      var seen = unsafe MutableSpan(_unsafeStart: start, count: tile.visible(row))
      unsafe addBiases(
        Span(_unsafeStart: biases - (places.firstPosition + tile.first + row), count: tile.visible(row)), scale: scale, to: &seen)
    }
  }
  unsafe formSoftmax(
    ScoreRows(scores, stride: tile.stride, rows: tile.rows, columns: tile.wholeColumns), scale: biases == nil ? scale : 1)
}
