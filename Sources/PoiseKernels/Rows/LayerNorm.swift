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
    for rows in RowGroups(of: means.count, columns: columns, pastCaches: x.isPastCaches) {
      for t in rows { means[t] = sumLanes(x.extracting(rowRange(t, of: columns)), Identity()) / Float(columns) }
      for t in rows {
        let squares = sumLanes(
          x.extracting(rowRange(t, of: columns)), padding: means[t], SquareOfDifference(origin: means[t]))
        inverseDeviations[t] = 1 / (squares / Float(columns) + epsilon).squareRoot()
      }
      for t in rows {
        var normalized = y._mutatingExtracting(rowRange(t, of: columns))
        normalized.setLanes(
          from: x.extracting(rowRange(t, of: columns)), gain, bias,
          Normalization(mean: means[t], inverse: inverseDeviations[t]), asksAhead: x.isPastCaches, pastCaches: x.isPastCaches)
      }
    }
    finishWriting(pastCaches: x.isPastCaches)
  }

  /// dx = r·(g ∘ dy − mean(g ∘ dy) − x̂·mean(g ∘ dy ∘ x̂)) with x̂ = (x − m)·r; dg = Σ_t dy ∘ x̂; db = Σ_t dy.
  public func layerNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, means: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>,
    addingTo dBias: consuming MutableSpan<Float>
  ) {
    let columns = gain.count
    precondition(means.count == inverseDeviations.count && dGain.count == columns && dBias.count == columns)
    precondition(x.count == means.count * columns && dY.count == x.count && dX.count == x.count)
    for t in means.indices {
      let (mean, inverse) = (means[t], inverseDeviations[t])
      let row = x.extracting(rowRange(t, of: columns))
      let dRow = dY.extracting(rowRange(t, of: columns))
      let sums = sumLanes(row, dRow, gain, LayerNormTerms(mean: mean))
      var dInput = dX._mutatingExtracting(rowRange(t, of: columns))
      dInput.setLanes(
        adding: adding, of: row, dRow, gain, addingTo: &dGain, &dBias,
        LayerNormGradient(
          mean: mean, inverse: inverse, level: sums.0 / Float(columns), along: sums.1 * inverse / Float(columns)),
        pastCaches: x.isPastCaches)
    }
    finishWriting(pastCaches: x.isPastCaches && !adding)
  }
}

private struct Normalization: LaneMap {
  let mean: Float
  let inverse: Float
  @inline(__always)
  func form(_ x: inout Lanes, _ gain: Lanes, _ bias: Lanes) {
    x = (x - mean) * inverse
    x.multiply(by: gain, adding: bias)
  }
}

/// g·dy and g·dy·(x − m).
private struct LayerNormTerms: LaneTerms {
  let mean: Float
  @inline(__always)
  func add(_ x: Lanes, _ dY: Lanes, _ gain: Lanes, to level: inout Lanes, _ along: inout Lanes) {
    let weighted = dY * gain
    level += weighted
    along.add(weighted, times: x - mean)
  }
}

private struct LayerNormGradient: LaneSums {
  let mean: Float
  let inverse: Float
  let level: Float
  let along: Float
  @inline(__always)
  func add(
    _ x: Lanes, _ dY: Lanes, _ gain: Lanes, to dX: inout Lanes, _ dGain: inout Lanes, _ dBias: inout Lanes
  ) {
    let normalized = (x - mean) * inverse
    var change = dY * gain - level
    change.subtract(normalized, times: along)
    dX.add(change, times: inverse)
    dGain.add(normalized, times: dY)
    dBias += dY
  }
}

/// (x − origin)²
private struct SquareOfDifference: LaneFunction {
  let origin: Float
  @inline(__always)
  func form(_ x: inout Lanes) {
    x -= origin
    x *= x
  }
}
