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
      var writer = RowWriter(
        writing: r, of: &dLogits, columns: columns, from: x, pastCaches: pastCaches, asksAhead: true,
        ScaledExponential(origin: logPartitions[r], factor: -total))
      writer.finish()
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
  /// - Parameter scratch: holds exponentials of a row while the next is read: two rows, each rounded up to whole lanes.
  public func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, coefficients: Span<Float>, scratch: consuming MutableSpan<Float>,
    into logProbabilities: consuming MutableSpan<Float>, gradients dLogits: consuming MutableSpan<Float>
  ) {
    let padded = wholeLanes(columns)
    precondition(columns > 0 && scratch.count >= 2 * padded && dLogits.count == logits.count)
    precondition(logits.count == targets.count * columns && coefficients.count == targets.count)
    precondition(logProbabilities.count == targets.count)
    if columns <= partCount, columns.isMultiple(of: Lanes.scalarCount) {
      return seedShortRows(logits, columns, targets, coefficients, &logProbabilities, &dLogits)
    }
    let pastCaches = logits.isPastCaches
    var before = RowSeed()
    for r in 0...targets.count {
      let coefficient = r < targets.count ? coefficients[r] : 0
      let x = logits.extracting(rowRange(coefficient == 0 ? 0 : r, of: columns))
      let kept = r % 2 * padded..<r % 2 * padded + columns
      let keptBefore = (r + 1) % 2 * padded..<(r + 1) % 2 * padded + columns
      // While this row is read, the one before it is written.
      var reading = RowReading()
      if r > 0 {
        var writer = RowWriter(
          writing: r - 1, of: &dLogits, columns: columns, from: scratch.span.extracting(keptBefore), pastCaches: pastCaches,
          Multiple(factor: before.factor))
        if coefficient != 0 {
          var keeper = RowKeeper(scratch._mutatingExtracting(kept), beside: writer)
          reading.read(x, beside: &keeper)
          writer = keeper.other
        }
        writer.finish()
        dLogits[(r - 1) * columns + before.target] += before.coefficient
      } else if coefficient != 0 {
        var keeper = RowKeeper(scratch._mutatingExtracting(kept), beside: NoCompanion())
        reading.read(x, beside: &keeper)
      }
      guard r < targets.count else { break }
      before = RowSeed(coefficient: coefficient, target: Int(targets[r]))
      logProbabilities[r] = 0
      guard coefficient != 0 else {
        // What is left from another row may be no number, and 0 times that none either.
        var row = scratch._mutatingExtracting(kept)
        row.update(repeating: 0)
        continue
      }
      let partition = reading.partition(of: x)
      if partition.origin.bitPattern != x[0].bitPattern {
        var row = scratch._mutatingExtracting(kept)
        row.setLanes(from: x, ScaledExponential(origin: partition.origin, factor: 1))
      }
      before.factor = -coefficient / partition.sum
      logProbabilities[r] = x[before.target] - partition.logarithm
    }
    finishWriting(pastCaches: pastCaches)
  }
}

extension Kernels {
  /// Rows of whole lanes, as many at once as the nearest cache holds: exponentials are kept where the gradient will be.
  private func seedShortRows(
    _ logits: Span<Float>, _ columns: Int, _ targets: Span<Int32>, _ coefficients: Span<Float>,
    _ logProbabilities: inout MutableSpan<Float>, _ dLogits: inout MutableSpan<Float>
  ) {
    let together = max(1, min(rowsTogether, 4 * partCount / columns))
    for first in stride(from: 0, to: targets.count, by: together) {
      let rows = first..<min(first + together, targets.count)
      var partitions = LogPartitions()
      var sums = InlineArray<16, Float>(repeating: 1)
      for r in rows where coefficients[r] != 0 {
        let x = logits.extracting(rowRange(r, of: columns))
        var reading = RowReading()
        var keeper = RowKeeper(dLogits._mutatingExtracting(rowRange(r, of: columns)), beside: NoCompanion())
        reading.read(x, beside: &keeper)
        let partition = reading.partition(of: x)
        if partition.origin.bitPattern != x[0].bitPattern {
          var row = dLogits._mutatingExtracting(rowRange(r, of: columns))
          row.setLanes(from: x, ScaledExponential(origin: partition.origin, factor: 1))
        }
        partitions.set(r - first, to: partition)
        sums[r - first] = partition.sum
      }
      let logarithms = partitions.logarithms
      for r in rows {
        var row = dLogits._mutatingExtracting(rowRange(r, of: columns))
        logProbabilities[r] = 0
        guard coefficients[r] != 0 else {
          for i in row.indices { row[i] = 0 }
          continue
        }
        row.updateLanes(Multiple(factor: -coefficients[r] / sums[r - first]))
        row[Int(targets[r])] += coefficients[r]
        logProbabilities[r] = logits[r * columns + Int(targets[r])] - logarithms[r - first]
      }
    }
  }
}

/// What a row of gradients is made of, beside its exponentials.
private struct RowSeed {
  var coefficient: Float = 0
  var target = 0
  /// −c/Σ
  var factor: Float = 0
}

/// Keeps the exponentials of a row that is read.
private struct RowKeeper<Other: RowCompanion>: RowCompanion {
  private let kept: UnsafeMutablePointer<Float>
  var other: Other

  /// - Parameter row: with room up to whole lanes behind it.
  @inline(__always)
  init(_ row: consuming MutableSpan<Float>, beside other: Other) {
    kept = unsafe row.withUnsafeMutableBufferPointer { unsafe $0.baseAddress! }
    self.other = other
  }

  @inline(__always)
  mutating func block(_ index: Int, _ exponentials: Lanes) {
    unsafe UnsafeMutableRawPointer(kept + index &* Lanes.scalarCount).storeBytes(of: exponentials, as: Lanes.self)
    other.block(index, exponentials)
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
