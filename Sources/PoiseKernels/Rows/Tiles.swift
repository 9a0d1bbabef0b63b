import CLanes

// Tiles of a product: a few rows times a panel, their sums in registers from the first product to the last. Sixteen sums keep
// fused multiply-adds busy with 512-bit registers, four sums of two registers each with 256-bit ones.

/// Panels that a single row passes at once: a sum must wait for itself, so there must be others.
let severalPanels = POISE_LANE_REGISTERS >= 32 ? 4 : 2

/// A tile that is not as wide as a panel, by way of one that is.
func narrowTile(
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
func tile(
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
func oneRow(
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
func store(_ first: Lanes, _ second: Lanes, _ c: UnsafeMutablePointer<Float>) {
  unsafe store(first, c)
  unsafe store(second, c + Lanes.scalarCount)
}

@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Lanes { unsafe UnsafeRawPointer(address).loadUnaligned(as: Lanes.self) }

@inline(__always)
func store(_ lanes: Lanes, _ address: UnsafeMutablePointer<Float>) {
  unsafe UnsafeMutableRawPointer(address).storeBytes(of: lanes, as: Lanes.self)
}
