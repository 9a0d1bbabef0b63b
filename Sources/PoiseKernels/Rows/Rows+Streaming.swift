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
  /// Where whole blocks begin.
  private let source: UnsafePointer<Float>
  private let target: UnsafeMutablePointer<Float>
  private let blocks: Int
  private let pastCaches: Bool
  private let asksAhead: Bool
  private let function: Function

  /// Writes what is no whole block, or no whole cache line past the caches: x may be replaced behind a block as soon as it is written.
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
    let start = unsafe x.withUnsafeBufferPointer { $0.baseAddress! }
    let end = unsafe y.withUnsafeMutableBufferPointer { unsafe $0.baseAddress! + row * columns }
    let head = pastCaches ? min(columns, Int((64 - UInt(bitPattern: end) % 64) % 64) / MemoryLayout<Float>.stride) : 0
    blocks = (columns - head) / Lanes.scalarCount
    unsafe (source, target) = (start + head, end + head)
    self.pastCaches = pastCaches
    self.asksAhead = asksAhead
    self.function = function
    if head > 0 { unsafe Self.writeFew(head, from: start, to: end, function) }
    let whole = head + blocks * Lanes.scalarCount
    if whole < columns { unsafe Self.writeFew(columns - whole, from: start + whole, to: end + whole, function) }
  }

  /// All blocks.
  @inline(__always)
  func write() { for index in 0..<blocks { writeBlock(index) } }

  /// One block of this row for each that is read of another as long.
  @inline(__always)
  func block(_ index: Int, _ exponentials: Lanes) { if index < blocks { writeBlock(index) } }
  @inline(__always)
  func lastBlock(_ index: Int, _ exponentials: Lanes) {}

  @inline(__always)
  private func writeBlock(_ index: Int) {
    let start = index &* Lanes.scalarCount
    if asksAhead { unsafe poise_prefetch(source + start + prefetchDistance) }
    var lanes = unsafe UnsafeRawPointer(source + start).loadUnaligned(as: Lanes.self)
    function.form(&lanes)
    if pastCaches {
      unsafe poise_store_past_caches(lanes, target + start)
    } else {
      unsafe UnsafeMutableRawPointer(target + start).storeBytes(of: lanes, as: Lanes.self)
    }
  }

  /// Fewer than sixteen elements.
  @inline(never)
  private static func writeFew(
    _ count: Int, from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ function: Function
  ) {
    var lanes = Lanes.zero
    for element in 0..<count { lanes[element] = unsafe source[element] }
    function.form(&lanes)
    for element in 0..<count { unsafe target[element] = lanes[element] }
  }
}
