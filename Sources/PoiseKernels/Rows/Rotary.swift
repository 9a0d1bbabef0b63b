// Rotary positions (Su et al. 2021), halves paired. Goals: forward and backward undo each other to rounding; fast.
// Each element: two products and a sum, ≤ 1.5 ulp of the larger product.

extension Kernels {
  /// (a, b) ← (a·cos − b·sin, b·cos + a·sin).
  public func rotaryForward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating x: consuming MutableSpan<Float>
  ) {
    precondition(x.count == positions.count * columns && heads * headSize <= columns && cosines.count == sines.count)
    for t in positions.indices {
      let angle = Int(positions[t])
      var row = x._mutatingExtracting(rowRange(t, of: columns))
      for head in 0..<heads {
        rotate(
          row._mutatingExtracting(rowRange(head, of: headSize)), cosines: cosines.extracting(rowRange(angle, of: headSize / 2)),
          sines: sines.extracting(rowRange(angle, of: headSize / 2)), direction: 1)
      }
    }
  }

  /// (a, b) ← (a·cos + b·sin, b·cos − a·sin).
  public func rotaryBackward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating dX: consuming MutableSpan<Float>
  ) {
    precondition(dX.count == positions.count * columns && heads * headSize <= columns && cosines.count == sines.count)
    for t in positions.indices {
      let angle = Int(positions[t])
      var row = dX._mutatingExtracting(rowRange(t, of: columns))
      for head in 0..<heads {
        rotate(
          row._mutatingExtracting(rowRange(head, of: headSize)), cosines: cosines.extracting(rowRange(angle, of: headSize / 2)),
          sines: sines.extracting(rowRange(angle, of: headSize / 2)), direction: -1)
      }
    }
  }

  /// Rotates one head; a direction of −1 turns back.
  @inline(__always)
  private func rotate(
    _ head: consuming MutableSpan<Float>, cosines: Span<Float>, sines: Span<Float>, direction: Float
  ) {
    let half = cosines.count
    precondition(head.count == 2 * half && sines.count == half)
    let whole = half / Lanes.scalarCount * Lanes.scalarCount
    unsafe head.withUnsafeMutableBufferPointer { head in
      unsafe cosines.withUnsafeBufferPointer { cosines in
        unsafe sines.withUnsafeBufferPointer { sines in
          guard let head = head.baseAddress, let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
          for i in stride(from: 0, to: whole, by: Lanes.scalarCount) {
            let (first, second) = unsafe (load(head + i), load(head + half + i))
            let (cosine, sine) = unsafe (load(cosines + i), direction * load(sines + i))
            unsafe store(first * cosine - second * sine, head + i)
            unsafe store(second * cosine + first * sine, head + half + i)
          }
        }
      }
    }
    for i in whole..<half {
      let (first, second) = (head[i], head[half &+ i])
      let sine = direction * sines[i]
      head[i] = first * cosines[i] - second * sine
      head[half &+ i] = second * cosines[i] + first * sine
    }
  }
}
