import PoiseModel

/// Rows of float32 that repeat from run to run and spread over [−2, 2], in memory aligned as the engine's is.
func values(_ count: Int) -> Arena {
  let arena = Arena(count: count)
  var row = arena[writingElements: 0..<count]
  var state: UInt32 = 1
  for index in row.indices {
    state = state &* 1_664_525 &+ 1_013_904_223
    row[index] = Float(state >> 8) / Float(1 << 22) - 2
  }
  return arena
}

extension Arena {
  /// The whole arena, to be written.
  var writing: MutableSpan<Float> {
    @_lifetime(borrow self) get { self[writingElements: 0..<count] }
  }
}
