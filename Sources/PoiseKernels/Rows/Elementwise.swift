// Goals: exactly the rounding of the formula as written, element by element; then the speed of memory.

extension Kernels {
  /// y ← exp x; ≤ 1 ulp.
  public func exponential(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    y.setLanes(from: x, Exponential())
  }

  /// y ← y + x; ½ ulp.
  public func add(_ x: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
    precondition(x.count == y.count)
    for i in x.indices { y[i] += x[i] }
  }

  /// y ← y + scale·x; two roundings.
  public func addScaled(_ x: Span<Float>, by scale: Float, addingTo y: consuming MutableSpan<Float>) {
    precondition(x.count == y.count)
    for i in x.indices { y[i] += scale * x[i] }
  }

  /// y ← scale·y; ½ ulp.
  public func scale(by scale: Float, updating y: consuming MutableSpan<Float>) {
    for i in y.indices { y[i] *= scale }
  }

  /// Y ← Y + 1·bᵀ, Y (T, C), b (C); ½ ulp.
  public func addBias(_ bias: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
    precondition(!bias.isEmpty && y.count.isMultiple(of: bias.count))
    for t in 0..<y.count / bias.count { add(bias, addingTo: y._mutatingExtracting(rowRange(t, of: bias.count))) }
  }

  /// db ← db + Σ_t dY_t, dY (T, C), db (C); a rounding a row.
  public func biasBackward(_ dY: Span<Float>, addingTo dBias: consuming MutableSpan<Float>) {
    let columns = dBias.count
    precondition(columns > 0 && dY.count.isMultiple(of: columns))
    for t in 0..<dY.count / columns {
      let dRow = dY.extracting(rowRange(t, of: columns))
      for c in dRow.indices { dBias[c] += dRow[c] }
    }
  }
}

private struct Exponential: LaneFunction {
  @inline(__always) func form(_ x: inout Lanes) { x.formExponential() }
}
