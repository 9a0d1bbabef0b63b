import PoiseRandom

/// Normal numbers times `scale`, the same for the same name and seed on every run and machine.
public func normalRow(_ name: String, seed: UInt64 = 0, count: Int, scale: Double = 1) -> [Float] {
  var generator = CounterGenerator(key(of: name), seed)
  return (0..<count).map { _ in Float(scale * generator.normal()) }
}

/// Numbers in `range`, likewise.
public func uniformRow(_ name: String, seed: UInt64 = 0, count: Int, in range: ClosedRange<Double>) -> [Float] {
  var generator = CounterGenerator(key(of: name), seed)
  return (0..<count).map { _ in Float(range.lowerBound + generator.uniform() * (range.upperBound - range.lowerBound)) }
}

/// Ids in 0..<bound, likewise.
public func idRow(_ name: String, seed: UInt64 = 0, count: Int, below bound: Int) -> [Int32] {
  var generator = CounterGenerator(key(of: name), seed)
  return (0..<count).map { _ in Int32(generator.below(bound)) }
}

private func key(of name: String) -> UInt64 { name.utf8.reduce(0) { $0 &* 257 &+ UInt64($1) } }

extension Sequence<Float> {
  /// The same numbers in double precision.
  public var doubles: [Double] { map(Double.init) }
}
