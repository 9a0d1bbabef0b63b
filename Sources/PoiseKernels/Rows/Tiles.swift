import CLanes

// Tiles of a product: a few rows times a panel, their sums in registers from the first product to the last. Sixteen sums keep
// fused multiply-adds busy with 512-bit registers, four sums of two registers each with 256-bit ones.
//
// Sums are inline arrays whose sizes are generic parameters: loops over them are unrolled and the elements live in registers, as fast
// as variables written out one by one. After a change here, measure.

/// Panels that a single row passes at once: a sum must wait for itself, so there must be others.
let severalPanels = hasManyRegisters ? 4 : 2

/// Thirty-two of them hold sixteen sums and what is added to them; sixteen do not.
private let hasManyRegisters = POISE_LANE_REGISTERS >= 32

/// A tile that is not as wide as a panel, by way of one that is.
func narrowTile(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, rows: Int, width: Int, adding: Bool,
  into c: UnsafeMutablePointer<Float>, _ stride: Int
) {
  var elements = InlineArray<256, Float>(repeating: 0)  // (8, 32)
  var span = elements.mutableSpan
  unsafe span.withUnsafeMutableBufferPointer { whole in
    let whole = whole.baseAddress!
    for row in 0..<rows where adding {
      for column in 0..<width { unsafe whole[row * panelWidth + column] = c[row * stride + column] }
    }
    unsafe tile(a, b, k, rows: rows, adding: adding, into: whole, panelWidth)
    for row in 0..<rows {
      for column in 0..<width { unsafe c[row * stride + column] = whole[row * panelWidth + column] }
    }
  }
}

/// Eight, four or one row times a panel. Sums stay in registers: as many as the instruction set has room for.
func tile(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, rows: Int, adding: Bool, into c: UnsafeMutablePointer<Float>,
  _ stride: Int
) {
  switch rows {
  case 8 where hasManyRegisters: unsafe Tile<8, 2>.multiply(a, b, k, adding, c, stride)
  case 4 where hasManyRegisters: unsafe Tile<4, 2>.multiply(a, b, k, adding, c, stride)
  case 1: unsafe Tile<1, 2>.multiply(a, b, k, adding, c, stride)
  default:
    for row in Swift.stride(from: 0, to: rows, by: 4) {
      for half in Swift.stride(from: 0, to: panelWidth, by: Lanes.scalarCount) {
        unsafe Tile<4, 1>.multiply(a.rows(from: row), b + half, k, adding, c + row &* stride + half, stride)
      }
    }
  }
}

/// So many rows times so many blocks of a panel, or of panels `distance` floats apart.
enum Tile<let rows: Int, let blocks: Int> {
  @inline(__always)
  static func multiply(
    _ a: LeftFactor, _ b: UnsafePointer<Float>, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>, _ stride: Int,
    distance: Int = panelWidth
  ) {
    var sums = InlineArray<rows, InlineArray<blocks, Lanes>>(repeating: InlineArray(repeating: .zero))
    if adding {
      for row in 0..<rows {
        for block in 0..<blocks { sums[row][block] = unsafe load(c + row &* stride + block &* Lanes.scalarCount) }
      }
    }
    for p in 0..<k {
      if rows == 8 {
        unsafe poise_prefetch(b + p &* panelWidth + panelPrefetch)
        unsafe poise_prefetch(b + p &* panelWidth + panelPrefetch + Lanes.scalarCount)
      }
      let x = unsafe a.start + p &* a.columnStride
      for block in 0..<blocks {
        let panel = unsafe b + block / 2 &* distance + p &* panelWidth + block % 2 &* Lanes.scalarCount
        let right = unsafe load(panel)
        for row in 0..<rows { sums[row][block].add(right, times: unsafe x[row &* a.rowStride]) }
      }
    }
    for row in 0..<rows {
      for block in 0..<blocks { unsafe store(sums[row][block], c + row &* stride + block &* Lanes.scalarCount) }
    }
  }
}

/// One row times several panels, `distance` floats apart.
func oneRow(
  _ a: LeftFactor, _ b: UnsafePointer<Float>, _ distance: Int, _ k: Int, _ adding: Bool, _ c: UnsafeMutablePointer<Float>
) {
  if hasManyRegisters {
    unsafe Tile<1, 8>.multiply(a, b, k, adding, c, 0, distance: distance)
  } else {
    unsafe Tile<1, 4>.multiply(a, b, k, adding, c, 0, distance: distance)
  }
}

@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Lanes { unsafe UnsafeRawPointer(address).loadUnaligned(as: Lanes.self) }

@inline(__always)
func store(_ lanes: Lanes, _ address: UnsafeMutablePointer<Float>) {
  unsafe UnsafeMutableRawPointer(address).storeBytes(of: lanes, as: Lanes.self)
}

@inline(__always)
func store(_ first: Lanes, _ second: Lanes, _ c: UnsafeMutablePointer<Float>) {
  unsafe store(first, c)
  unsafe store(second, c + Lanes.scalarCount)
}
