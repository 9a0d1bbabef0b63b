import CLanes

// Products of few rows, where a library that packs both factors at every call spends its time on packing: attention's tiles, and
// decoding. The right factor is packed once, into panels of 32 columns, each of them k rows of 32 floats one after the other, the
// last filled up with zeros. Goals: every element is its products added in the order of k, each in one rounding, whatever the
// number of rows or the instruction set; the speed of fused multiply-adds. Sums of k terms of the size of 1 are off by up to
// 1.3·√k ulp of √k.

/// Columns of a panel: two blocks of lanes.
let panelWidth = 2 * Lanes.scalarCount

/// As many columns as whole lanes have.
func wholeLanes(_ columns: Int) -> Int { (columns + Lanes.scalarCount - 1) / Lanes.scalarCount * Lanes.scalarCount }

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
func transposePanel(
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
