import CLanes

// Log-probabilities of targets and the backward seed of every objective. Goals, in order: rows without a target become
// exactly 0; a seed's error is a few ulp of Σ|c|, the magnitude of what is subtracted; fast.

extension Kernels {
  /// log π of target n = logits[rows[n], targets[n]] − logPartitions[rows[n]]; ½ ulp of the difference.
  public func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, rows: Span<Int32>, targets: Span<Int32>,
    into logProbabilities: consuming MutableSpan<Float>
  ) {
    precondition(logits.count == logPartitions.count * columns)
    precondition(rows.count == targets.count && rows.count == logProbabilities.count)
    for n in rows.indices {
      let row = logits.extracting(rowRange(Int(rows[n]), of: columns))
      logProbabilities[n] = row[Int(targets[n])] - logPartitions[Int(rows[n])]
    }
  }

  /// Row r ← Σ_{n: rows[n] = r} c_n (onehot(targets[n]) − softmax(logits_r)): one softmax a row, however many targets.
  public func logProbabilityBackward(
    coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>, columns: Int,
    updating logits: consuming MutableSpan<Float>
  ) {
    precondition(logits.count == logPartitions.count * columns)
    var seeds = RowSeeds(coefficients: coefficients, rows: rows, targets: targets)
    for r in logPartitions.indices {
      var row = logits._mutatingExtracting(rowRange(r, of: columns))
      guard let total = seeds.total(row: r) else {
        for i in row.indices { row[i] = 0 }
        continue
      }
      let logPartition = logPartitions[r]
      row.updateLanes(ScaledExponential(origin: logPartition, factor: -total))
      seeds.addTargets(to: &row)
    }
    seeds.requireAllUsed()
  }

  /// The same out of place, for logits that are wanted again.
  public func logProbabilityBackward(
    _ logits: Span<Float>, coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>,
    columns: Int, into dLogits: consuming MutableSpan<Float>
  ) {
    precondition(logits.count == logPartitions.count * columns && dLogits.count == logits.count)
    let pastCaches = logits.isPastCaches
    var seeds = RowSeeds(coefficients: coefficients, rows: rows, targets: targets)
    for r in logPartitions.indices {
      guard let total = seeds.total(row: r) else {
        var row = dLogits._mutatingExtracting(rowRange(r, of: columns))
        row.update(repeating: 0)
        continue
      }
      let x = logits.extracting(rowRange(r, of: columns))
      let writer = RowWriter(
        writing: r, of: &dLogits, columns: columns, from: x, pastCaches: pastCaches, asksAhead: true,
        ScaledExponential(origin: logPartitions[r], factor: -total))
      writer.write()
      var row = dLogits._mutatingExtracting(rowRange(r, of: columns))
      seeds.addTargets(to: &row)
    }
    seeds.requireAllUsed()
    finishWriting(pastCaches: pastCaches)
  }

  /// log π of one target a row and, since its coefficient c is known beforehand, the gradient of Σ c·log π to the logits: one pass
  /// over memory and one exponential an element; 1 ulp of the larger of logits and log π, 2 ulp of |c|. Rows whose coefficient is 0
  /// are not read; gradient and log π are 0.
  ///
  /// - Parameter scratch: holds the exponentials of rows until their sums are known.
  public func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, coefficients: Span<Float>, scratch: consuming MutableSpan<Float>,
    into logProbabilities: consuming MutableSpan<Float>, gradients dLogits: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && scratch.count >= targetScratchElements(columns: columns) && dLogits.count == logits.count)
    precondition(logits.count == targets.count * columns && coefficients.count == targets.count)
    precondition(logProbabilities.count == targets.count)
    let pastCaches = logits.isPastCaches
    let together = rowsInCache(columns: columns)
    var (partitions, factors, before) = (LogPartitions(), InlineArray<16, Float>(repeating: 0), 0..<0)
    // While a group of rows is read, the group before it is written, and its exponentials are replaced. The last group is empty.
    for first in stride(from: 0, to: targets.count + together, by: together) {
      let rows = min(first, targets.count)..<min(first + together, targets.count)
      for index in 0..<max(rows.count, before.count) {
        let isRead = index < rows.count && coefficients[first + index] != 0
        let x = logits.extracting(rowRange(isRead ? first + index : 0, of: columns))
        var kept = scratch._mutatingExtracting(rowRange(index, of: columns))
        var reading = RowReading()
        if index < before.count {
          let row = before.lowerBound + index
          let writer = RowWriter(
            writing: row, of: &dLogits, columns: columns, from: kept.span, pastCaches: pastCaches,
            Multiple(factor: factors[index]))
          if isRead { reading.read(x, beside: RowKeeper(&kept, after: writer)) } else { writer.write() }
        } else if isRead {
          reading.read(x, beside: RowKeeper(&kept, after: NoCompanion()))
        }
        // What is left from another row may be no number, and 0 times that none either.
        if !isRead { kept.update(repeating: 0) }
        if index < rows.count { partitions.set(index, to: reading, of: x) }
      }
      let logarithms = partitions.logarithms(logits, columns: columns, rows: rows)
      for row in rows {
        let (index, coefficient, target) = (row - first, coefficients[row], Int(targets[row]))
        (factors[index], logProbabilities[row]) = (0, 0)
        guard coefficient != 0 else { continue }
        let (x, partition) = (logits.extracting(rowRange(row, of: columns)), partitions[index])
        var kept = scratch._mutatingExtracting(rowRange(index, of: columns))
        if partitions.hasMoved { kept.moveOrigin(x, to: partition.origin) }
        // −c·(e/Σ − 1) is −c/Σ·(e − Σ): nothing is added to what has been stored past the caches.
        kept[target] -= partition.sum
        factors[index] = -coefficient / partition.sum
        logProbabilities[row] = x[target] - logarithms[index]
      }
      before = rows
    }
    finishWriting(pastCaches: pastCaches)
  }

  /// Floats of scratch that the gradients beside `targetLogProbabilities` want.
  public func targetScratchElements(columns: Int) -> Int { rowsInCache(columns: columns) * columns }

  /// log π of one target a row, and the gradient of log π to the logits up to the factor −1/Σ of the row: exponentials, less Σ at the
  /// target. 1 ulp of the larger of logits and log π; the gradient, once scaled, within 2 ulp of 1.
  public func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, into logProbabilities: consuming MutableSpan<Float>,
    gradients: consuming MutableSpan<Float>, sums: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && logits.count == targets.count * columns && gradients.count == logits.count)
    precondition(logProbabilities.count == targets.count && sums.count == targets.count)
    var partitions = LogPartitions()
    for first in stride(from: 0, to: targets.count, by: rowsTogether) {
      let rows = first..<min(first + rowsTogether, targets.count)
      for row in rows {
        let x = logits.extracting(rowRange(row, of: columns))
        var kept = gradients._mutatingExtracting(rowRange(row, of: columns))
        var reading = RowReading()
        reading.read(x, beside: RowKeeper(&kept, after: NoCompanion(), asksAhead: true))
        partitions.set(row - first, to: reading, of: x)
      }
      let logarithms = partitions.logarithms(logits, columns: columns, rows: rows)
      for row in rows {
        let (index, target) = (row - first, Int(targets[row]))
        let (x, partition) = (logits.extracting(rowRange(row, of: columns)), partitions[index])
        var kept = gradients._mutatingExtracting(rowRange(row, of: columns))
        if partitions.hasMoved { kept.moveOrigin(x, to: partition.origin) }
        kept[target] -= partition.sum
        sums[row] = partition.sum
        logProbabilities[row] = x[target] - logarithms[index]
      }
    }
  }

  /// Row r ← −c_r/sums[r] · row r.
  public func logProbabilityBackward(
    coefficients: Span<Float>, sums: Span<Float>, columns: Int, updating gradients: consuming MutableSpan<Float>
  ) {
    precondition(coefficients.count == sums.count && gradients.count == sums.count * columns)
    for r in sums.indices {
      var row = gradients._mutatingExtracting(rowRange(r, of: columns))
      row.updateLanes(Multiple(factor: -coefficients[r] / sums[r]))
    }
  }
}

extension MutableSpan<Float> {
  /// Exponentials of x above its first element ← those above the origin that the row took in the end.
  fileprivate mutating func moveOrigin(_ x: Span<Float>, to origin: Float) {
    if origin.bitPattern != x[0].bitPattern { setLanes(from: x, ScaledExponential(origin: origin, factor: 1)) }
  }
}

/// Keeps the exponentials of a row that is read, block by block after another companion had its turn.
private struct RowKeeper<First: RowCompanion>: RowCompanion {
  private let kept: UnsafeMutablePointer<Float>
  private let count: Int
  private let asksAhead: Bool
  private let first: First

  /// - Parameters:
  ///   - row: lives as long as the kernel's call.
  ///   - asksAhead: the row is in no cache from an earlier writing.
  @inline(__always)
  init(_ row: inout MutableSpan<Float>, after first: First, asksAhead: Bool = false) {
    kept = unsafe row.withUnsafeMutableBufferPointer { $0.baseAddress! }
    count = row.count
    self.first = first
    self.asksAhead = asksAhead
  }

  @inline(__always)
  func block(_ index: Int, _ exponentials: Lanes) {
    first.block(index, exponentials)
    if asksAhead { unsafe poise_prefetch_for_writing(kept + index &* Lanes.scalarCount + prefetchDistance) }
    unsafe UnsafeMutableRawPointer(kept + index &* Lanes.scalarCount).storeBytes(of: exponentials, as: Lanes.self)
  }

  @inline(__always)
  func lastBlock(_ index: Int, _ exponentials: Lanes) {
    first.lastBlock(index, exponentials)
    let start = index &* Lanes.scalarCount
    for element in start..<count { unsafe kept[element] = exponentials[element - start] }
  }
}

/// The targets of rows, in the order of the rows.
private struct RowSeeds: ~Escapable {
  private let coefficients: Span<Float>
  private let rows: Span<Int32>
  private let targets: Span<Int32>
  /// Of the row that was asked for last.
  private var current = 0..<0

  @_lifetime(copy coefficients, copy rows, copy targets)
  init(coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>) {
    precondition(rows.count == targets.count && rows.count == coefficients.count)
    self.coefficients = coefficients
    self.rows = rows
    self.targets = targets
  }

  /// Σ c of the next row; nil where no target names it. Rows are asked for in order.
  @_lifetime(self: copy self)
  mutating func total(row: Int) -> Float? {
    var end = current.upperBound
    while end < rows.count, rows[end] == row { end += 1 }
    current = current.upperBound..<end
    guard !current.isEmpty else { return nil }
    var total: Float = 0
    for n in current { total += coefficients[n] }
    return total
  }

  /// Each c on its target.
  func addTargets(to row: inout MutableSpan<Float>) {
    for n in current { row[Int(targets[n])] += coefficients[n] }
  }

  func requireAllUsed() { precondition(current.upperBound == rows.count, "row ids ascend and name rows that exist") }
}
