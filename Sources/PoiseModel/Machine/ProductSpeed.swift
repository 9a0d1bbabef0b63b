/// Speed of matrix products of one shape, all workers multiplying side by side as they do in training.
public struct ProductSpeed: Sendable, Equatable {
  public var rows: Int
  public var inner: Int
  public var columns: Int
  public var workers: Int
  /// Multiplications and additions a second, of all workers together.
  public var operationsPerSecond: Double

  /// Measures for about `seconds`, on an otherwise idle machine for the figure to mean much.
  ///
  /// - Parameter byLibrary: OpenBLAS's products in place of the engine's own.
  public static func measured(
    _ rows: Int, _ inner: Int, _ columns: Int, pool: WorkerPool, seconds: Double = 0.25, byLibrary: Bool = false
  ) -> ProductSpeed {
    var layout = Layout()
    let (a, b, c) = (layout.add("a", rows, inner), layout.add("b", columns, inner), layout.add("c", rows, columns))
    let arenas = (0..<pool.workerCount).map { _ in Arena(layout) }
    let repetitions = max(1, 40_000_000 / (rows * inner * columns))
    let shortest = shortestRun(seconds: seconds) {
      pool.forEach(pool.workerCount) { _, item in
        let arena = arenas[item]
        for _ in 0..<repetitions {
          if byLibrary {
            multiplyByLibrary(arena.matrix(a), arena.matrix(b).transposed, into: arena.matrix(c))
          } else {
            multiply(arena.matrix(a), arena.matrix(b).transposed, into: arena.matrix(c))
          }
        }
      }
    }
    let operations = 2 * Double(rows * inner * columns) * Double(repetitions * pool.workerCount)
    return ProductSpeed(
      rows: rows, inner: inner, columns: columns, workers: pool.workerCount, operationsPerSecond: operations / shortest)
  }

  /// Of as many runs as the time allows, at least three: others only had more company.
  private static func shortestRun(seconds budget: Double, _ body: () -> Void) -> Double {
    body()
    let start = ContinuousClock.now
    var shortest = Double.infinity
    var runs = 0
    while runs < 3 || (ContinuousClock.now - start) / .seconds(1) < budget {
      shortest = min(shortest, ContinuousClock().measure(body) / .seconds(1))
      runs += 1
    }
    return shortest
  }
}
