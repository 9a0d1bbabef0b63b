// RMSNorm (Zhang & Sennrich 2019). Goals: rows as long as 4,096 keep their statistics within 2 ulp; fast. A row whose
// squares overflow a float normalises to zero, as its mean square is ∞.

extension Kernels {
  /// Σ x² in double precision: the squares are exact, so nothing overflows.
  public func sumOfSquares(_ x: Span<Float>) -> Double { x.sumOfSquares() }

  /// y_t = g ∘ x_t·r_t, r_t = 1/√(mean x_t² + ε). r within 2 ulp, y within 4.
  public func rmsNormForward(
    _ x: Span<Float>, gain: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    inverseDeviations: consuming MutableSpan<Float>
  ) {
    let columns = gain.count
    precondition(x.count == y.count && x.count == inverseDeviations.count * columns)
    let pastCaches = x.isPastCaches
    var squares = inverseDeviations.isEmpty ? 0 : sumLanes(x.extracting(rowRange(0, of: columns)), Square())
    for t in inverseDeviations.indices {
      let inverse = 1 / (squares / Float(columns) + epsilon).squareRoot()
      inverseDeviations[t] = inverse
      // The last row is summed once more, for want of a next.
      let next = min(t + 1, inverseDeviations.count - 1)
      var normalized = y._mutatingExtracting(rowRange(t, of: columns))
      squares = normalized.setLanes(
        from: x.extracting(rowRange(t, of: columns)), gain, Scaling(inverse: inverse),
        summing: x.extracting(rowRange(next, of: columns)), Square(), pastCaches: pastCaches)
    }
    finishWriting(pastCaches: pastCaches)
  }

  /// dx = r·(g ∘ dy − x̂·mean(g ∘ dy ∘ x̂)) with x̂ = x·r; dg = Σ_t dy ∘ x̂.
  public func rmsNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>
  ) {
    let columns = gain.count
    precondition(x.count == inverseDeviations.count * columns && dGain.count == columns)
    precondition(dY.count == x.count && dX.count == x.count)
    var nothing = MutableSpan<Float>()
    for t in inverseDeviations.indices {
      let inverse = inverseDeviations[t]
      let row = x.extracting(rowRange(t, of: columns))
      let dRow = dY.extracting(rowRange(t, of: columns))
      let along = sumLanes(row, dRow, gain, Alignment()).0 * inverse / Float(columns)
      var dInput = dX._mutatingExtracting(rowRange(t, of: columns))
      dInput.setLanes(
        adding: adding, of: row, dRow, gain, addingTo: &dGain, &nothing, RMSNormGradient(inverse: inverse, along: along),
        pastCaches: x.isPastCaches)
    }
    finishWriting(pastCaches: x.isPastCaches && !adding)
  }
}

private struct Square: LaneFunction {
  @inline(__always) func form(_ x: inout Lanes) { x *= x }
}

/// g·dy·x
private struct Alignment: LaneTerms {
  @inline(__always)
  func add(_ x: Lanes, _ dY: Lanes, _ gain: Lanes, to along: inout Lanes, _: inout Lanes) { along.add(dY * gain, times: x) }
}

private struct Scaling: LanePairFunction {
  let inverse: Float
  @inline(__always) func form(_ x: inout Lanes, _ gain: Lanes) { x = gain * (x * inverse) }
}

private struct RMSNormGradient: LaneSums {
  let inverse: Float
  let along: Float
  @inline(__always)
  func add(_ x: Lanes, _ dY: Lanes, _ gain: Lanes, to dX: inout Lanes, _ dGain: inout Lanes, _: inout Lanes) {
    let normalized = x * inverse
    var change = dY * gain
    change.subtract(normalized, times: along)
    dX.add(change, times: inverse)
    dGain.add(normalized, times: dY)
  }
}
