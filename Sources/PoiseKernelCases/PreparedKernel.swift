/// A kernel with its inputs and outputs in memory: to be run as often as one likes, and to be found beside its twin.
public struct PreparedKernel {
  /// The kernel's calls and nothing else. What works in place goes on from what it left: sums grow, moments settle, rows that were
  /// softmax already become softmax again; the work is the same, and no number becomes infinite.
  public let run: () -> Void
  /// Of one run.
  public let work: Work
  /// Bytes of everything that a run touches.
  public let workingSet: Double

  private let restore: () -> Void
  private let compare: () -> [KernelOutput]

  /// - Parameters:
  ///   - reading, writing, updating: what a run reads, overwrites, or reads and writes.
  ///   - readBytes: of `reading`, where a run reads only a part.
  ///   - restore: more to set back than what is updated.
  ///   - compare: the outputs of a first run beside the twin's.
  init(
    reading: [Operand], writing: [Operand] = [], updating: [Operand] = [], readBytes: Double? = nil, exponentials: Int = 0,
    operations: Int = 0, run: @escaping () -> Void, restore: @escaping () -> Void = {}, compare: @escaping () -> [KernelOutput]
  ) {
    func bytes(_ operands: [Operand]) -> Double { operands.reduce(0) { $0 + $1.bytes } }
    let read = (readBytes ?? bytes(reading)) + bytes(updating)
    work = Work(
      read: read, written: bytes(writing + updating), updated: bytes(updating), exponentials: Double(exponentials),
      operations: Double(operations))
    workingSet = read + bytes(writing)
    self.run = run
    self.restore = {
      for operand in updating { operand.restore() }
      restore()
    }
    self.compare = compare
  }

  /// What a first run gives.
  public func outputs() -> [KernelOutput] {
    restore()
    run()
    return compare()
  }

  /// What is there now, whatever ran before.
  public var found: [[Float]] { compare().map(\.found) }
}

/// For kernels that scale what they work on: every other run undoes the one before, so that numbers stay in their range.
final class Alternation {
  private var undoes = true

  func reset() { undoes = true }

  /// False at first, then true, then false again.
  func next() -> Bool {
    undoes.toggle()
    return undoes
  }
}
