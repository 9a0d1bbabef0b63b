import Foundation
import PoiseKernels
import PoiseTwins
import Testing

/// Results of 16 MiB and more, those of layers with their inputs, are stored past the caches, and are the same bits as those of the
/// same rows in smaller pieces.
@Suite(.serialized) struct PastCachesTests {
  /// A little more than 16 MiB, and rows that neither begin nor end with a cache line.
  static let columns = [1_031, 50_257, 1_024]

  @Test(arguments: InstructionSet.supported, columns)
  func logSoftmax(set: InstructionSet, columns: Int) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (rows, x) = matrix(columns)
    expectSamePieces(rows, columns) { rows, y in
      kernels.logSoftmax(x.span.extracting(elements(rows, columns)), columns: columns, into: y)
    }
  }

  @Test(arguments: InstructionSet.supported, columns)
  func logProbabilityBackward(set: InstructionSet, columns: Int) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (rows, x) = matrix(columns)
    let (targets, coefficients) = (idRow("targets", count: rows, below: columns), normalRow("coefficients", count: rows))
    let logPartitions = [Float](repeating: 12, count: rows)
    let ids = (0..<rows).map { Int32($0) }
    // Every fifth row has no target.
    let seeded = ids.filter { $0 % 5 != 3 }
    expectSamePieces(rows, columns) { rows, y in
      let named = seeded.filter { rows.contains(Int($0)) }
      let own = named.map { $0 - Int32(rows.lowerBound) }
      let (ownTargets, ownCoefficients) = (named.map { targets[Int($0)] }, named.map { coefficients[Int($0)] })
      kernels.logProbabilityBackward(
        x.span.extracting(elements(rows, columns)), coefficients: ownCoefficients.span, rows: own.span,
        targets: ownTargets.span, logPartitions: logPartitions.span.extracting(rows), columns: columns, into: y)
    }
  }

  @Test(arguments: InstructionSet.supported, columns)
  func targetLogProbabilities(set: InstructionSet, columns: Int) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (rows, x) = matrix(columns)
    let targets = idRow("targets", count: rows, below: columns)
    let coefficients = normalRow("coefficients", count: rows).enumerated().map { $0 % 5 == 3 ? 0 : $1 }
    var scratch = [Float](repeating: .nan, count: kernels.targetScratchElements(columns: columns))
    var found = [Float](repeating: 0, count: rows)
    expectSamePieces(rows, columns) { rows, y in
      var foundSpan = found.mutableSpan
      kernels.targetLogProbabilities(
        x.span.extracting(elements(rows, columns)), columns: columns, targets: targets.span.extracting(rows),
        coefficients: coefficients.span.extracting(rows), scratch: scratch.mutableSpan,
        into: foundSpan._mutatingExtracting(rows), gradients: y)
    }
  }

  /// Rows of one element: pieces of a vector.
  @Test(arguments: InstructionSet.supported)
  func gelu(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (x, dY) = (numbers(count: Self.least + 5), numbers(count: Self.least + 5))
    expectSamePieces(x.count, 1) { elements, y in kernels.geluForward(x.span.extracting(elements), into: y) }
    expectSamePieces(x.count, 1) { elements, dX in
      kernels.geluBackward(dY.span.extracting(elements), x: x.span.extracting(elements), into: dX)
    }
  }

  @Test(arguments: InstructionSet.supported, [1_031, 1_024])
  func siluGate(set: InstructionSet, columns: Int) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (rows, gateUp) = matrix(2 * columns)
    let dY = numbers(count: rows * columns)
    expectSamePieces(rows, columns) { rows, y in
      kernels.siluGateForward(gateUp.span.extracting(elements(rows, 2 * columns)), columns: columns, into: y)
    }
    expectSamePieces(rows, 2 * columns) { rows, dGateUp in
      kernels.siluGateBackward(
        dY.span.extracting(elements(rows, columns)), gateUp: gateUp.span.extracting(elements(rows, 2 * columns)),
        columns: columns, into: dGateUp)
    }
  }

  @Test(arguments: InstructionSet.supported, [1_031, 1_024])
  func norms(set: InstructionSet, columns: Int) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (rows, x) = matrix(columns)
    let (dY, gain) = (numbers(count: rows * columns), normalRow("gain", count: columns))
    var (means, inverses) = ([Float](repeating: 0, count: rows), [Float](repeating: 0, count: rows))
    var (dGain, dBias) = ([Float](repeating: 0, count: columns), [Float](repeating: 0, count: columns))
    expectSamePieces(rows, columns) { rows, y in
      var found = inverses.mutableSpan
      kernels.rmsNormForward(
        x.span.extracting(elements(rows, columns)), gain: gain.span, epsilon: 1e-5, into: y,
        inverseDeviations: found._mutatingExtracting(rows))
    }
    expectSamePieces(rows, columns) { rows, dX in
      kernels.rmsNormBackward(
        dY.span.extracting(elements(rows, columns)), x: x.span.extracting(elements(rows, columns)), gain: gain.span,
        inverseDeviations: inverses.span.extracting(rows), adding: false, to: dX, addingTo: dGain.mutableSpan)
    }
    expectSamePieces(rows, columns) { rows, y in
      var foundMeans = means.mutableSpan
      var found = inverses.mutableSpan
      kernels.layerNormForward(
        x.span.extracting(elements(rows, columns)), gain: gain.span, bias: gain.span, epsilon: 1e-5, into: y,
        means: foundMeans._mutatingExtracting(rows), inverseDeviations: found._mutatingExtracting(rows))
    }
    expectSamePieces(rows, columns) { rows, dX in
      kernels.layerNormBackward(
        dY.span.extracting(elements(rows, columns)), x: x.span.extracting(elements(rows, columns)), gain: gain.span,
        means: means.span.extracting(rows), inverseDeviations: inverses.span.extracting(rows), adding: false, to: dX,
        addingTo: dGain.mutableSpan, addingTo: dBias.mutableSpan)
    }
  }

  /// Floats of 16 MiB.
  private static let least = 4 << 20

  private func elements(_ rows: Range<Int>, _ columns: Int) -> Range<Int> {
    rows.lowerBound * columns..<rows.upperBound * columns
  }

  /// As few rows as are stored past the caches.
  private func matrix(_ columns: Int) -> (rows: Int, [Float]) {
    let rows = (Self.least + columns - 1) / columns
    return (rows, numbers(count: rows * columns))
  }

  /// Normal numbers that repeat after a prime: quickly made, and rows differ.
  private func numbers(count: Int) -> [Float] {
    let period = normalRow("period", count: 10_007, scale: 3)
    return [Float](unsafeUninitializedCapacity: count) { memory, initialized in
      for start in stride(from: 0, to: count, by: period.count) {
        let length = min(period.count, count - start)
        period.withUnsafeBufferPointer { _ = memcpy(memory.baseAddress! + start, $0.baseAddress!, 4 * length) }
      }
      initialized = count
    }
  }

  /// All rows at once, from the beginning of a cache line and from behind it, and in pieces of at most an eighth.
  private func expectSamePieces(
    _ rows: Int, _ columns: Int, _ run: (_ rows: Range<Int>, _ output: consuming MutableSpan<Float>) -> Void
  ) {
    let count = rows * columns
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * (count + 32), alignment: 64).bindMemory(
      to: Float.self, capacity: 2 * (count + 32))
    defer { memory.deallocate() }
    let pieces = memory + (count + 31) / 16 * 16
    let step = (rows + 7) / 8
    for start in stride(from: 0, to: rows, by: step) {
      let piece = start..<min(start + step, rows)
      run(piece, MutableSpan(_unsafeStart: pieces + piece.lowerBound * columns, count: piece.count * columns))
    }
    for offset in [0, 3] {
      memset(memory, 0xFF, 4 * (count + offset))
      run(0..<rows, MutableSpan(_unsafeStart: memory + offset, count: count))
      #expect(memcmp(memory + offset, pieces, 4 * count) == 0, "\(offset) elements behind the beginning of a cache line")
    }
  }
}
