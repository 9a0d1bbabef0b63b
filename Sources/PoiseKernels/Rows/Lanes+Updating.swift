// Elementwise functions that need lanes, because a transcendental function is in them. The closure changes its first
// argument in place; the tail is computed on padding like a block, and only its own elements are stored.

extension MutableSpan<Float> {
  /// self ← f(self).
  @inline(__always)
  mutating func updateLanes(_ form: (inout Lanes) -> Void) {
    for block in 0..<span.paddedBlocks {
      var lanes = span.block(block, padding: 0)
      form(&lanes)
      setBlock(block, to: lanes)
    }
  }

  /// self ← f(x).
  @inline(__always)
  mutating func setLanes(from x: Span<Float>, _ form: (inout Lanes) -> Void) {
    precondition(count == x.count)
    for block in 0..<x.paddedBlocks {
      var lanes = x.block(block, padding: 0)
      form(&lanes)
      setBlock(block, to: lanes)
    }
  }

  /// self ← f(x, y).
  @inline(__always)
  mutating func setLanes(from x: Span<Float>, _ y: Span<Float>, _ form: (inout Lanes, Lanes) -> Void) {
    precondition(count == x.count && count == y.count)
    for block in 0..<x.paddedBlocks {
      var lanes = x.block(block, padding: 0)
      form(&lanes, y.block(block, padding: 0))
      setBlock(block, to: lanes)
    }
  }

  /// The halves of self ← f(the halves of `pairs`, x): x is half as long.
  @inline(__always)
  mutating func setHalves(
    from pairs: Span<Float>, _ x: Span<Float>, _ form: (inout Lanes, inout Lanes, Lanes) -> Void
  ) {
    precondition(count == pairs.count && count == 2 * x.count)
    let firsts = pairs.extracting(first: x.count)
    let seconds = pairs.extracting(last: x.count)
    for block in 0..<x.paddedBlocks {
      var first = firsts.block(block, padding: 0)
      var second = seconds.block(block, padding: 0)
      form(&first, &second, x.block(block, padding: 0))
      var half = _mutatingExtracting(first: x.count)
      half.setBlock(block, to: first)
      half = _mutatingExtracting(last: x.count)
      half.setBlock(block, to: second)
    }
  }
}
