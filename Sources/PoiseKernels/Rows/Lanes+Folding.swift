// Sums and maxima of a row. These are the functions through which an order of evaluation differs from the one written
// down: lane by lane, then the lanes pairwise.
//
// Float accumulators are emptied every 1,024 elements, so that the error of a sum over a vocabulary is that of adding its
// hundred or so parts: about an ulp.
//
// A closure changes its first argument in place: lanes stay in registers, while closures that return lanes run at half
// the speed. Each function calls its closure in one place only, whole blocks and tail alike, so that it is inlined.

/// Σ over blocks of what `add` adds: parts of 64 blocks, then the parts, then the lanes.
@inline(__always)
private func accumulate(blocks: Int, _ add: (inout Lanes, Int) -> Void) -> Float {
  var sum = Lanes.zero
  for start in stride(from: 0, to: blocks, by: 64) {
    var part = Lanes.zero
    for block in start..<min(start &+ 64, blocks) { add(&part, block) }
    sum += part
  }
  return sum.total
}

/// Σ term(x).
/// - Parameter padding: an element whose term is zero.
@inline(__always)
func sumLanes(_ x: Span<Float>, padding: Float = 0, _ term: (inout Lanes) -> Void) -> Float {
  accumulate(blocks: x.paddedBlocks) { sum, block in
    var lanes = x.block(block, padding: padding)
    term(&lanes)
    sum += lanes
  }
}

/// Σ term(x, y).
@inline(__always)
func sumLanes(
  _ x: Span<Float>, _ y: Span<Float>, padding: Float = 0, _ term: (inout Lanes, Lanes) -> Void
) -> Float {
  precondition(x.count == y.count)
  return accumulate(blocks: x.paddedBlocks) { sum, block in
    var lanes = x.block(block, padding: padding)
    term(&lanes, y.block(block, padding: padding))
    sum += lanes
  }
}

/// Σ term(x, y, z).
@inline(__always)
func sumLanes(
  _ x: Span<Float>, _ y: Span<Float>, _ z: Span<Float>, _ term: (inout Lanes, Lanes, Lanes) -> Void
) -> Float {
  precondition(x.count == y.count && x.count == z.count)
  return accumulate(blocks: x.paddedBlocks) { sum, block in
    var lanes = x.block(block, padding: 0)
    term(&lanes, y.block(block, padding: 0), z.block(block, padding: 0))
    sum += lanes
  }
}

extension Span<Float> {
  /// The largest element; −∞ if there is none. Elements that are not numbers lose.
  @inline(__always)
  func maximum() -> Float {
    var top = Lanes(repeating: -.infinity)
    for index in 0..<paddedBlocks { top.formMaximum(block(index, padding: -.infinity)) }
    return top.largest
  }

  /// Σ x² in double precision.
  @inline(__always)
  func sumOfSquares() -> Double {
    var sum = DoubleLanes.zero
    for index in 0..<paddedBlocks { sum.addSquares(block(index, padding: 0)) }
    return sum.total
  }

  /// Σ over rows of the squares in at most sixteen neighbouring columns, in double precision: a cache line a row. Lanes
  /// beyond the range are 0.
  func sumOfSquaresByColumn(_ range: Range<Int>, columns: Int) -> DoubleLanes {
    var sums = DoubleLanes.zero
    for r in 0..<count / columns {
      let strip = extracting(r * columns + range.lowerBound..<r * columns + range.upperBound)
      sums.addSquares(strip.block(0, padding: 0))
    }
    return sums
  }
}
