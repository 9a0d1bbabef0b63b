import CLanes

// Products of few rows, where a library that packs both factors at every call spends its time on packing: attention's tiles, and
// decoding. The right factor is packed once, into panels of 32 columns, each of them k rows of 32 floats one after the other, the
// last filled up with zeros. Goals: every element is its products added in the order of k, each in one rounding, whatever the
// number of rows or the instruction set; the speed of fused multiply-adds. Sums of k terms of the size of 1 are off by up to
// 1.3·√k ulp of √k.

/// Columns of a panel: two blocks of lanes.
let panelWidth = 2 * Lanes.scalarCount

/// As many columns as whole panels have.
func wholePanels(_ columns: Int) -> Int { (columns + panelWidth - 1) / panelWidth * panelWidth }

extension Kernels {
  /// Columns of a panel.
  public var panelColumns: Int { panelWidth }

  /// Floats that the panels of a matrix (k, columns) take.
  public func panelElements(rows k: Int, columns: Int) -> Int { k * wholePanels(columns) }

  /// Panels ← b: a matrix (k, columns), whose element (i, j) is `b[i·rowStride + j·columnStride]`.
  public func packPanels(
    _ b: Span<Float>, rows k: Int, columns: Int, rowStride: Int, columnStride: Int, into panels: consuming MutableSpan<Float>
  ) {
    precondition(k >= 0 && columns >= 0 && panels.count >= panelElements(rows: k, columns: columns))
    precondition(k == 0 || columns == 0 || b.count > (k - 1) * rowStride + (columns - 1) * columnStride)
    unsafe b.withUnsafeBufferPointer { b in
      unsafe panels.withUnsafeMutableBufferPointer { panels in
        guard let b = b.baseAddress, let panels = panels.baseAddress else { return }
        unsafe pack(b, k, columns, rowStride, columnStride, into: panels)
      }
    }
  }

  /// C ← a·b, or C ← C + a·b. a (m, k): element (i, j) is `a[i·rowStride + j·columnStride]`; b as panels (k, columns); c (m, columns)
  /// with rows `stride` apart.
  public func multiplyPanels(
    _ a: Span<Float>, rows m: Int, rowStride: Int, columnStride: Int, panels: Span<Float>, inner k: Int, columns: Int,
    adding: Bool, stride: Int, into c: consuming MutableSpan<Float>
  ) {
    guard m > 0, columns > 0 else { return }
    precondition(k > 0 && panels.count >= panelElements(rows: k, columns: columns))
    precondition(a.count > (m - 1) * rowStride + (k - 1) * columnStride && c.count >= (m - 1) * stride + columns)
    unsafe a.withUnsafeBufferPointer { a in
      unsafe panels.withUnsafeBufferPointer { panels in
        unsafe c.withUnsafeMutableBufferPointer { c in
          let left = unsafe LeftFactor(start: a.baseAddress!, rowStride: rowStride, columnStride: columnStride)
          unsafe multiply(
            left, rows: m, panels: panels.baseAddress!, inner: k, columns: columns, adding: adding, into: c.baseAddress!,
            stride: stride)
        }
      }
    }
  }
}

extension Kernels {
  /// Floats of scratch that `matrixProduct` takes.
  public var productScratchElements: Int { packedElements }

  /// C ← a·b, or C ← C + a·b. a (m, k): element (i, j) is `a[i·aRow + j·aColumn]`; b (k, columns) likewise; c (m, columns) with rows
  /// `stride` apart. The right factor is packed into `scratch`, piece by piece.
  public func matrixProduct(
    _ a: Span<Float>, aRow: Int, aColumn: Int, _ b: Span<Float>, bRow: Int, bColumn: Int, rows m: Int, inner k: Int,
    columns: Int, adding: Bool, scratch: consuming MutableSpan<Float>, into c: consuming MutableSpan<Float>, stride: Int
  ) {
    guard m > 0, columns > 0, k > 0 else { return }
    precondition(a.count > (m - 1) * aRow + (k - 1) * aColumn && b.count > (k - 1) * bRow + (columns - 1) * bColumn)
    precondition(c.count >= (m - 1) * stride + columns)
    precondition(scratch.count >= productScratchElements)
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe scratch.withUnsafeMutableBufferPointer { panels in
          unsafe c.withUnsafeMutableBufferPointer { c in
            for first in Swift.stride(from: 0, to: k, by: innerBlock) {
              let depth = min(innerBlock, k - first)
              let left = unsafe LeftFactor(start: a.baseAddress! + first * aColumn, rowStride: aRow, columnStride: aColumn)
              for column in Swift.stride(from: 0, to: columns, by: packedColumns(depth)) {
                let width = min(packedColumns(depth), columns - column)
                unsafe pack(
                  b.baseAddress! + first * bRow + column * bColumn, depth, width, bRow, bColumn, into: panels.baseAddress!)
                unsafe multiply(
                  left, rows: m, panels: panels.baseAddress!, inner: depth, columns: width, adding: adding || first > 0,
                  into: c.baseAddress! + column, stride: stride)
              }
            }
          }
        }
      }
    }
  }
}

/// Floats of the right factor that are packed at a time: 512 KiB, which the second cache holds.
private let packedElements = 1 << 17

/// As many columns of so many rows.
private func packedColumns(_ depth: Int) -> Int { packedElements / (depth * panelWidth) * panelWidth }

/// Rows of the right factor that are packed at a time: with eight rows of the left, they stay in the nearest cache.
private let innerBlock = 256

/// The left factor of a product: element (i, j) is `start[i·rowStride + j·columnStride]`.
struct LeftFactor {
  let start: UnsafePointer<Float>
  let rowStride: Int
  let columnStride: Int
  /// Eight rows that were brought together.
  var isPacked = false

  @inline(__always)
  func rows(from index: Int) -> LeftFactor {
    unsafe LeftFactor(start: start + index &* rowStride, rowStride: rowStride, columnStride: columnStride)
  }
}

func pack(
  _ b: UnsafePointer<Float>, _ k: Int, _ columns: Int, _ rowStride: Int, _ columnStride: Int,
  into panels: UnsafeMutablePointer<Float>
) {
  for first in stride(from: 0, to: columns, by: panelWidth) {
    let (source, target) = unsafe (b + first &* columnStride, panels + first &* k)
    let width = min(panelWidth, columns - first)
    if columnStride == 1 {
      unsafe copyPanel(source, k, width, rowStride, into: target)
    } else {
      unsafe transposePanel(source, k, width, rowStride, columnStride, into: target)
    }
  }
}

/// A panel whose rows lie in one piece.
private func copyPanel(
  _ source: UnsafePointer<Float>, _ k: Int, _ width: Int, _ rowStride: Int, into target: UnsafeMutablePointer<Float>
) {
  for row in 0..<k {
    let (from, to) = unsafe (source + row &* rowStride, target + row &* panelWidth)
    if width == panelWidth {
      unsafe store(load(from), load(from + Lanes.scalarCount), to)
    } else {
      for column in 0..<width { unsafe to[column] = from[column] }
      for column in width..<panelWidth { unsafe to[column] = 0 }
    }
  }
}

/// A panel whose columns lie in one piece, or in none: squares of sixteen at a time, so that each cache line of the source is read
/// once, whatever its distance from the next.
private func transposePanel(
  _ source: UnsafePointer<Float>, _ k: Int, _ width: Int, _ rowStride: Int, _ columnStride: Int,
  into target: UnsafeMutablePointer<Float>
) {
  for firstRow in stride(from: 0, to: k, by: Lanes.scalarCount) {
    let rows = min(Lanes.scalarCount, k &- firstRow)
    for firstColumn in stride(from: 0, to: panelWidth, by: Lanes.scalarCount) {
      let from = unsafe source + firstColumn &* columnStride + firstRow &* rowStride
      let to = unsafe target + firstRow &* panelWidth + firstColumn
      if rowStride == 1, rows == Lanes.scalarCount, firstColumn &+ Lanes.scalarCount <= width {
        unsafe transposeSquare(from, columnStride, into: to)
        continue
      }
      for column in 0..<Lanes.scalarCount {
        for row in 0..<rows {
          unsafe to[row &* panelWidth &+ column] =
            firstColumn &+ column < width ? from[column &* columnStride &+ row &* rowStride] : 0
        }
      }
    }
  }
}

/// Sixteen columns of sixteen, into rows of a panel. Four times every pair of vectors eight apart is interleaved.
@inline(__always)
private func transposeSquare(
  _ source: UnsafePointer<Float>, _ columnStride: Int, into target: UnsafeMutablePointer<Float>
) {
  var square = InlineArray<16, Lanes> { unsafe load(source + $0 &* columnStride) }
  for _ in 0..<4 {
    let before = square
    for pair in 0..<8 {
      square[2 &* pair] = poise_interleave_lower(before[pair], before[pair &+ 8])
      square[2 &* pair &+ 1] = poise_interleave_upper(before[pair], before[pair &+ 8])
    }
  }
  for row in 0..<16 { unsafe store(square[row], target + row &* panelWidth) }
}

/// - Parameter panelRows: rows that the panels hold, of which the first k are taken; k unless said otherwise.
func multiply(
  _ a: LeftFactor, rows m: Int, panels: UnsafePointer<Float>, inner k: Int, panelRows: Int? = nil, columns: Int, adding: Bool,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  let panelRows = panelRows ?? k
  if !a.isPacked, a.rowStride == 1, a.columnStride != 1, k >= 32, k <= innerBlock, columns > panelWidth {
    return unsafe multiplyTransposed(
      a, rows: m, panels: panels, inner: k, panelRows: panelRows, columns: columns, adding: adding, into: c, stride: stride)
  }
  // A block of panels stays in the second cache while all rows pass it, eight rows in the first while all its panels do.
  let together = panelWidth &* max(1, blockDepth / max(k, 1))
  for block in Swift.stride(from: 0, to: columns, by: together) {
    let end = min(block &+ together, columns)
    var row = 0
    while row < m {
      let rows = m &- row >= 8 ? 8 : m &- row >= 4 ? 4 : 1
      let left = a.rows(from: row)
      var first = block
      while first < end {
        let panel = unsafe panels + first &* panelRows
        let target = unsafe c + row &* stride + first
        let width = min(panelWidth, end &- first)
        if rows == 1, first &+ severalPanels &* panelWidth <= end {
          unsafe oneRow(left, panel, panelRows &* panelWidth, k, adding, target)
          first &+= severalPanels &* panelWidth
        } else if width == panelWidth {
          unsafe tile(left, panel, k, rows: rows, adding: adding, into: target, stride)
          first &+= panelWidth
        } else {
          unsafe narrowTile(left, panel, k, rows: rows, width: width, adding: adding, into: target, stride)
          first &+= panelWidth
        }
      }
      row &+= rows
    }
  }
}

/// The same of a left factor that is read down its columns, k cache lines for eight floats each: eight rows at a time are brought
/// together first, for all the panels.
private func multiplyTransposed(
  _ a: LeftFactor, rows m: Int, panels: UnsafePointer<Float>, inner k: Int, panelRows: Int, columns: Int, adding: Bool,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  var eight = InlineArray<2048, Float>(repeating: 0)  // (k, 8)
  for row in Swift.stride(from: 0, to: m, by: 8) {
    let rows = min(8, m &- row)
    for p in 0..<k {
      let from = unsafe a.start + p &* a.columnStride + row
      for index in 0..<rows { eight[p &* 8 &+ index] = unsafe from[index] }
    }
    let elements = eight.span
    unsafe elements.withUnsafeBufferPointer { packed in
      unsafe multiply(
        LeftFactor(start: packed.baseAddress!, rowStride: 1, columnStride: 8, isPacked: true), rows: rows, panels: panels,
        inner: k,
        panelRows: panelRows, columns: columns, adding: adding, into: c + row &* stride, stride: stride)
    }
  }
}

/// Panels that a single row passes at once: a sum must wait for itself, so there must be others.
private let severalPanels = POISE_LANE_REGISTERS >= 32 ? 4 : 2

/// How far ahead panels are asked for, in floats: the next panel is as far away as memory may be.
private let panelPrefetch = 2_048

/// Rows of panels that are worked on together: 128 KiB.
private let blockDepth = 1_024

/// A tile that is not as wide as a panel, by way of one that is.
private func narrowTile(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, rows: Int, width: Int, adding: Bool,
  into c: UnsafeMutablePointer<Float>, _ stride: Int
) {
  unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * panelWidth) { whole in
    let whole = unsafe whole.baseAddress!
    for row in 0..<rows where adding {
      for column in 0..<panelWidth { unsafe whole[row * panelWidth + column] = column < width ? c[row * stride + column] : 0 }
    }
    unsafe tile(a, b, k, rows: rows, adding: adding, into: whole, panelWidth)
    for row in 0..<rows {
      for column in 0..<width { unsafe c[row * stride + column] = whole[row * panelWidth + column] }
    }
  }
}

/// Eight, four or one row times a panel. Sums stay in registers: as many as the instruction set has room for.
private func tile(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, rows: Int, adding: Bool, into c: UnsafeMutablePointer<Float>,
  _ stride: Int
) {
  switch rows {
  case 8 where POISE_LANE_REGISTERS >= 32: unsafe eightRows(a, b, k, adding, c, stride)
  case 8:
    for half in [0, Lanes.scalarCount] {
      unsafe fourRows(a, b + half, k, adding, c + half, stride)
      unsafe fourRows(a.rows(from: 4), b + half, k, adding, c + 4 &* stride + half, stride)
    }
  case 4 where POISE_LANE_REGISTERS >= 32: unsafe fourWholeRows(a, b, k, adding, c, stride)
  case 4:
    unsafe fourRows(a, b, k, adding, c, stride)
    unsafe fourRows(a, b + Lanes.scalarCount, k, adding, c + Lanes.scalarCount, stride)
  default: unsafe oneRow(a, b, k, adding, c)
  }
}

/// Eight rows times a whole panel: sixteen sums.
private func eightRows(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>, _ stride: Int
) {
  var (s00, s01) = unsafe start(c, 0 &* stride, adding)
  var (s10, s11) = unsafe start(c, 1 &* stride, adding)
  var (s20, s21) = unsafe start(c, 2 &* stride, adding)
  var (s30, s31) = unsafe start(c, 3 &* stride, adding)
  var (s40, s41) = unsafe start(c, 4 &* stride, adding)
  var (s50, s51) = unsafe start(c, 5 &* stride, adding)
  var (s60, s61) = unsafe start(c, 6 &* stride, adding)
  var (s70, s71) = unsafe start(c, 7 &* stride, adding)
  for p in 0..<k {
    unsafe poise_prefetch(b + p &* panelWidth + panelPrefetch)
    unsafe poise_prefetch(b + p &* panelWidth + panelPrefetch + Lanes.scalarCount)
    let x = unsafe a.start + p &* a.columnStride
    let (b0, b1) = unsafe (load(b + p &* panelWidth), load(b + p &* panelWidth + Lanes.scalarCount))
    let x0 = unsafe x[0 &* a.rowStride]
    s00.add(b0, times: x0)
    s01.add(b1, times: x0)
    let x1 = unsafe x[1 &* a.rowStride]
    s10.add(b0, times: x1)
    s11.add(b1, times: x1)
    let x2 = unsafe x[2 &* a.rowStride]
    s20.add(b0, times: x2)
    s21.add(b1, times: x2)
    let x3 = unsafe x[3 &* a.rowStride]
    s30.add(b0, times: x3)
    s31.add(b1, times: x3)
    let x4 = unsafe x[4 &* a.rowStride]
    s40.add(b0, times: x4)
    s41.add(b1, times: x4)
    let x5 = unsafe x[5 &* a.rowStride]
    s50.add(b0, times: x5)
    s51.add(b1, times: x5)
    let x6 = unsafe x[6 &* a.rowStride]
    s60.add(b0, times: x6)
    s61.add(b1, times: x6)
    let x7 = unsafe x[7 &* a.rowStride]
    s70.add(b0, times: x7)
    s71.add(b1, times: x7)
  }
  unsafe store(s00, c + 0 &* stride)
  unsafe store(s01, c + 0 &* stride + Lanes.scalarCount)
  unsafe store(s10, c + 1 &* stride)
  unsafe store(s11, c + 1 &* stride + Lanes.scalarCount)
  unsafe store(s20, c + 2 &* stride)
  unsafe store(s21, c + 2 &* stride + Lanes.scalarCount)
  unsafe store(s30, c + 3 &* stride)
  unsafe store(s31, c + 3 &* stride + Lanes.scalarCount)
  unsafe store(s40, c + 4 &* stride)
  unsafe store(s41, c + 4 &* stride + Lanes.scalarCount)
  unsafe store(s50, c + 5 &* stride)
  unsafe store(s51, c + 5 &* stride + Lanes.scalarCount)
  unsafe store(s60, c + 6 &* stride)
  unsafe store(s61, c + 6 &* stride + Lanes.scalarCount)
  unsafe store(s70, c + 7 &* stride)
  unsafe store(s71, c + 7 &* stride + Lanes.scalarCount)
}

/// Four rows times half a panel: four sums.
private func fourRows(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>, _ stride: Int
) {
  var s0 = unsafe adding ? load(c + 0 &* stride) : Lanes.zero
  var s1 = unsafe adding ? load(c + 1 &* stride) : Lanes.zero
  var s2 = unsafe adding ? load(c + 2 &* stride) : Lanes.zero
  var s3 = unsafe adding ? load(c + 3 &* stride) : Lanes.zero
  for p in 0..<k {
    let x = unsafe a.start + p &* a.columnStride
    let block = unsafe load(b + p &* panelWidth)
    s0.add(block, times: unsafe x[0 &* a.rowStride])
    s1.add(block, times: unsafe x[1 &* a.rowStride])
    s2.add(block, times: unsafe x[2 &* a.rowStride])
    s3.add(block, times: unsafe x[3 &* a.rowStride])
  }
  unsafe store(s0, c + 0 &* stride)
  unsafe store(s1, c + 1 &* stride)
  unsafe store(s2, c + 2 &* stride)
  unsafe store(s3, c + 3 &* stride)
}

/// Four rows times a whole panel: eight sums.
private func fourWholeRows(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>, _ stride: Int
) {
  var (s00, s01) = unsafe start(c, 0 &* stride, adding)
  var (s10, s11) = unsafe start(c, 1 &* stride, adding)
  var (s20, s21) = unsafe start(c, 2 &* stride, adding)
  var (s30, s31) = unsafe start(c, 3 &* stride, adding)
  for p in 0..<k {
    let x = unsafe a.start + p &* a.columnStride
    let (b0, b1) = unsafe (load(b + p &* panelWidth), load(b + p &* panelWidth + Lanes.scalarCount))
    let x0 = unsafe x[0 &* a.rowStride]
    s00.add(b0, times: x0)
    s01.add(b1, times: x0)
    let x1 = unsafe x[1 &* a.rowStride]
    s10.add(b0, times: x1)
    s11.add(b1, times: x1)
    let x2 = unsafe x[2 &* a.rowStride]
    s20.add(b0, times: x2)
    s21.add(b1, times: x2)
    let x3 = unsafe x[3 &* a.rowStride]
    s30.add(b0, times: x3)
    s31.add(b1, times: x3)
  }
  unsafe store(s00, c + 0 &* stride)
  unsafe store(s01, c + 0 &* stride + Lanes.scalarCount)
  unsafe store(s10, c + 1 &* stride)
  unsafe store(s11, c + 1 &* stride + Lanes.scalarCount)
  unsafe store(s20, c + 2 &* stride)
  unsafe store(s21, c + 2 &* stride + Lanes.scalarCount)
  unsafe store(s30, c + 3 &* stride)
  unsafe store(s31, c + 3 &* stride + Lanes.scalarCount)
}

/// One row times several panels, `distance` floats apart.
private func oneRow(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ distance: Int, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>
) {
  let (second, third, fourth) = unsafe (b + distance, b + 2 &* distance, b + 3 &* distance)
  var (s00, s01) = unsafe start(c, 0, adding)
  var (s10, s11) = unsafe start(c, panelWidth, adding)
  guard POISE_LANE_REGISTERS >= 32 else {
    for p in 0..<k {
      let x = unsafe a.start[p &* a.columnStride]
      s00.add(unsafe load(b + p &* panelWidth), times: x)
      s01.add(unsafe load(b + p &* panelWidth + Lanes.scalarCount), times: x)
      s10.add(unsafe load(second + p &* panelWidth), times: x)
      s11.add(unsafe load(second + p &* panelWidth + Lanes.scalarCount), times: x)
    }
    unsafe store(s00, s01, c)
    unsafe store(s10, s11, c + panelWidth)
    return
  }
  var (s20, s21) = unsafe start(c, 2 &* panelWidth, adding)
  var (s30, s31) = unsafe start(c, 3 &* panelWidth, adding)
  for p in 0..<k {
    let x = unsafe a.start[p &* a.columnStride]
    s00.add(unsafe load(b + p &* panelWidth), times: x)
    s01.add(unsafe load(b + p &* panelWidth + Lanes.scalarCount), times: x)
    s10.add(unsafe load(second + p &* panelWidth), times: x)
    s11.add(unsafe load(second + p &* panelWidth + Lanes.scalarCount), times: x)
    s20.add(unsafe load(third + p &* panelWidth), times: x)
    s21.add(unsafe load(third + p &* panelWidth + Lanes.scalarCount), times: x)
    s30.add(unsafe load(fourth + p &* panelWidth), times: x)
    s31.add(unsafe load(fourth + p &* panelWidth + Lanes.scalarCount), times: x)
  }
  unsafe store(s00, s01, c)
  unsafe store(s10, s11, c + panelWidth)
  unsafe store(s20, s21, c + 2 &* panelWidth)
  unsafe store(s30, s31, c + 3 &* panelWidth)
}

/// One row times a panel.
private func oneRow(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>
) {
  var (s0, s1) = unsafe start(c, 0, adding)
  for p in 0..<k {
    let x = unsafe a.start[p &* a.columnStride]
    s0.add(unsafe load(b + p &* panelWidth), times: x)
    s1.add(unsafe load(b + p &* panelWidth + Lanes.scalarCount), times: x)
  }
  unsafe store(s0, c)
  unsafe store(s1, c + Lanes.scalarCount)
}

@inline(__always)
private func start(_ c: UnsafeMutablePointer<Float>, _ offset: Int, _ adding: Bool) -> (Lanes, Lanes) {
  guard adding else { return (.zero, .zero) }
  return unsafe (load(c + offset), load(c + offset + Lanes.scalarCount))
}

@inline(__always)
private func store(_ first: Lanes, _ second: Lanes, _ c: UnsafeMutablePointer<Float>) {
  unsafe store(first, c)
  unsafe store(second, c + Lanes.scalarCount)
}

@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Lanes { unsafe UnsafeRawPointer(address).loadUnaligned(as: Lanes.self) }

@inline(__always)
func store(_ lanes: Lanes, _ address: UnsafeMutablePointer<Float>) {
  unsafe UnsafeMutableRawPointer(address).storeBytes(of: lanes, as: Lanes.self)
}
