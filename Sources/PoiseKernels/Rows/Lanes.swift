import CLanes

/// Sixteen floats, whatever the instruction set: one register with AVX-512, two with AVX2, four with NEON. The number is
/// part of the results, since it is the order in which sums are taken.
///
/// Policy: only this file and the `Lanes+` files beside it may name the type behind `Lanes`, and kernels use only what
/// they declare and `+ - * /`, comparisons and `replace(with:where:)`. Those are single instructions. Much of the standard
/// library's SIMD vocabulary is a loop over scalars (`pointwiseMax`, `clamped`, `addingProduct`, `squareRoot`, conversions
/// between integers and floats): between ten and a hundred times slower, and nothing at the call shows it. What is needed of
/// it comes from the compiler's own builtins, through `CLanes`.
///
/// Lanes are for reductions and transcendental functions. Everything else is a plain loop, which the compiler vectorises
/// by itself as long as it has no strict order of addition to keep.
typealias Lanes = SIMD16<Float>
typealias IntegerLanes = SIMD16<Int32>
typealias DoubleLanes = SIMD16<Double>

extension Lanes {
  /// Lane-wise maximum. A lane that is not a number loses.
  @inline(__always)
  mutating func formMaximum(_ other: Lanes) { self = poise_maximum(self, other) }

  /// self ← self·x + constant in one rounding: a step of Horner's scheme.
  @inline(__always)
  mutating func multiply(by x: Lanes, adding constant: Float) {
    self = poise_fused_multiply_add(self, x, Lanes(repeating: constant))
  }

  /// self ← self + a·b in one rounding.
  @inline(__always)
  mutating func add(_ a: Lanes, times b: Lanes) { self = poise_fused_multiply_add(a, b, self) }

  /// self ← self + a·b in one rounding.
  @inline(__always)
  mutating func add(_ a: Lanes, times b: Float) { self = poise_fused_multiply_add(a, Lanes(repeating: b), self) }

  /// self ← self − a·b in one rounding.
  @inline(__always)
  mutating func subtract(_ a: Lanes, times b: Float) { self = poise_fused_multiply_add(a, Lanes(repeating: -b), self) }

  /// self ← self·x + y in one rounding.
  @inline(__always)
  mutating func multiply(by x: Lanes, adding y: Lanes) { self = poise_fused_multiply_add(self, x, y) }

  /// The sum of all lanes, pairwise: halves onto halves.
  var total: Float {
    @inline(__always) get {
      let eight = lowHalf + highHalf
      let four = eight.lowHalf + eight.highHalf
      let two = four.lowHalf + four.highHalf
      return two.x + two.y
    }
  }

  /// The largest lane; a lane that is not a number loses.
  var largest: Float {
    @inline(__always) get {
      var eight = lowHalf
      eight.replace(with: highHalf, where: eight .< highHalf)
      var four = eight.lowHalf
      four.replace(with: eight.highHalf, where: four .< eight.highHalf)
      var two = four.lowHalf
      two.replace(with: four.highHalf, where: two .< four.highHalf)
      return two.x < two.y ? two.y : two.x
    }
  }
}

extension DoubleLanes {
  /// self ← self + x. Element by element: that loop becomes conversion instructions, `DoubleLanes(x)` a function call.
  @inline(__always)
  mutating func add(_ x: Lanes) {
    var doubles = DoubleLanes.zero
    for lane in 0..<Lanes.scalarCount { doubles[lane] = Double(x[lane]) }
    self += doubles
  }

  /// self ← self + x², the squares exact.
  @inline(__always)
  mutating func addSquares(_ x: Lanes) {
    var doubles = DoubleLanes.zero
    for lane in 0..<Lanes.scalarCount { doubles[lane] = Double(x[lane]) }
    self += doubles * doubles
  }

  /// The sum of all lanes, pairwise.
  var total: Double {
    @inline(__always) get {
      let eight = lowHalf + highHalf
      let four = eight.lowHalf + eight.highHalf
      let two = four.lowHalf + four.highHalf
      return two.x + two.y
    }
  }
}

// MARK: - Blocks of memory

extension Span<Float> {
  /// How many blocks of sixteen cover the span; the last may need padding.
  var paddedBlocks: Int { @inline(__always) get { (count &+ Lanes.scalarCount &- 1) / Lanes.scalarCount } }

  /// Sixteen elements from `16·index`, those beyond the end replaced by padding.
  /// - Precondition: `index` < ``paddedBlocks``; not checked.
  @inline(__always)
  func block(_ index: Int, padding: Float) -> Lanes {
    let start = index &* Lanes.scalarCount
    guard start &+ Lanes.scalarCount <= count else {
      var lanes = Lanes(repeating: padding)
      copyTail(into: &lanes)
      return lanes
    }
    return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* MemoryLayout<Lanes>.size, as: Lanes.self)
  }

  /// Sixteen elements from `16·index`, all of which exist; not checked.
  @inline(__always)
  func wholeBlock(_ index: Int) -> Lanes {
    unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* MemoryLayout<Lanes>.size, as: Lanes.self)
  }

  /// The elements after the whole blocks. Out of line, so that it takes no registers from the loop around it; through
  /// memory, because lanes that are returned arrive in four small registers.
  @inline(never)
  private func copyTail(into lanes: inout Lanes) {
    let start = count / Lanes.scalarCount * Lanes.scalarCount
    for index in start..<count { lanes[index - start] = self[index] }
  }
}

extension MutableSpan<Float> {
  /// Stores sixteen elements from `16·index`, or as many as there are.
  /// - Precondition: `index` < ``Swift/Span/paddedBlocks``; not checked.
  @inline(__always)
  mutating func setBlock(_ index: Int, to lanes: Lanes) {
    let start = index &* Lanes.scalarCount
    guard start &+ Lanes.scalarCount <= count else {
      var lanes = lanes
      return setTail(to: &lanes)
    }
    var bytes = mutableBytes
    unsafe bytes.storeBytes(of: lanes, toUncheckedByteOffset: index &* MemoryLayout<Lanes>.size, as: Lanes.self)
  }

  /// `inout` for the reason given at `copyTail`.
  @inline(never)
  private mutating func setTail(to lanes: inout Lanes) {
    let start = count / Lanes.scalarCount * Lanes.scalarCount
    for index in start..<count { self[index] = lanes[index - start] }
  }
}

// MARK: - Rows of a matrix

/// Where row `index` of a row-major matrix lies.
@inline(__always)
func rowRange(_ index: Int, of columns: Int) -> Range<Int> { index * columns..<(index + 1) * columns }

/// Rows of a matrix by the few: up to eight, and about as many as stay in the nearest cache. What follows the fold of a row, a
/// division and a square root, takes as long as reading the row; of several rows it waits side by side. From and to memory it is
/// one row at a time, for there the next rows arrive while one is written.
struct RowGroups: Sequence, IteratorProtocol {
  private var start = 0
  private let count: Int
  private let most: Int

  @inline(__always)
  init(of count: Int, columns: Int, pastCaches: Bool) {
    self.count = count
    most = pastCaches ? 1 : Swift.max(1, Swift.min(8, 2_048 / Swift.max(columns, 1)))
  }

  @inline(__always)
  mutating func next() -> Range<Int>? {
    guard start < count else { return nil }
    let rows = start..<Swift.min(start + most, count)
    start = rows.upperBound
    return rows
  }
}
