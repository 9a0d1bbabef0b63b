import Foundation
import PoiseKernelCases
import PoiseKernels
import PoiseModel

/// What one thread of this machine can do at best with one instruction set while a number of threads do the same: the limits
/// that everything else is measured against, from the same run.
public struct MachineCeilings: Sendable {
  /// Bandwidth of one thread on memory of one size: 16 KiB lie in the first cache, 64 MiB in none of most machines.
  public struct Bandwidth: Sendable, Equatable {
    /// Bytes gone through again and again.
    public var size: Double
    /// Bytes a second, read.
    public var read: Double
    /// Bytes a second, read and written together, half of them each: from one place to another …
    public var copied: Double
    /// … and where they are.
    public var updated: Double

    public init(size: Double, read: Double, copied: Double, updated: Double) {
      self.size = size
      self.read = read
      self.copied = copied
      self.updated = updated
    }

    /// 16 KiB, 1 MiB.
    public var sizeName: String {
      let kibibytes = Int(size) >> 10
      return kibibytes < 1_024 ? "\(kibibytes) KiB" : "\(kibibytes >> 10) MiB"
    }
  }

  /// What keeps a computation from being faster.
  public enum Bound: String, Sendable, CaseIterable {
    case memory
    /// Fused multiply-adds in single precision.
    case multiplyAdd = "fma"
    case exponential = "exp"
    /// Matrix products by OpenBLAS.
    case product = "sgemm"
  }

  public let instructionSet: InstructionSet
  public let threads: Int
  /// Operations a second, two a multiply-add.
  public let multiplyAdds: Double
  /// Operations a second in products of 512×512.
  public let products: Double
  /// Exponentials a second, from the first cache and into it.
  public let exponentials: Double
  /// By growing size.
  public let bandwidths: [Bandwidth]

  /// What was measured, or is supposed.
  public init(
    instructionSet: InstructionSet, threads: Int, multiplyAdds: Double, products: Double, exponentials: Double,
    bandwidths: [Bandwidth]
  ) {
    precondition(!bandwidths.isEmpty)
    self.instructionSet = instructionSet
    self.threads = threads
    self.multiplyAdds = multiplyAdds
    self.products = products
    self.exponentials = exponentials
    self.bandwidths = bandwidths
  }

  public static let sizes = [16, 256, 512, 1_024, 4_096, 16_384, 65_536].map { $0 << 10 }

  /// Measures, in about a second.
  /// - Precondition: the processor supports the instruction set.
  public static func measured(_ set: InstructionSet, pool: WorkerPool) -> MachineCeilings {
    let bench = CeilingBench(set, pool: pool)
    let product = ProductSpeed.measured(512, 512, 512, pool: pool, seconds: 0.1, byLibrary: true)
    return MachineCeilings(
      instructionSet: set, threads: pool.workerCount, multiplyAdds: bench.multiplyAdds,
      products: product.operationsPerSecond / Double(pool.workerCount), exponentials: bench.exponentials,
      bandwidths: sizes.map(bench.bandwidth))
  }

  /// The least time that the work of one thread takes, and why it cannot be less.
  /// - Parameters:
  ///   - workingSet: bytes that are gone through; they tell which caches they lie in.
  ///   - multiplies: whether the operations are those of matrix products.
  public func limit(of work: Work, workingSet: Double, multiplies: Bool = false) -> (seconds: Double, bound: Bound) {
    let operations = work.operations / (multiplies ? products : multiplyAdds)
    let all: [(seconds: Double, bound: Bound)] = [
      (memorySeconds(work, workingSet: workingSet), .memory), (work.exponentials / exponentials, .exponential),
      (operations, multiplies ? .product : .multiplyAdd),
    ]
    return all.max { $0.seconds < $1.seconds }!
  }

  /// What is updated goes at that speed, what else is read and written at that of copying, the rest at that of reading.
  private func memorySeconds(_ work: Work, workingSet: Double) -> Double {
    let (read, written) = (work.read - work.updated, work.written - work.updated)
    let copied = written + min(read, written)
    return 2 * work.updated * secondsPerByte(\.updated, at: workingSet) + copied * secondsPerByte(\.copied, at: workingSet)
      + max(0, read - written) * secondsPerByte(\.read, at: workingSet)
  }

  /// On a straight line over the logarithm of the size between two that were measured. What a larger size gets, a smaller one is
  /// granted too: caches have their moods about where rows lie, and a limit is not to be one of them.
  private func secondsPerByte(_ speed: KeyPath<Bandwidth, Double>, at size: Double) -> Double {
    func seconds(_ index: Int) -> Double { 1 / bandwidths[index...].map { $0[keyPath: speed] }.max()! }
    guard let upper = bandwidths.firstIndex(where: { $0.size >= size }) else { return seconds(bandwidths.count - 1) }
    guard upper > 0 else { return seconds(0) }
    let (near, far) = (bandwidths[upper - 1].size, bandwidths[upper].size)
    let share = log(size / near) / log(far / near)
    return (1 - share) * seconds(upper - 1) + share * seconds(upper)
  }
}

/// Measures the ceilings. A ceiling is the best that was seen: other repetitions only had more company.
private struct CeilingBench {
  let kernels: any KernelTable
  /// The set and those it contains: some caches give more to narrower registers, which a wider set has too.
  let tables: [any KernelTable]
  let pool: WorkerPool
  private let stopwatch = Stopwatch(repetitions: 9, budget: 0.03, warmUp: 0.004)

  init(_ set: InstructionSet, pool: WorkerPool) {
    let contained = InstructionSet.supported.prefix { $0 != set } + [set]
    tables = contained.map { InstructionSet.table(for: $0)! }
    kernels = tables.last!
    self.pool = pool
  }

  /// Six or twelve chains of sixteen lanes, whichever this instruction set has registers for.
  var multiplyAdds: Double {
    let rounds = 2_048
    return [96, 192].map { lanes in
      2 * Double(rounds * lanes)
        / shortest { _ in
          let accumulators = Arena(count: lanes)
          return { kernels.multiplyAdd(0.5, rounds: rounds, updating: accumulators.writing) }
        }
    }.max()!
  }

  /// The faster of two: exponentials over the whole range, written, and those of a softmax, whose arguments are not positive, added.
  var exponentials: Double {
    let count = 1_024
    let written = shortest { _ in
      let (x, y) = (Arena(count: count), Arena(count: count))
      return { kernels.exponential(x.all, into: y.writing) }
    }
    let added = shortest { _ in
      let (x, y) = (Arena(count: count), Arena(count: 1))
      return { kernels.logPartitions(x.all, columns: count, into: y.writing) }
    }
    return Double(count) / min(written, added)
  }

  func bandwidth(_ size: Int) -> MachineCeilings.Bandwidth {
    let count = size / MemoryLayout<Float>.stride
    let memory = (0..<pool.workerCount).map { _ in Arena(count: count + Self.halfPage) }
    var bandwidth = MachineCeilings.Bandwidth(size: Double(size), read: 0, copied: 0, updated: 0)
    for kernels in tables {
      let read = shortest { worker in
        let x = memory[worker]
        return { _ = kernels.sum(x[elements: 0..<count]) }
      }
      // Where source and target have the same place in a page, the first cache lets loads wait for stores that are none of
      // theirs; the second is faster so.
      let copied = [0, Self.halfPage].map { gap in
        shortest { worker in
          let (x, half) = (memory[worker], count / 2)
          return { kernels.copy(x[elements: 0..<half], into: x[writingElements: half + gap..<count + gap]) }
        }
      }.min()!
      let updated = shortest { worker in
        let x = memory[worker]
        return { kernels.scale(by: 1, updating: x[writingElements: 0..<count]) }
      }
      bandwidth.read = max(bandwidth.read, Double(size) / read)
      bandwidth.copied = max(bandwidth.copied, Double(size) / copied)
      bandwidth.updated = max(bandwidth.updated, 2 * Double(size) / updated)
    }
    return bandwidth
  }

  /// Floats.
  private static let halfPage = 512

  private func shortest(_ prepare: (_ worker: Int) -> () -> Void) -> Double {
    stopwatch.time(sideBySide: (0..<pool.workerCount).map(prepare), pool: pool).shortest
  }
}
