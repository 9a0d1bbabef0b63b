import PoiseModel
import PoiseTwins

/// A row-major matrix that a kernel reads or writes, in memory aligned as the engine's is, and what it held at first.
final class Operand {
  private let initial: [Float]
  private let arena: Arena

  init(_ values: [Float]) {
    initial = values
    arena = Arena(count: values.count)
    restore()
  }

  /// To be written only.
  convenience init(count: Int) { self.init([Float](repeating: 0, count: count)) }

  /// Normal numbers times `scale`, the same for the same name.
  static func normal(_ name: String, _ count: Int, scale: Double = 1) -> Operand {
    Operand(repeating(count) { normalRow(name, count: $0, scale: scale) })
  }

  static func uniform(_ name: String, _ count: Int, in range: ClosedRange<Double>) -> Operand {
    Operand(repeating(count) { uniformRow(name, count: $0, in: range) })
  }

  /// Drawing a number takes longer than most kernels take for it: a long row repeats itself.
  private static func repeating(_ count: Int, _ draw: (Int) -> [Float]) -> [Float] {
    let period = 200_003  // a prime: rows differ
    let values = draw(min(count, period))
    return count <= period ? values : (0..<count).map { values[$0 % period] }
  }

  var count: Int { arena.count }
  var bytes: Double { Double(count * MemoryLayout<Float>.stride) }

  var span: Span<Float> {
    @_lifetime(borrow self) get {
      let arena = arena
      return _overrideLifetime(arena.all, borrowing: self)
    }
  }

  var writing: MutableSpan<Float> {
    @_lifetime(borrow self) get {
      let arena = arena
      return _overrideLifetime(arena.writing, borrowing: self)
    }
  }

  /// What it held at first, for the twin.
  var doubles: [Double] { initial.doubles }

  /// What it holds now.
  var found: [Float] {
    let span = span
    return span.indices.map { span[$0] }
  }

  func restore() {
    var span = writing
    for i in span.indices { span[i] = initial[i] }
  }
}
