import CLanes

// Sums and maxima of a row. These are the functions through which an order of evaluation differs from the one written
// down: lane by lane, then the lanes pairwise.
//
// Float accumulators are emptied every 1,024 elements, so that the error of a sum over a vocabulary is that of adding its
// hundred or so parts: about an ulp.
//
// A function changes its first argument in place: lanes stay in registers, while functions that return lanes run at half
// the speed. Why they are types, `Lanes+Updating` tells.

/// Σ f(x).
/// - Parameter padding: an element whose term is zero.
@inline(__always)
func sumLanes(_ x: Span<Float>, padding: Float = 0, _ term: some LaneFunction) -> Float {
  let whole = x.count / Lanes.scalarCount
  var sum = Lanes.zero
  for start in stride(from: 0, to: whole, by: 64) {
    var part = Lanes.zero
    for block in start..<min(start &+ 64, whole) {
      var lanes = x.wholeBlock(block)
      term.form(&lanes)
      part += lanes
    }
    sum += part
  }
  if whole < x.paddedBlocks {
    var lanes = x.block(whole, padding: padding)
    term.form(&lanes)
    sum += lanes
  }
  return sum.total
}

/// Σ f(x, y).
@inline(__always)
func sumLanes(_ x: Span<Float>, _ y: Span<Float>, padding: Float = 0, _ term: some LanePairFunction) -> Float {
  precondition(x.count == y.count)
  let whole = x.count / Lanes.scalarCount
  var sum = Lanes.zero
  for start in stride(from: 0, to: whole, by: 64) {
    var part = Lanes.zero
    for block in start..<min(start &+ 64, whole) {
      var lanes = x.wholeBlock(block)
      term.form(&lanes, y.wholeBlock(block))
      part += lanes
    }
    sum += part
  }
  if whole < x.paddedBlocks {
    var lanes = x.block(whole, padding: padding)
    term.form(&lanes, y.block(whole, padding: padding))
    sum += lanes
  }
  return sum.total
}

/// Two terms of three elements, of two sums. Where all three are 0, so are the terms.
protocol LaneTerms {
  func add(_ x: Lanes, _ y: Lanes, _ z: Lanes, to first: inout Lanes, _ second: inout Lanes)
}

/// Two sums of one pass over three rows. x and y are rows of matrices, whose next rows are asked for in time; z is one for all.
@inline(__always)
func sumLanes(_ x: Span<Float>, _ y: Span<Float>, _ z: Span<Float>, _ terms: some LaneTerms) -> (Float, Float) {
  precondition(x.count == y.count && x.count == z.count)
  var (first, second) = (Lanes.zero, Lanes.zero)
  let whole = x.count / Lanes.scalarCount
  for start in stride(from: 0, to: whole, by: 64) {
    var (part, otherPart) = (Lanes.zero, Lanes.zero)
    for block in start..<min(start &+ 64, whole) {
      x.prefetch(block &* Lanes.scalarCount &+ prefetchDistance)
      y.prefetch(block &* Lanes.scalarCount &+ prefetchDistance)
      terms.add(x.wholeBlock(block), y.wholeBlock(block), z.wholeBlock(block), to: &part, &otherPart)
    }
    first += part
    second += otherPart
  }
  if whole < x.paddedBlocks {
    terms.add(
      x.block(whole, padding: 0), y.block(whole, padding: 0), z.block(whole, padding: 0), to: &first, &second)
  }
  return (first.total, second.total)
}

extension Span<Float> {
  /// The largest element; −∞ if there is none. Elements that are not numbers lose. Four blocks at a time, for one comparison
  /// takes longer than a load.
  @inline(__always)
  func maximum() -> Float {
    var tops = (Lanes(repeating: -.infinity), Lanes(repeating: -.infinity))
    var others = tops
    var index = 0
    while index &+ 4 <= count / Lanes.scalarCount {
      tops.0.formMaximum(block(index, padding: -.infinity))
      tops.1.formMaximum(block(index &+ 1, padding: -.infinity))
      others.0.formMaximum(block(index &+ 2, padding: -.infinity))
      others.1.formMaximum(block(index &+ 3, padding: -.infinity))
      index &+= 4
    }
    while index < paddedBlocks {
      tops.0.formMaximum(block(index, padding: -.infinity))
      index &+= 1
    }
    tops.0.formMaximum(tops.1)
    others.0.formMaximum(others.1)
    tops.0.formMaximum(others.0)
    return tops.0.largest
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

extension InlineArray<16, Lanes> {
  /// The total of each, one a lane: sixteen foldings by one transposition. Halves onto halves, as in ``Lanes/total``.
  var totals: Lanes { @inline(__always) get { folded(by: Sum()) } }

  /// The largest lane of each, one a lane; lanes that are not numbers lose.
  var largest: Lanes { @inline(__always) get { folded(by: Maximum()) } }

  @inline(__always)
  private func folded(by function: some LanePairFunction) -> Lanes {
    var folded = self
    var half = 8
    while half > 0 {
      for index in 0..<half {
        let (one, other) = (folded[index], folded[index &+ half])
        var lower = poise_interleave_lower(one, other)
        function.form(&lower, poise_interleave_upper(one, other))
        folded[index] = lower
      }
      half /= 2
    }
    return folded[0]
  }
}

private struct Sum: LanePairFunction {
  @inline(__always) func form(_ x: inout Lanes, _ y: Lanes) { x += y }
}

private struct Maximum: LanePairFunction {
  @inline(__always) func form(_ x: inout Lanes, _ y: Lanes) { x.formMaximum(y) }
}
