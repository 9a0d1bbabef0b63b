import CLanes

// Elementwise functions that need lanes, because a transcendental function is in them. A function is a type rather than a closure:
// whole blocks and the tail call it in two places, and a closure that is called twice, or is long, is not inlined. The tail is
// computed on padding like a block, and only its own elements are stored.

/// x ← f(x).
protocol LaneFunction {
  func form(_ x: inout Lanes)
}

/// x, for sums of elements as they are.
struct Identity: LaneFunction {
  @inline(__always) func form(_ x: inout Lanes) {}
}

/// x ← f(x, y).
protocol LanePairFunction {
  func form(_ x: inout Lanes, _ y: Lanes)
}

/// x ← f(x, y, z).
protocol LaneMap {
  func form(_ x: inout Lanes, _ y: Lanes, _ z: Lanes)
}

/// Adds functions of x, y, z to a, b, c.
protocol LaneSums {
  func add(_ x: Lanes, _ y: Lanes, _ z: Lanes, to a: inout Lanes, _ b: inout Lanes, _ c: inout Lanes)
}

/// (x, y) ← f(x, y, z).
protocol LaneTripleFunction {
  func form(_ x: inout Lanes, _ y: inout Lanes, _ z: Lanes)
}

/// Results larger than this are stored past the caches: whoever reads them will find them in memory anyway, and memory need not be
/// read before it is written. Half of the third cache of a server, which is rarely one program's alone.
let leastBytesPastCaches = 16 << 20

/// Whether results are stored past the caches, of a kernel whose inputs and results are so many elements together. For those that
/// compute something meanwhile: a mere copy of 2 × 3 MiB is faster within the caches.
@inline(__always)
func arePastCaches(elements: Int) -> Bool { elements &* MemoryLayout<Float>.stride >= leastBytesPastCaches }

/// How far ahead of a pass over memory its inputs are asked for, in elements: what a core reads during one access, and a page
/// more, where prefetchers stop.
let prefetchDistance = 2_048

extension MutableSpan<Float> {
  /// self ← f(self).
  @inline(__always)
  mutating func updateLanes(_ function: some LaneFunction) {
    let whole = count / Lanes.scalarCount
    for block in 0..<whole {
      var lanes = span.wholeBlock(block)
      function.form(&lanes)
      setWholeBlock(block, to: lanes)
    }
    guard whole < span.paddedBlocks else { return }
    var lanes = span.block(whole, padding: 0)
    function.form(&lanes)
    setBlock(whole, to: lanes)
  }

  /// self ← f(self, y).
  @inline(__always)
  mutating func updateLanes(with y: Span<Float>, _ function: some LanePairFunction) {
    precondition(count == y.count)
    let whole = count / Lanes.scalarCount
    for block in 0..<whole {
      var lanes = span.wholeBlock(block)
      function.form(&lanes, y.wholeBlock(block))
      setWholeBlock(block, to: lanes)
    }
    guard whole < y.paddedBlocks else { return }
    var lanes = span.block(whole, padding: 0)
    function.form(&lanes, y.block(whole, padding: 0))
    setBlock(whole, to: lanes)
  }

  /// self ← f(x).
  @inline(__always)
  mutating func setLanes(from x: Span<Float>, _ function: some LaneFunction, pastCaches: Bool = false) {
    precondition(count == x.count)
    let whole = count / Lanes.scalarCount
    let streams = pastCaches && isAligned
    for block in 0..<whole {
      x.prefetch(block &* Lanes.scalarCount &+ prefetchDistance)
      var lanes = x.wholeBlock(block)
      function.form(&lanes)
      if streams {
        setBlockPastCaches(block, to: lanes)
      } else {
        span.prefetchForWriting(block &* Lanes.scalarCount &+ prefetchDistance)
        setWholeBlock(block, to: lanes)
      }
    }
    guard whole < x.paddedBlocks else { return }
    var lanes = x.block(whole, padding: 0)
    function.form(&lanes)
    setBlock(whole, to: lanes)
  }

  /// self ← f(x, y).
  ///
  /// - Parameter ahead: how far behind an element of x, and of y, the next rows of theirs are asked for.
  @inline(__always)
  mutating func setLanes(
    from x: Span<Float>, _ y: Span<Float>, _ function: some LanePairFunction, ahead: Int = prefetchDistance,
    pastCaches: Bool = false
  ) {
    precondition(count == x.count && count == y.count)
    let whole = count / Lanes.scalarCount
    let streams = pastCaches && isAligned
    for block in 0..<whole {
      x.prefetch(block &* Lanes.scalarCount &+ ahead)
      y.prefetch(block &* Lanes.scalarCount &+ ahead)
      var lanes = x.wholeBlock(block)
      function.form(&lanes, y.wholeBlock(block))
      if streams {
        setBlockPastCaches(block, to: lanes)
      } else {
        span.prefetchForWriting(block &* Lanes.scalarCount &+ prefetchDistance)
        setWholeBlock(block, to: lanes)
      }
    }
    guard whole < x.paddedBlocks else { return }
    var lanes = x.block(whole, padding: 0)
    function.form(&lanes, y.block(whole, padding: 0))
    setBlock(whole, to: lanes)
  }

  /// self ← f(x, y), a block for each that is read of another row, `next`: reading, folding and writing then overlap, which they do
  /// not by turns of a row. Returns Σ term(next), the same as `sumLanes` gives. Rows of x follow one another.
  @inline(__always)
  mutating func setLanes(
    from x: Span<Float>, _ y: Span<Float>, _ function: some LanePairFunction, summing next: Span<Float>,
    _ term: some LaneFunction, pastCaches: Bool
  ) -> Float {
    precondition(count == x.count && count == y.count && count == next.count)
    let whole = count / Lanes.scalarCount
    let streams = pastCaches && isAligned
    var sum = Lanes.zero
    for start in stride(from: 0, to: whole, by: 64) {
      var part = Lanes.zero
      for block in start..<Swift.min(start &+ 64, whole) {
        if pastCaches { x.prefetch(block &* Lanes.scalarCount &+ prefetchDistance) }
        var lanes = x.wholeBlock(block)
        function.form(&lanes, y.wholeBlock(block))
        if streams { setBlockPastCaches(block, to: lanes) } else { setWholeBlock(block, to: lanes) }
        lanes = next.wholeBlock(block)
        term.form(&lanes)
        part += lanes
      }
      sum += part
    }
    guard whole < x.paddedBlocks else { return sum.total }
    var lanes = x.block(whole, padding: 0)
    function.form(&lanes, y.block(whole, padding: 0))
    setBlock(whole, to: lanes)
    lanes = next.block(whole, padding: 0)
    term.form(&lanes)
    sum += lanes
    return sum.total
  }

  /// self ← f(x, y, z): x is a row of a matrix, y and z are one for all.
  ///
  /// - Parameter asksAhead: x is not in cache from an earlier reading.
  @inline(__always)
  mutating func setLanes(
    from x: Span<Float>, _ y: Span<Float>, _ z: Span<Float>, _ function: some LaneMap, asksAhead: Bool = false,
    pastCaches: Bool = false
  ) {
    precondition(count == x.count && count == y.count && count == z.count)
    let whole = count / Lanes.scalarCount
    let streams = pastCaches && isAligned
    for block in 0..<whole {
      if asksAhead { x.prefetch(block &* Lanes.scalarCount &+ prefetchDistance) }
      var lanes = x.wholeBlock(block)
      function.form(&lanes, y.wholeBlock(block), z.wholeBlock(block))
      if streams { setBlockPastCaches(block, to: lanes) } else { setWholeBlock(block, to: lanes) }
    }
    guard whole < x.paddedBlocks else { return }
    var lanes = x.block(whole, padding: 0)
    function.form(&lanes, y.block(whole, padding: 0), z.block(whole, padding: 0))
    setBlock(whole, to: lanes)
  }

  /// self ← f(x, y, z), or that added to it; (b, c) ← (b, c) + f(x, y, z).
  ///
  /// - Parameter c: empty where f has no third sum.
  @inline(__always)
  mutating func setLanes(
    adding: Bool, of x: Span<Float>, _ y: Span<Float>, _ z: Span<Float>, addingTo b: inout MutableSpan<Float>,
    _ c: inout MutableSpan<Float>, _ function: some LaneSums, pastCaches: Bool = false
  ) {
    precondition(count == x.count && count == y.count && count == z.count && count == b.count)
    precondition(c.isEmpty || count == c.count)
    let whole = count / Lanes.scalarCount
    let hasThird = !c.isEmpty
    let streams = pastCaches && !adding && isAligned
    for block in 0..<whole {
      var sums = (Lanes.zero, b.span.wholeBlock(block), Lanes.zero)
      if adding {
        span.prefetchForWriting(block &* Lanes.scalarCount &+ prefetchDistance)
        sums.0 = span.wholeBlock(block)
      }
      if hasThird { sums.2 = c.span.wholeBlock(block) }
      function.add(x.wholeBlock(block), y.wholeBlock(block), z.wholeBlock(block), to: &sums.0, &sums.1, &sums.2)
      if streams { setBlockPastCaches(block, to: sums.0) } else { setWholeBlock(block, to: sums.0) }
      b.setWholeBlock(block, to: sums.1)
      if hasThird { c.setWholeBlock(block, to: sums.2) }
    }
    guard whole < x.paddedBlocks else { return }
    var sums = (Lanes.zero, b.span.block(whole, padding: 0), Lanes.zero)
    if adding { sums.0 = span.block(whole, padding: 0) }
    if hasThird { sums.2 = c.span.block(whole, padding: 0) }
    function.add(
      x.block(whole, padding: 0), y.block(whole, padding: 0), z.block(whole, padding: 0), to: &sums.0, &sums.1, &sums.2)
    setBlock(whole, to: sums.0)
    b.setBlock(whole, to: sums.1)
    if hasThird { c.setBlock(whole, to: sums.2) }
  }

  /// The halves of self ← f(the halves of `pairs`, x): x is half as long.
  @inline(__always)
  mutating func setHalves(
    from pairs: Span<Float>, _ x: Span<Float>, _ function: some LaneTripleFunction, pastCaches: Bool = false
  ) {
    precondition(count == pairs.count && count == 2 * x.count)
    let (firsts, seconds) = (pairs.extracting(first: x.count), pairs.extracting(last: x.count))
    let whole = x.count / Lanes.scalarCount
    let streams = pastCaches && isAligned && x.count.isMultiple(of: Lanes.scalarCount)
    // The other half lies between a half and its next row.
    let ahead = Swift.max(2 &* prefetchDistance, 2 &* x.count)
    for block in 0..<whole {
      firsts.prefetch(block &* Lanes.scalarCount &+ ahead)
      seconds.prefetch(block &* Lanes.scalarCount &+ ahead)
      x.prefetch(block &* Lanes.scalarCount &+ ahead / 2)
      var (first, second) = (firsts.wholeBlock(block), seconds.wholeBlock(block))
      function.form(&first, &second, x.wholeBlock(block))
      if streams {
        setBlockPastCaches(block, to: first)
        setBlockPastCaches(whole &+ block, to: second)
      } else {
        span.prefetchForWriting(block &* Lanes.scalarCount &+ 2 &* prefetchDistance)
        setWholeBlock(block, to: first)
        var half = _mutatingExtracting(last: x.count)
        half.setWholeBlock(block, to: second)
      }
    }
    guard whole < x.paddedBlocks else { return }
    var (first, second) = (firsts.block(whole, padding: 0), seconds.block(whole, padding: 0))
    function.form(&first, &second, x.block(whole, padding: 0))
    var half = _mutatingExtracting(first: x.count)
    half.setBlock(whole, to: first)
    half = _mutatingExtracting(last: x.count)
    half.setBlock(whole, to: second)
  }

  /// Stores sixteen elements from `16·index`, all of which exist; not checked.
  @inline(__always)
  mutating func setWholeBlock(_ index: Int, to lanes: Lanes) {
    var bytes = mutableBytes
    unsafe bytes.storeBytes(of: lanes, toUncheckedByteOffset: index &* MemoryLayout<Lanes>.size, as: Lanes.self)
  }

  /// The same past the caches; the span begins with a cache line.
  @inline(__always)
  private mutating func setBlockPastCaches(_ index: Int, to lanes: Lanes) {
    unsafe withUnsafeMutableBufferPointer {
      unsafe poise_store_past_caches(lanes, $0.baseAddress.unsafelyUnwrapped + index &* Lanes.scalarCount)
    }
  }

  /// Whether the first element begins a cache line.
  private var isAligned: Bool {
    @inline(__always) mutating get {
      unsafe withUnsafeMutableBufferPointer { UInt(bitPattern: $0.baseAddress) % 64 == 0 }
    }
  }
}

/// After stores past the caches.
@inline(__always)
func finishWriting(pastCaches: Bool) { if pastCaches { poise_order_stores() } }

extension Span<Float> {
  /// Asks for the element `index`, which need not exist, before it is needed.
  @inline(__always)
  func prefetch(_ index: Int) {
    unsafe withUnsafeBufferPointer { unsafe poise_prefetch($0.baseAddress.unsafelyUnwrapped + index) }
  }

  @inline(__always)
  func prefetchForWriting(_ index: Int) {
    unsafe withUnsafeBufferPointer { unsafe poise_prefetch_for_writing($0.baseAddress.unsafelyUnwrapped + index) }
  }

  /// Whether a result as long as this is stored past the caches.
  var isPastCaches: Bool { @inline(__always) get { arePastCaches(elements: count) } }
}
