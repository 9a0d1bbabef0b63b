import CLanes

/// Elements of a row that are taken before another row has its turn: they stay in the nearest cache.
let partCount = 1_024

/// x − origin.
struct Difference: LaneFunction {
  let origin: Float
  @inline(__always) func form(_ x: inout Lanes) { x -= origin }
}

/// factor · x.
struct Multiple: LaneFunction {
  let factor: Float
  @inline(__always) func form(_ x: inout Lanes) { x *= factor }
}

/// factor · exp(x − origin).
struct ScaledExponential: LaneFunction {
  let origin: Float
  let factor: Float
  @inline(__always)
  func form(_ x: inout Lanes) {
    x -= origin
    x.formDecay()
    x *= factor
  }
}

/// A row that is written block by block while another is read, as a function of a row read before: memory and arithmetic then
/// work at once. Past the caches where the matrix is larger than they are.
struct RowWriter<Function: LaneFunction>: RowCompanion {
  private let source: UnsafePointer<Float>
  private let target: UnsafeMutablePointer<Float>
  private let count: Int
  private let pastCaches: Bool
  private let asksAhead: Bool
  private let function: Function
  /// Next element to write.
  private var index = 0

  /// Pointers, because a span cannot be kept beside another that is borrowed from the same matrix; they live as long as the
  /// kernel's call.
  ///
  /// - Parameter asksAhead: x is not in cache from an earlier reading.
  @inline(__always)
  init(
    writing row: Int, of y: inout MutableSpan<Float>, columns: Int, from x: Span<Float>, pastCaches: Bool,
    asksAhead: Bool = false, _ function: Function
  ) {
    precondition(x.count == columns && (row + 1) * columns <= y.count)
    count = columns
    self.pastCaches = pastCaches
    self.asksAhead = asksAhead
    self.function = function
    source = unsafe x.withUnsafeBufferPointer { unsafe $0.baseAddress! }
    target = unsafe y.withUnsafeMutableBufferPointer { unsafe $0.baseAddress! + row * columns }
    if pastCaches { writeFew(upTo: min(elementsToCacheLine, count)) }
  }

  /// One block, if there is one.
  @inline(__always)
  mutating func writeBlock() {
    guard index &+ Lanes.scalarCount <= count else { return }
    if asksAhead { unsafe poise_prefetch(source + index + prefetchDistance) }
    var lanes = unsafe UnsafeRawPointer(source + index).loadUnaligned(as: Lanes.self)
    function.form(&lanes)
    if pastCaches {
      unsafe poise_store_past_caches(lanes, target + index)
    } else {
      unsafe UnsafeMutableRawPointer(target + index).storeBytes(of: lanes, as: Lanes.self)
    }
    index &+= Lanes.scalarCount
  }

  /// One block of this row for each that is read of another.
  @inline(__always)
  mutating func block(_ index: Int, _ exponentials: Lanes) { writeBlock() }

  /// What is left.
  @inline(__always)
  mutating func finish() {
    while index &+ Lanes.scalarCount <= count { writeBlock() }
    if index < count { writeFew(upTo: count) }
  }

  /// Fewer than sixteen elements.
  private mutating func writeFew(upTo end: Int) {
    var lanes = Lanes.zero
    for element in index..<end { lanes[element - index] = unsafe source[element] }
    function.form(&lanes)
    for element in index..<end { unsafe target[element] = lanes[element - index] }
    index = end
  }

  /// Elements before the first cache line begins.
  private var elementsToCacheLine: Int {
    Int((64 - UInt(bitPattern: target) % 64) % 64) / MemoryLayout<Float>.stride
  }
}
