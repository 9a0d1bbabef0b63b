// What the machine can do at best: the limits that the other kernels are measured against. Goals: nothing between the loop and
// the hardware; results that a twin can check all the same.

/// Six chains: with AVX2 they and two constants fill fourteen of sixteen registers.
private struct Chains {
  var a = Lanes.zero
  var b = Lanes.zero
  var c = Lanes.zero
  var d = Lanes.zero
  var e = Lanes.zero
  var f = Lanes.zero

  static let count = 6

  @inline(__always)
  init(_ x: Span<Float>, first: Int) {
    a = x.block(first, padding: 0)
    b = x.block(first + 1, padding: 0)
    c = x.block(first + 2, padding: 0)
    d = x.block(first + 3, padding: 0)
    e = x.block(first + 4, padding: 0)
    f = x.block(first + 5, padding: 0)
  }

  /// Every chain ← ½·chain + x.
  @inline(__always)
  mutating func multiplyAdd(_ half: Lanes, _ x: Lanes) {
    a.multiply(by: half, adding: x)
    b.multiply(by: half, adding: x)
    c.multiply(by: half, adding: x)
    d.multiply(by: half, adding: x)
    e.multiply(by: half, adding: x)
    f.multiply(by: half, adding: x)
  }

  @inline(__always)
  func store(in y: inout MutableSpan<Float>, first: Int) {
    y.setBlock(first, to: a)
    y.setBlock(first + 1, to: b)
    y.setBlock(first + 2, to: c)
    y.setBlock(first + 3, to: d)
    y.setBlock(first + 4, to: e)
    y.setBlock(first + 5, to: f)
  }
}

extension Kernels {
  /// Σ x by six sums that do not wait for each other; an error of a rounding per 96 elements.
  public func sum(_ x: Span<Float>) -> Float {
    var (a, b, c) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var (d, e, f) = (Lanes.zero, Lanes.zero, Lanes.zero)
    let sixes = x.count / Lanes.scalarCount / 6 * 6
    for block in stride(from: 0, to: sixes, by: 6) {
      a += x.wholeBlock(block)
      b += x.wholeBlock(block &+ 1)
      c += x.wholeBlock(block &+ 2)
      d += x.wholeBlock(block &+ 3)
      e += x.wholeBlock(block &+ 4)
      f += x.wholeBlock(block &+ 5)
    }
    var rest = Lanes.zero
    for block in sixes..<x.paddedBlocks { rest += x.block(block, padding: 0) }
    return ((a + b) + (c + d) + ((e + f) + rest)).total
  }

  /// y ← x; exact. By lanes: for x86-64-v4 the compiler makes plain loops half as wide as the registers are.
  public func copy(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    precondition(x.count == y.count)
    let whole = x.count / Lanes.scalarCount
    for block in 0..<whole { y.setWholeBlock(block, to: x.wholeBlock(block)) }
    if whole < x.paddedBlocks { y.setBlock(whole, to: x.block(whole, padding: 0)) }
  }

  /// accumulators ← ½·accumulators + x; a rounding a round, of which all but the last few are halved away: ≤ 1 ulp.
  public func multiplyAdd(_ x: Float, rounds: Int, updating accumulators: consuming MutableSpan<Float>) {
    let (half, added) = (Lanes(repeating: 0.5), Lanes(repeating: x))
    precondition(accumulators.count == Chains.count * 16 || accumulators.count == 2 * Chains.count * 16)
    var first = Chains(accumulators.span, first: 0)
    if accumulators.count == Chains.count * 16 {
      for _ in 0..<rounds { first.multiplyAdd(half, added) }
    } else {
      var second = Chains(accumulators.span, first: Chains.count)
      for _ in 0..<rounds {
        first.multiplyAdd(half, added)
        second.multiplyAdd(half, added)
      }
      second.store(in: &accumulators, first: Chains.count)
    }
    first.store(in: &accumulators, first: 0)
  }
}
