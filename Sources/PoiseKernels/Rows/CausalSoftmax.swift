// The causal softmax of attention. Goals, in order: what is not visible is exactly 0; no overflow whatever the scores;
// fast. Scores equal to −∞ have probability 0, as long as one visible score of the row is finite.

extension Kernels {
  /// Row i: its first `firstVisible + i` columns become softmax(scale·score), the others 0. The difference from the
  /// largest score is rounded before it is scaled: an error of (3 + |scale·difference|) ulp a probability.
  public func causalSoftmaxForward(
    columns: Int, firstVisible: Int, scale: Float, updating scores: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && scores.count.isMultiple(of: columns) && firstVisible >= 1 && scale > 0)
    for i in 0..<scores.count / columns {
      let visible = min(columns, firstVisible + i)
      var row = scores._mutatingExtracting(rowRange(i, of: columns))
      for j in visible..<columns { row[j] = 0 }
      var seen = row._mutatingExtracting(0..<visible)
      formSoftmax(&seen, scale: scale)
    }
  }

  /// dS = scale · P ∘ (dP − Σ_j P_j dP_j).
  public func causalSoftmaxBackward(
    probabilities: Span<Float>, columns: Int, firstVisible: Int, scale: Float,
    updating dScores: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && dScores.count.isMultiple(of: columns) && firstVisible >= 1)
    precondition(probabilities.count == dScores.count)
    for i in 0..<dScores.count / columns {
      let visible = min(columns, firstVisible + i)
      var dRow = dScores._mutatingExtracting(rowRange(i, of: columns))
      for j in visible..<columns { dRow[j] = 0 }
      var dSeen = dRow._mutatingExtracting(0..<visible)
      formSoftmaxGradient(
        &dSeen, probabilities: probabilities.extracting(rowRange(i, of: columns)).extracting(0..<visible), scale: scale)
    }
  }
}

/// A row of scores ← softmax(scale·score).
func formSoftmax(_ row: inout MutableSpan<Float>, scale: Float) {
  row.updateLanes(ScaledDecay(origin: row.span.maximum(), scale: scale))
  row.updateLanes(Multiple(factor: 1 / sumLanes(row.span, Identity())))
}

/// A row of dP ← dS = scale · P ∘ (dP − Σ_j P_j dP_j).
func formSoftmaxGradient(_ dRow: inout MutableSpan<Float>, probabilities: Span<Float>, scale: Float) {
  let mean = sumLanes(probabilities, dRow.span, Product())
  dRow.updateLanes(with: probabilities, SoftmaxGradient(mean: mean, scale: scale))
}

/// scale·P·(dP − mean)
private struct SoftmaxGradient: LanePairFunction {
  let mean: Float
  let scale: Float
  @inline(__always) func form(_ dP: inout Lanes, _ probability: Lanes) { dP = scale * (probability * (dP - mean)) }
}

/// exp(scale·(x − origin)), x ≤ origin.
private struct ScaledDecay: LaneFunction {
  let origin: Float
  let scale: Float
  @inline(__always)
  func form(_ x: inout Lanes) {
    x = (x - origin) * scale
    x.formDecay()
  }
}
