import PoiseKernelCases
import PoiseKernels
import PoiseModel

/// Which kernels and steps are timed, and how.
public struct BenchPlan {
  /// Only what has this text in its name and shape, in whatever case.
  public var filter: String?
  public var sets: [InstructionSet]
  /// Nil: kernels on one thread, steps on all processors.
  public var threads: Int?
  /// One small shape of each, in seconds.
  public var isQuick: Bool

  public init(filter: String? = nil, sets: [InstructionSet] = [.chosen], threads: Int? = nil, isQuick: Bool = false) {
    self.filter = filter
    self.sets = sets
    self.threads = threads
    self.isQuick = isQuick
  }

  private var kernelCases: [(case: KernelCase, shape: KernelShape)] {
    KernelCase.all.flatMap { kernel in
      kernel.shapes.prefix(isQuick ? 1 : kernel.shapes.count).map { (kernel, $0) }
    }.filter { matches("\($0.name) \($1)") }
  }

  private var stepCases: [StepCase] { StepCase.all.filter { ($0.isQuick || !isQuick) && matches($0.description) } }

  private func matches(_ text: String) -> Bool { filter.map { text.lowercased().contains($0.lowercased()) } ?? true }

  public var isEmpty: Bool { kernelCases.isEmpty && stepCases.isEmpty }

  /// Measures the limits, then everything else against them.
  ///
  /// - Parameters:
  ///   - beginning: called with the name of what is measured next.
  ///   - measured: called with every limit, in the order in which they were measured.
  ///   - timed: called with every line.
  public func run(
    beginning: (String) -> Void = { _ in }, measured: (MachineCeilings) -> Void, timed: (BenchLine) -> Void
  ) throws {
    let kernelPool = WorkerPool(workerCount: threads ?? 1)
    let stepPool = WorkerPool(workerCount: threads ?? WorkerPool.processorCount)
    var ceilings: [MachineCeilings] = []
    func limits(_ set: InstructionSet, _ pool: WorkerPool) -> MachineCeilings {
      if let known = ceilings.first(where: { $0.instructionSet == set && $0.threads == pool.workerCount }) { return known }
      beginning("limits, \(set.rawValue), \(pool.workerCount) threads")
      let found = MachineCeilings.measured(set, pool: pool)
      ceilings.append(found)
      measured(found)
      return found
    }
    func pool(of step: StepCase) -> WorkerPool { step.isParallel ? stepPool : WorkerPool(workerCount: 1) }

    if !kernelCases.isEmpty { for set in sets { _ = limits(set, kernelPool) } }
    for step in stepCases { _ = limits(.chosen, pool(of: step)) }

    for (kernel, shape) in kernelCases {
      for set in sets {
        beginning("\(kernel.name) \(shape) \(set.rawValue)")
        timed(line(kernel, shape, set, kernelPool, limits(set, kernelPool)))
      }
    }
    for step in stepCases {
      beginning(step.description)
      timed(try line(step, pool(of: step), limits(.chosen, pool(of: step))))
    }
  }

  private func line(
    _ kernel: KernelCase, _ shape: KernelShape, _ set: InstructionSet, _ pool: WorkerPool, _ ceilings: MachineCeilings
  ) -> BenchLine {
    let kernels = InstructionSet.table(for: set)!
    let prepared = (0..<pool.workerCount).map { _ in kernel.prepare(kernels, shape) }
    let stopwatch = Stopwatch(repetitions: isQuick ? 7 : 15, budget: isQuick ? 0.02 : 0.1, warmUp: isQuick ? 0.005 : 0.02)
    let timing = stopwatch.time(sideBySide: prepared.map(\.run), pool: pool)
    let one = prepared[0]
    let (limit, bound) = ceilings.limit(of: one.work, workingSet: one.workingSet)
    return BenchLine(
      name: kernel.name, shape: "\(shape)", instructionSet: set, threads: pool.workerCount, seconds: timing.seconds,
      work: Double(pool.workerCount) * one.work, limit: limit, bound: bound,
      maximumUlps: kernel.largestError(kernels, shape))
  }

  /// The threads share a step: each has its part of the work.
  private func line(_ step: StepCase, _ pool: WorkerPool, _ ceilings: MachineCeilings) throws -> BenchLine {
    let prepared = step.prepare(pool)
    let stopwatch = Stopwatch(
      repetitions: isQuick ? 3 : 7, budget: isQuick ? 0.1 : 1, warmUp: 0.02, warmUps: isQuick ? 1 : 2, threads: pool.workerCount)
    let timing = try stopwatch.time(prepared.run)
    let share = (1 / Double(pool.workerCount)) * prepared.work
    let (limit, bound) = ceilings.limit(of: share, workingSet: prepared.workingSet, multiplies: true)
    return BenchLine(
      name: step.name, shape: step.shape, instructionSet: .chosen, threads: pool.workerCount, seconds: timing.seconds,
      work: prepared.work, limit: limit, bound: bound)
  }
}
