/// What a computation cannot do without, however it is done: the basis of its distance from the machine's limits.
public struct Work: Sendable, Equatable {
  /// Bytes that must be read and written once.
  public var read = 0.0
  public var written = 0.0
  /// Of both, bytes that are written where they were read: no second place in memory is gone through for them.
  public var updated = 0.0
  public var exponentials = 0.0
  /// Multiplications, additions, quotients and roots, exponentials apart.
  public var operations = 0.0
  /// Tokens trained on or made.
  public var tokens = 0.0

  public init(
    read: Double = 0, written: Double = 0, updated: Double = 0, exponentials: Double = 0, operations: Double = 0,
    tokens: Double = 0
  ) {
    self.read = read
    self.written = written
    self.updated = updated
    self.exponentials = exponentials
    self.operations = operations
    self.tokens = tokens
  }

  /// What the kernels do for one exponential, counted in `formExponential`.
  public static let operationsPerExponential = 22.0

  public var bytes: Double { read + written }
  /// Operations of the exponentials included: what a rate in FLOP/s counts.
  public var allOperations: Double { operations + Self.operationsPerExponential * exponentials }
}

extension Work {
  public static func + (a: Work, b: Work) -> Work {
    Work(
      read: a.read + b.read, written: a.written + b.written, updated: a.updated + b.updated,
      exponentials: a.exponentials + b.exponentials, operations: a.operations + b.operations, tokens: a.tokens + b.tokens)
  }

  public static func * (times: Double, work: Work) -> Work {
    Work(
      read: times * work.read, written: times * work.written, updated: times * work.updated,
      exponentials: times * work.exponentials, operations: times * work.operations, tokens: times * work.tokens)
  }
}
