import PoiseKernels

/// What this machine can do at best, measured in a second or two: the ceilings under which training runs.
public struct MachineLimits: Sendable {
  /// Speed of matrix products of one shape, all workers multiplying side by side as they do in training.
  public struct Product: Sendable, Equatable {
    public var rows: Int
    public var inner: Int
    public var columns: Int
    public var workers: Int
    /// 10⁹ multiplications and additions a second, together.
    public var gigaflops: Double
  }

  public var products: [Product]
  /// Nanoseconds of one exponential, one worker, a row of 32,768.
  public var exponentialNanoseconds: Double
  /// 10⁹ bytes a second read and written by all workers, on arrays far larger than caches.
  public var gigabytesPerSecond: Double

  /// Measures, on an otherwise idle machine for figures to mean much.
  public static func measured(pool: WorkerPool) -> MachineLimits {
    let alone = WorkerPool(workerCount: 1)
    return MachineLimits(
      products: [
        product(512, 512, 512, pool: alone), product(512, 512, 512, pool: pool), product(16, 512, 512, pool: pool),
      ],
      exponentialNanoseconds: exponential(), gigabytesPerSecond: bandwidth(pool: pool))
  }

  private static func product(_ rows: Int, _ inner: Int, _ columns: Int, pool: WorkerPool) -> Product {
    var layout = Layout()
    let (a, b, c) = (layout.add("a", rows, inner), layout.add("b", columns, inner), layout.add("c", rows, columns))
    let arenas = (0..<pool.workerCount).map { _ in Arena(layout) }
    let repetitions = max(1, 40_000_000 / (rows * inner * columns))
    let seconds = best(seconds: 0.25) {
      pool.forEach(pool.workerCount) { _, item in
        let arena = arenas[item]
        for _ in 0..<repetitions { multiply(arena.matrix(a), arena.matrix(b).transposed, into: arena.matrix(c)) }
      }
    }
    let operations = 2 * Double(rows * inner * columns) * Double(repetitions * pool.workerCount)
    return Product(
      rows: rows, inner: inner, columns: columns, workers: pool.workerCount, gigaflops: operations / seconds / 1e9)
  }

  private static func exponential() -> Double {
    let (x, y) = (Arena(count: 32_768), Arena(count: 32_768))
    let seconds = best(seconds: 0.1) {
      for _ in 0..<10 { kernels.exponential(x.all, into: y[writingElements: 0..<y.count]) }
    }
    return seconds * 1e9 / Double(10 * x.count)
  }

  /// y ← y + x reads two arrays and writes one.
  private static func bandwidth(pool: WorkerPool) -> Double {
    let count = 1 << 24  // 64 MB an array
    let (x, y) = (Arena(count: count), Arena(count: count))
    let parts = pool.workerCount
    let seconds = best(seconds: 0.4) {
      pool.forEach(parts) { _, part in
        let range = count * part / parts..<count * (part + 1) / parts
        kernels.add(x[elements: range], addingTo: y[writingElements: range])
      }
    }
    return Double(3 * count * MemoryLayout<Float>.stride) / seconds / 1e9
  }

  /// The shortest of as many runs as the time allows, at least three: others only had more company.
  private static func best(seconds budget: Double, _ body: () -> Void) -> Double {
    body()
    let start = ContinuousClock.now
    var best = Double.infinity
    var runs = 0
    while runs < 3 || (ContinuousClock.now - start) / .seconds(1) < budget {
      best = min(best, ContinuousClock().measure(body) / .seconds(1))
      runs += 1
    }
    return best
  }
}
