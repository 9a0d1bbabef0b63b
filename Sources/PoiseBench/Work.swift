/// What a computation cannot do without, however it is done: the basis of its distance from the machine's limits.
public struct Work: Sendable, Equatable {
  /// Bytes that must be read and written once.
  public var read = 0.0
  public var written = 0.0
  public var exponentials = 0.0
  /// Multiplications and additions.
  public var operations = 0.0
  /// Tokens trained on or made.
  public var tokens = 0.0

  public init(
    read: Double = 0, written: Double = 0, exponentials: Double = 0, operations: Double = 0, tokens: Double = 0
  ) {
    self.read = read
    self.written = written
    self.exponentials = exponentials
    self.operations = operations
    self.tokens = tokens
  }
}
