import PoiseModel

extension Stopwatch {
  /// Seconds a call while every worker of the pool makes calls of its own, as they do in training: `work` has one piece a worker.
  func time(sideBySide work: [() -> Void], pool: WorkerPool) -> Timing {
    precondition(work.count == pool.workerCount)
    guard work.count > 1 else { return time(work[0]) }
    // Workers meet at the end of every round: rounds are long enough for that to be nothing.
    let alone = Stopwatch(repetitions: 3, budget: 0.01, warmUp: 0.002).time(work[0]).shortest
    let calls = max(1, Int(1e-3 / alone))
    var stopwatch = self
    stopwatch.threads = work.count
    return stopwatch.time {
      pool.forEach(work.count) { _, worker in for _ in 0..<calls { work[worker]() } }
    }.divided(by: Double(calls))
  }
}

extension Timing {
  fileprivate func divided(by calls: Double) -> Timing {
    var timing = self
    timing.seconds /= calls
    timing.wall /= calls
    timing.processor /= calls
    timing.shortest /= calls
    return timing
  }
}
