// log Σ exp and what follows from it. Goals, in order: −∞, +∞, NaN and empty rows pass through; ≤ 2 ulp, of 1 where the
// result is smaller, for rows as long as a vocabulary; one pass over memory, as fast as exponentials.
//
// One pass: exponentials are taken of x − c, where c is the row's first element, while the maximum is looked for. Any c serves,
// as long as no exponential overflows and something is left of the largest: 0 ≤ max x − c ≤ 60. Where that fails (or c is
// infinite) a second pass takes the maximum for c. A row's result depends on the row alone.
//
// A row's sum is made in parts of 1,024 elements, in cache when they are written again. Logarithms are taken of sixteen rows
// at once: of short rows the logarithm would otherwise be the dearest part.

/// max x − c that still has room: e⁶⁰ is 10²⁶.
private let room: Float = 60

/// Rows whose logarithms are taken together.
let rowsTogether = Lanes.scalarCount

/// Σ exp(x − origin) of one row; log Σ exp x = origin + log sum. Where `isDecided`, `origin` is the result itself.
struct RowPartition {
  var origin: Float
  var sum: Float
  var isDecided = false

  /// log Σ exp of one row.
  var logarithm: Float {
    var partitions = LogPartitions()
    partitions.set(0, to: self)
    return partitions.logarithms[0]
  }

  /// The first pass of a row has seen its maximum and sum.
  @inline(__always)
  init(_ x: Span<Float>, origin: Float, top: Float, sum: Float) {
    self.origin = origin
    self.sum = sum
    if !(top - origin <= room) || !(origin > -.infinity) { self = Self(again: x, top: top) }
  }

  /// With the maximum as the origin.
  @inline(never)
  init(again x: Span<Float>, top: Float) {
    (origin, sum) = (top, 1)
    guard top.isFinite else {
      isDecided = true
      for i in x.indices where x[i].isNaN { origin = x[i] }
      return
    }
    sum = sumLanes(x, padding: -.infinity, ScaledExponential(origin: top, factor: 1))
  }
}

/// What goes on beside the reading of a row, block by block. A type rather than a closure, which would be called in two places
/// and then not be inlined.
protocol RowCompanion {
  /// - Parameter exponentials: those of the row's block, −∞ where the row ends.
  mutating func block(_ index: Int, _ exponentials: Lanes)
}

struct NoCompanion: RowCompanion {
  @inline(__always) func block(_ index: Int, _ exponentials: Lanes) {}
}

/// The first pass over a row: Σ exp(x − c), c the first element, and the maximum.
struct RowReading {
  private var sum = Lanes.zero
  private var top = Lanes(repeating: -.infinity)
  private var part = Lanes.zero

  /// The elements behind it are asked for in time.
  @inline(__always)
  mutating func read(_ x: Span<Float>, beside companion: inout some RowCompanion) {
    let origin = x[0]
    let whole = x.count / Lanes.scalarCount
    var block = 0
    while block < whole {
      let end = min(block &+ partCount / Lanes.scalarCount, whole)
      while block < end {
        x.prefetch(block &* Lanes.scalarCount &+ prefetchDistance)
        add(x.wholeBlock(block), block, origin, &companion)
        block &+= 1
      }
      sum += part
      part = Lanes.zero
    }
    guard whole < x.paddedBlocks else { return }
    add(x.block(whole, padding: -.infinity), whole, origin, &companion)
    sum += part
  }

  @inline(__always)
  private mutating func add(_ block: Lanes, _ index: Int, _ origin: Float, _ companion: inout some RowCompanion) {
    top.formMaximum(block)
    var exponentials = block - origin
    exponentials.formDecay()
    part += exponentials
    companion.block(index, exponentials)
  }

  @inline(__always)
  func partition(of x: Span<Float>) -> RowPartition {
    RowPartition(x, origin: x[0], top: top.largest, sum: sum.total)
  }
}

extension Span<Float> {
  /// Σ exp(x − c), c the first element.
  @inline(__always)
  func partition() -> RowPartition {
    guard !isEmpty else { return RowPartition(again: self, top: -.infinity) }
    var (reading, nothing) = (RowReading(), NoCompanion())
    reading.read(self, beside: &nothing)
    return reading.partition(of: self)
  }
}

/// log Σ exp of up to sixteen rows at once. Kept element by element in memory: an element of lanes that is set by a variable index
/// sends them all to memory and back.
struct LogPartitions {
  private var origins = InlineArray<16, Float>(repeating: 0)
  private var sums = InlineArray<16, Float>(repeating: 1)
  private var hasDecided = false

  @inline(__always)
  mutating func set(_ row: Int, to partition: RowPartition) {
    origins[row] = partition.origin
    sums[row] = partition.isDecided ? 0 : partition.sum
    if partition.isDecided { hasDecided = true }
  }

  /// One a row.
  @inline(__always)
  var logarithms: Lanes {
    let (tops, totals) = (Lanes(origins), Lanes(sums))
    var result = totals
    result.formLogarithm(onTopOf: tops)
    result.replace(with: totals, where: totals .!= totals)
    if hasDecided { result.replace(with: tops, where: totals .== 0) }
    return result
  }
}

extension Lanes {
  @inline(__always)
  fileprivate init(_ elements: InlineArray<16, Float>) {
    self = .zero
    for lane in 0..<Lanes.scalarCount { self[lane] = elements[lane] }
  }
}

extension Kernels {
  /// log Σ exp x.
  public func logSumExp(_ x: Span<Float>) -> Float {
    x.partition().logarithm
  }

  /// One log Σ exp a row.
  public func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>) {
    precondition(logits.count == logPartitions.count * columns)
    for first in stride(from: 0, to: logPartitions.count, by: rowsTogether) {
      let rows = min(rowsTogether, logPartitions.count - first)
      let logarithms = self.logarithms(logits, columns: columns, first: first, rows: rows)
      for row in 0..<rows { logPartitions[first + row] = logarithms[row] }
    }
  }

  @inline(__always)
  private func logarithms(_ logits: Span<Float>, columns: Int, first: Int, rows: Int) -> Lanes {
    var partitions = LogPartitions()
    for row in 0..<rows { partitions.set(row, to: logits.extracting(rowRange(first + row, of: columns)).partition()) }
    return partitions.logarithms
  }

  /// Rows of y ← log softmax of rows; ≤ 2 ulp of the larger of a logit and log Σ exp.
  public func logSoftmax(_ logits: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    precondition(columns > 0 && logits.count.isMultiple(of: columns) && y.count == logits.count)
    if columns <= partCount {
      logSoftmaxOfShortRows(logits, columns: columns, &y)
    } else {
      logSoftmaxOfLongRows(logits, columns: columns, &y)
    }
  }

  /// As many rows at once as the nearest cache holds, at most sixteen.
  private func logSoftmaxOfShortRows(_ logits: Span<Float>, columns: Int, _ y: inout MutableSpan<Float>) {
    let pastCaches = logits.isPastCaches
    let rowCount = y.count / columns
    let together = max(1, min(rowsTogether, 4 * partCount / columns))
    for first in stride(from: 0, to: rowCount, by: together) {
      let rows = min(together, rowCount - first)
      let logarithms = self.logarithms(logits, columns: columns, first: first, rows: rows)
      for row in first..<first + rows {
        var writer = RowWriter(
          writing: row, of: &y, columns: columns, from: logits.extracting(rowRange(row, of: columns)), pastCaches: pastCaches,
          Difference(origin: logarithms[row - first]))
        writer.finish()
      }
    }
    finishWriting(pastCaches: pastCaches)
  }

  /// While a row is read, the row before it is written.
  private func logSoftmaxOfLongRows(_ logits: Span<Float>, columns: Int, _ y: inout MutableSpan<Float>) {
    let pastCaches = logits.isPastCaches
    var logPartition = logSumExp(logits.extracting(rowRange(0, of: columns)))
    for row in 1...y.count / columns {
      var writer = RowWriter(
        writing: row - 1, of: &y, columns: columns, from: logits.extracting(rowRange(row - 1, of: columns)),
        pastCaches: pastCaches, Difference(origin: logPartition))
      if row < y.count / columns {
        let x = logits.extracting(rowRange(row, of: columns))
        var reading = RowReading()
        reading.read(x, beside: &writer)
        logPartition = reading.partition(of: x).logarithm
      }
      writer.finish()
    }
    finishWriting(pastCaches: pastCaches)
  }

  /// Rows ← log softmax of rows; ≤ 2 ulp of the larger of a logit and log Σ exp.
  public func logSoftmax(columns: Int, updating logits: consuming MutableSpan<Float>) {
    precondition(columns > 0 && logits.count.isMultiple(of: columns))
    for t in 0..<logits.count / columns {
      var row = logits._mutatingExtracting(rowRange(t, of: columns))
      let logPartition = logSumExp(row.span)
      for i in row.indices { row[i] -= logPartition }
    }
  }
}
