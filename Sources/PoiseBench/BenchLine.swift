import PoiseFiles
import PoiseKernelCases
import PoiseKernels

/// What was measured of one kernel or step at one shape.
public struct BenchLine: Sendable {
  public var name: String
  public var shape: String
  public var instructionSet: InstructionSet
  public var threads: Int
  /// Of a call, on each thread.
  public var seconds: Double
  /// Of a call of all threads together.
  public var work: Work
  /// The least a call could take here.
  public var limit: Double
  public var bound: MachineCeilings.Bound
  /// Largest error beside the double-precision twin; nil where there is none.
  public var maximumUlps: Double?

  public init(
    name: String, shape: String, instructionSet: InstructionSet, threads: Int, seconds: Double, work: Work, limit: Double,
    bound: MachineCeilings.Bound, maximumUlps: Double? = nil
  ) {
    self.name = name
    self.shape = shape
    self.instructionSet = instructionSet
    self.threads = threads
    self.seconds = seconds
    self.work = work
    self.limit = limit
    self.bound = bound
    self.maximumUlps = maximumUlps
  }

  /// 10⁹ operations a second of all threads together, those of exponentials included.
  public var gigaflops: Double { work.allOperations / seconds / 1e9 }
  /// 10⁹ bytes a second of all threads together, counting what must be read and written once.
  public var gigabytesPerSecond: Double { work.bytes / seconds / 1e9 }
  public var fractionOfLimit: Double { limit / seconds }

  public var json: JSON {
    [
      "kernel": .string(name), "shape": .string(shape), "isa": .string(instructionSet.rawValue), "threads": .init(threads),
      "ns": .init(seconds * 1e9), "gflops": .init(gigaflops), "gbps": .init(gigabytesPerSecond),
      "bound": bound == .memory ? "memory" : "compute", "fraction_of_limit": .init(fractionOfLimit),
      "max_ulp": maximumUlps.map { .init($0) } ?? .null, "bound_by": .string(bound.rawValue),
    ]
  }
}

extension MachineCeilings {
  /// The ceilings as lines: each reaches its limit.
  public var lines: [BenchLine] {
    func line(_ name: String, _ shape: String, _ work: Work, _ bound: Bound) -> BenchLine {
      // A second's work of every thread.
      BenchLine(
        name: name, shape: shape, instructionSet: instructionSet, threads: threads, seconds: 1, work: Double(threads) * work,
        limit: 1, bound: bound)
    }
    return [
      line("limit.fma", "registers", Work(operations: multiplyAdds), .multiplyAdd),
      line("limit.sgemm", "512×512×512", Work(operations: products), .product),
      line("limit.exp", "1024", Work(exponentials: exponentials), .exponential),
    ]
      + bandwidths.flatMap { bandwidth in
        let shape = bandwidth.sizeName
        return [
          line("limit.read", shape, Work(read: bandwidth.read), .memory),
          line("limit.copy", shape, Work(read: bandwidth.copied / 2, written: bandwidth.copied / 2), .memory),
          line("limit.update", shape, Work(read: bandwidth.updated / 2, written: bandwidth.updated / 2), .memory),
        ]
      }
  }
}
