import Benchmark
import PoiseBench
import PoiseModel

/// Whole steps of presets with a vocabulary of 1,024: training on all processors, the rest on one.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], maxDuration: .seconds(5), maxIterations: 200,
    thresholds: [.wallClock: BenchmarkThresholds(relative: [.p50: 20])])
  for step in StepCase.all {
    Benchmark("\(step)") { (_: Benchmark, prepared: PreparedStep) in
      try prepared.run()
    } setup: {
      step.prepare(WorkerPool(workerCount: step.isParallel ? WorkerPool.processorCount : 1))
    }
  }
}
