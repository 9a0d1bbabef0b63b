import PoiseKernels

/// The least time that counted work could take here, with all workers busy.
package struct ProfileCeiling: Sendable {
  /// 10⁹ multiplications and additions a second, that is, one a nanosecond.
  var operations: Double
  /// Exponentials a nanosecond.
  var exponentials: Double
  /// Bytes a nanosecond, of operands that fit a worker's caches and of larger ones.
  var cachedBytes: Double
  var bytes: Double

  package init(operations: Double, exponentials: Double, cachedBytes: Double, bytes: Double) {
    self.operations = operations
    self.exponentials = exponentials
    self.cachedBytes = cachedBytes
    self.bytes = bytes
  }

  /// Operands of one call that together are no larger are taken to be in caches.
  private static let cacheSize = 1 << 18

  /// Measures, in a second or two, on an otherwise idle machine for figures to mean much.
  package static func measured(workers: Int) -> ProfileCeiling {
    let pool = WorkerPool(workerCount: workers)
    let limits = MachineLimits.measured(pool: pool)
    return ProfileCeiling(
      operations: limits.products[1].gigaflops, exponentials: Double(workers) / limits.exponentialNanoseconds,
      cachedBytes: cachedBandwidth(pool), bytes: limits.gigabytesPerSecond)
  }

  /// y ← y + x, three operands of an eighth of the cache's size each.
  private static func cachedBandwidth(_ pool: WorkerPool) -> Double {
    let count = cacheSize / 8 / MemoryLayout<Float>.stride
    let repetitions = 2_000
    let arenas = (0..<2 * pool.workerCount).map { _ in Arena(count: count) }
    let shortest = (0..<20).map { _ in
      ContinuousClock().measure {
        pool.forEach(pool.workerCount) { _, item in
          let (x, y) = (arenas[2 * item], arenas[2 * item + 1])
          for _ in 0..<repetitions { kernels.add(x.all, addingTo: y[writingElements: 0..<count]) }
        }
      }
    }.min()!
    return Double(3 * count * MemoryLayout<Float>.stride * repetitions * pool.workerCount) / (shortest / .nanoseconds(1))
  }

  /// The slowest of what the calls of one kind must do, if nothing else held them up. Nanoseconds.
  func nanoseconds(calls: Int, bytes: Int, operations: Int, exponentials: Int) -> Double {
    let isCached = bytes <= Self.cacheSize * calls
    return max(
      Double(operations) / self.operations, Double(exponentials) / self.exponentials,
      Double(bytes) / (isCached ? cachedBytes : self.bytes))
  }
}
