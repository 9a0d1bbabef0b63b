import CLanes

// log Σ exp and what follows from it. Goals, in order: −∞, +∞, NaN and empty rows pass through; ≤ 2 ulp, of 1 where the
// result is smaller, for rows as long as a vocabulary; one pass over memory, as fast as exponentials.
//
// One pass: exponentials are taken of x − c, where c is the row's first element. Any c serves, as long as no exponential
// overflows and something is left of the largest: Σ exp(x − c), of which c itself is 1, tells. Where it is beyond e⁶⁰ or no number,
// a second pass takes the maximum for c. A row's result depends on the row alone.
//
// A row's sum is made in parts of 1,024 elements, in cache when they are written again. Rows come in groups of up to sixteen: their
// lanes are folded by one transposition, in the order of a lone row, and their logarithms are taken at once. Of short rows they
// would otherwise be the dearest part.

/// Larger sums have no room, and neither have those that are no number.
private let largestSum: Float = 0x1p86

/// Rows whose sums are folded, and whose logarithms are taken, together.
let rowsTogether = Lanes.scalarCount

/// Rows that are read before the first of them is written: as many as the nearest cache holds.
func rowsInCache(columns: Int) -> Int { max(1, min(rowsTogether, 4 * partCount / columns)) }

/// What goes on beside the reading of a row, block by block. A type rather than a closure, which would be called in two places
/// and then not be inlined. Nothing in it changes, so that it stays in registers.
protocol RowCompanion {
  /// - Parameter exponentials: those of the row's block.
  func block(_ index: Int, _ exponentials: Lanes)
  /// - Parameter exponentials: those of the elements behind the whole blocks, if there are any, and 0.
  func lastBlock(_ index: Int, _ exponentials: Lanes)
}

struct NoCompanion: RowCompanion {
  @inline(__always) func block(_ index: Int, _ exponentials: Lanes) {}
  @inline(__always) func lastBlock(_ index: Int, _ exponentials: Lanes) {}
}

/// The first pass over a row: Σ exp(x − c), c the first element.
struct RowReading {
  /// Not folded yet.
  private(set) var sums = Lanes.zero

  /// The elements behind it are asked for in time.
  @inline(__always)
  mutating func read(_ x: Span<Float>, beside companion: some RowCompanion) {
    let origin = x[0]
    let whole = x.count / Lanes.scalarCount
    var sum = Lanes.zero
    var block = 0
    while block < whole {
      let end = min(block &+ partCount / Lanes.scalarCount, whole)
      var part = Lanes.zero
      while block < end {
        x.prefetch(block &* Lanes.scalarCount &+ prefetchDistance)
        var exponentials = x.wholeBlock(block)
        exponentials.formExponential(above: origin)
        part += exponentials
        companion.block(block, exponentials)
        block &+= 1
      }
      sum += part
    }
    if whole < x.paddedBlocks {
      var exponentials = x.block(whole, padding: -.infinity)
      exponentials.formExponential(above: origin)
      sum += exponentials
      companion.lastBlock(whole, exponentials)
    }
    sums = sum
  }
}

extension Lanes {
  /// self ← exp(self − origin), and e⁸⁸, too large a sum for a row, where that is larger.
  @inline(__always)
  fileprivate mutating func formExponential(above origin: Float) {
    self = poise_minimum(self - origin, Lanes(repeating: 88))
    formDecay()
  }
}

/// Σ exp(x − origin) of one row; log Σ exp x = origin + log sum. Where the sum is no number, the origin is the result itself.
struct RowPartition {
  private(set) var origin: Float
  private(set) var sum: Float

  /// The first pass of a row gave this sum.
  @inline(__always)
  init(_ x: Span<Float>, sum: Float) {
    (origin, self.sum) = (x[0], sum)
    if !(sum <= largestSum) { self = Self(again: x) }
  }

  /// With the maximum as the origin. Elements that are no numbers are looked for: neither the maximum nor an exponent that stops at a
  /// bound shows them.
  @inline(never)
  private init(again x: Span<Float>) {
    (origin, sum) = (x.maximum(), .nan)
    for i in x.indices where x[i].isNaN { origin = x[i] }
    guard origin.isFinite else { return }
    sum = sumLanes(x, padding: -.infinity, ScaledExponential(origin: origin, factor: 1))
  }
}

/// log Σ exp of up to sixteen rows at once. Kept row by row in memory: an element of lanes that is set by a variable index
/// sends them all to memory and back.
struct LogPartitions {
  private var readings = InlineArray<16, Lanes>(repeating: .zero)
  private var origins = InlineArray<16, Float>(repeating: 0)
  private var sums = InlineArray<16, Float>(repeating: 0)
  /// Whether an origin is not the row's first element.
  private(set) var hasMoved = false

  @inline(__always)
  mutating func set(_ row: Int, to reading: RowReading, of x: Span<Float>) {
    readings[row] = reading.sums
    origins[row] = x[0]
  }

  /// log Σ exp of the rows, all of which have been set: one a lane.
  @inline(__always)
  mutating func logarithms(_ logits: Span<Float>, columns: Int, rows: Range<Int>) -> Lanes {
    var totals = readings.totals
    var lost = Lanes(repeating: 1)
    lost.replace(with: Lanes.zero, where: totals .<= largestSum)
    hasMoved = lost.largest > 0
    for row in 0..<Lanes.scalarCount { sums[row] = totals[row] }
    if hasMoved {
      readAgain(logits, columns, rows)
      totals = Lanes(sums)
    }
    let tops = Lanes(origins)
    var result = totals
    result.formLogarithm(onTopOf: tops)
    result.replace(with: tops, where: totals .!= totals)
    return result
  }

  @inline(never)
  private mutating func readAgain(_ logits: Span<Float>, _ columns: Int, _ rows: Range<Int>) {
    for row in rows {
      let index = row - rows.lowerBound
      let partition = RowPartition(logits.extracting(rowRange(row, of: columns)), sum: sums[index])
      (origins[index], sums[index]) = (partition.origin, partition.sum)
    }
  }

  /// Of a row whose logarithm has been taken.
  @inline(__always)
  subscript(row: Int) -> (origin: Float, sum: Float) { (origins[row], sums[row]) }
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
    guard !x.isEmpty else { return -.infinity }
    var reading = RowReading()
    reading.read(x, beside: NoCompanion())
    let partition = RowPartition(x, sum: reading.sums.total)
    var result = Lanes(repeating: partition.sum)
    result.formLogarithm(onTopOf: Lanes(repeating: partition.origin))
    return partition.sum.isNaN ? partition.origin : result[0]
  }

  /// One log Σ exp a row.
  public func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>) {
    precondition(logits.count == logPartitions.count * columns)
    guard columns > 0 else { return logPartitions.update(repeating: -.infinity) }
    var partitions = LogPartitions()
    for first in stride(from: 0, to: logPartitions.count, by: rowsTogether) {
      let rows = first..<min(first + rowsTogether, logPartitions.count)
      for row in rows {
        let x = logits.extracting(rowRange(row, of: columns))
        var reading = RowReading()
        reading.read(x, beside: NoCompanion())
        partitions.set(row - first, to: reading, of: x)
      }
      let logarithms = partitions.logarithms(logits, columns: columns, rows: rows)
      for row in rows { logPartitions[row] = logarithms[row - first] }
    }
  }

  /// Rows of y ← log softmax of rows; ≤ 2 ulp of the larger of a logit and log Σ exp. While a group of rows is read, the group before
  /// it is written.
  public func logSoftmax(_ logits: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    precondition(columns > 0 && logits.count.isMultiple(of: columns) && y.count == logits.count)
    let pastCaches = logits.isPastCaches
    let (rowCount, together) = (y.count / columns, rowsInCache(columns: columns))
    var (partitions, logarithms, before) = (LogPartitions(), Lanes.zero, 0..<0)
    // The last group is empty.
    for first in stride(from: 0, to: rowCount + together, by: together) {
      let rows = min(first, rowCount)..<min(first + together, rowCount)
      for index in 0..<max(rows.count, before.count) {
        let x = logits.extracting(rowRange(index < rows.count ? first + index : 0, of: columns))
        var reading = RowReading()
        if index < before.count {
          let row = before.lowerBound + index
          let writer = RowWriter(
            writing: row, of: &y, columns: columns, from: logits.extracting(rowRange(row, of: columns)), pastCaches: pastCaches,
            Difference(origin: logarithms[index]))
          if index < rows.count { reading.read(x, beside: writer) } else { writer.write() }
        } else {
          reading.read(x, beside: NoCompanion())
        }
        if index < rows.count { partitions.set(index, to: reading, of: x) }
      }
      logarithms = partitions.logarithms(logits, columns: columns, rows: rows)
      before = rows
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
