import CLanes

// Matrix products. Goals: every element is its products added in the order of k, each in one rounding, whatever the number of rows,
// the piece of the right factor or the instruction set; the speed of fused multiply-adds. The right factor is packed into panels,
// piece by piece; the left is read where it stands.

extension Kernels {
  /// Floats of scratch that `matrixProduct` takes.
  public var productScratchElements: Int { packedElements }

  /// C ← a·b, or C ← C + a·b. a (m, k): element (i, j) is `a[i·aRow + j·aColumn]`; b (k, columns) likewise; c (m, columns) with rows
  /// `stride` apart. The right factor is packed into `scratch`, piece by piece.
  public func matrixProduct(
    _ a: Span<Float>, aRow: Int, aColumn: Int, _ b: Span<Float>, bRow: Int, bColumn: Int, rows m: Int, inner k: Int,
    columns: Int, adding: Bool, scratch: consuming MutableSpan<Float>, into c: consuming MutableSpan<Float>, stride: Int
  ) {
    guard m > 0, columns > 0 else { return }
    precondition(k > 0 && a.count > (m - 1) * aRow + (k - 1) * aColumn && b.count > (k - 1) * bRow + (columns - 1) * bColumn)
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
  // A block of panels stays in the second cache while all rows pass it, eight rows in the first while all its panels do. Single rows
  // want several panels at once more than they want a small block.
  let together = panelWidth &* max(m < 4 ? severalPanels : 1, blockDepth / max(k, 1))
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
          if adding, k >= longTile {
            let isLast = first &+ panelWidth >= end
            unsafe askForTile(
              isLast ? c + (row &+ 8) &* stride + block : target + panelWidth, rows: isLast ? m &- row &- 8 : rows, stride)
          }
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
  var elements = eight.mutableSpan
  unsafe elements.withUnsafeMutableBufferPointer { elements in
    let packed = elements.baseAddress!
    for row in Swift.stride(from: 0, to: m, by: 8) {
      let rows = min(8, m &- row)
      if adding { unsafe askForTile(c + row &* stride, rows: rows, stride) }
      unsafe bringTogether(a.rows(from: row), rows: rows, inner: k, into: packed)
      unsafe multiply(
        LeftFactor(start: packed, rowStride: 1, columnStride: 8, isPacked: true), rows: rows, panels: panels, inner: k,
        panelRows: panelRows, columns: columns, adding: adding, into: c + row &* stride, stride: stride)
    }
  }
}

/// Asks for the elements that a tile will add to: they may be as far away as memory is. At most eight rows.
@inline(__always)
private func askForTile(_ c: UnsafePointer<Float>, rows: Int, _ stride: Int) {
  for row in 0..<max(0, min(8, rows)) {
    unsafe poise_prefetch_for_writing(c + row &* stride)
    unsafe poise_prefetch_for_writing(c + row &* stride + Lanes.scalarCount)
  }
}

/// Products a sum from which on a tile takes so long that asking for the next is worth its while.
private let longTile = 128

/// Up to eight rows whose elements lie side by side, as (k, 8).
@inline(__always)
private func bringTogether(_ a: LeftFactor, rows: Int, inner k: Int, into packed: UnsafeMutablePointer<Float>) {
  for p in 0..<k {
    let (from, to) = unsafe (a.start + p &* a.columnStride, packed + p &* 8)
    if rows == 8 {
      unsafe to.update(from: from, count: 8)  // a single move, the count being known
    } else {
      unsafe to.update(from: from, count: rows)
    }
  }
}

/// How far ahead panels are asked for, in floats: the next panel is as far away as memory may be.
let panelPrefetch = 2_048

/// Rows of panels that are worked on together: 128 KiB.
private let blockDepth = 1_024
