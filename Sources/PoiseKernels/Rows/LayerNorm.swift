// LayerNorm (Ba, Kiros & Hinton 2016). Goals: the variance survives a mean much larger than the deviation (two passes:
// mean first, then squares of differences); statistics within 2 ulp of the magnitudes summed; fast.

extension Kernels {
  /// y_t = g ∘ (x_t − m_t)·r_t + b, m_t = mean x_t, r_t = 1/√(var x_t + ε).
  public func layerNormForward(
    _ x: Span<Float>, gain: Span<Float>, bias: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    means: consuming MutableSpan<Float>, inverseDeviations: consuming MutableSpan<Float>
  ) {
    let columns = gain.count
    precondition(bias.count == columns && means.count == inverseDeviations.count)
    precondition(x.count == means.count * columns && y.count == x.count)
    for t in means.indices {
      let row = x.extracting(rowRange(t, of: columns))
      let mean = sumLanes(row) { _ in } / Float(columns)
      let variance = sumLanes(row, padding: mean) { $0.formSquareOfDifference(from: mean) } / Float(columns)
      let inverse = 1 / (variance + epsilon).squareRoot()
      means[t] = mean
      inverseDeviations[t] = inverse
      var normalised = y._mutatingExtracting(rowRange(t, of: columns))
      for c in row.indices { normalised[c] = gain[c] * ((row[c] - mean) * inverse) + bias[c] }
    }
  }

  /// dx = r·(g ∘ dy − mean(g ∘ dy) − x̂·mean(g ∘ dy ∘ x̂)) with x̂ = (x − m)·r; dg = Σ_t dy ∘ x̂; db = Σ_t dy.
  public func layerNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, means: Span<Float>, inverseDeviations: Span<Float>,
    addingTo dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>,
    addingTo dBias: consuming MutableSpan<Float>
  ) {
    let columns = gain.count
    precondition(means.count == inverseDeviations.count && dGain.count == columns && dBias.count == columns)
    precondition(x.count == means.count * columns && dY.count == x.count && dX.count == x.count)
    for t in means.indices {
      let (mean, inverse) = (means[t], inverseDeviations[t])
      let row = x.extracting(rowRange(t, of: columns))
      let dRow = dY.extracting(rowRange(t, of: columns))
      let level = sumLanes(dRow, gain) { $0 *= $1 } / Float(columns)
      let along = sumLanes(dRow, gain, row) { $0 *= $1 * ($2 - mean) } * inverse / Float(columns)
      var dInput = dX._mutatingExtracting(rowRange(t, of: columns))
      for c in row.indices {
        let normalised = (row[c] - mean) * inverse
        dInput[c] += inverse * (gain[c] * dRow[c] - level - normalised * along)
        dGain[c] += dRow[c] * normalised
        dBias[c] += dRow[c]
      }
    }
  }
}

extension Lanes {
  /// self ← (self − origin)².
  @inline(__always)
  fileprivate mutating func formSquareOfDifference(from origin: Float) {
    self -= origin
    self *= self
  }
}
