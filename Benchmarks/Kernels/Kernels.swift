import Benchmark
import PoiseKernelCases
import PoiseKernels

/// Every kernel case at every shape under every instruction set of this processor, in one run: the ratios are what counts.
let benchmarks: @Sendable () -> Void = {
  for kernel in KernelCase.all {
    for shape in kernel.shapes {
      for set in InstructionSet.supported { measure(kernel, shape, set) }
    }
  }
}

/// Times are of one call: the plugin divides by the calls of an iteration.
private func measure(_ kernel: KernelCase, _ shape: KernelShape, _ set: InstructionSet) {
  guard let kernels = InstructionSet.table(for: set) else { return }
  var configuration = Benchmark.defaultConfiguration
  configuration.metrics = [.wallClock]
  configuration.scalingFactor = shape.count < 100_000 ? .kilo : .one
  // Against a baseline recorded on the same machine: other work moves a median by less, a kernel that fell apart by more.
  configuration.thresholds = [.wallClock: BenchmarkThresholds(relative: [.p50: 20])]
  Benchmark("\(kernel) \(shape) \(set)", configuration: configuration) { (benchmark: Benchmark, prepared: PreparedKernel) in
    for _ in benchmark.scaledIterations { prepared.run() }
  } setup: {
    kernel.prepare(kernels, shape)
  }
}
