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
    for t in inverseDeviations.indices {
      let row = x.extracting(rowRange(t, of: columns))
      let meanSquare = sumLanes(row) { $0 *= $0 } / Float(columns)
      let inverse = 1 / (meanSquare + epsilon).squareRoot()
      inverseDeviations[t] = inverse
      var normalised = y._mutatingExtracting(rowRange(t, of: columns))
      for c in row.indices { normalised[c] = gain[c] * (row[c] * inverse) }
    }
  }

  /// dx = r·(g ∘ dy − x̂·mean(g ∘ dy ∘ x̂)) with x̂ = x·r; dg = Σ_t dy ∘ x̂.
  public func rmsNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, inverseDeviations: Span<Float>,
    addingTo dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>
  ) {
    let columns = gain.count
    precondition(x.count == inverseDeviations.count * columns && dGain.count == columns)
    precondition(dY.count == x.count && dX.count == x.count)
    for t in inverseDeviations.indices {
      let inverse = inverseDeviations[t]
      let row = x.extracting(rowRange(t, of: columns))
      let dRow = dY.extracting(rowRange(t, of: columns))
      let along = sumLanes(dRow, gain, row) { $0 *= $1 * $2 } * inverse / Float(columns)
      var dInput = dX._mutatingExtracting(rowRange(t, of: columns))
      for c in row.indices {
        let normalised = row[c] * inverse
        dInput[c] += inverse * (gain[c] * dRow[c] - normalised * along)
        dGain[c] += dRow[c] * normalised
      }
    }
  }
}
