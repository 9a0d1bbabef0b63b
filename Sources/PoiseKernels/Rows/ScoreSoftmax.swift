// The softmax of attention's scores, in place, and its gradient. Goals, in order: scores of −∞ have probability 0, as long as one score
// of the row is finite; no overflow whatever the scores; fast. The difference from the largest score is rounded before it is scaled: an
// error of (3 + |scale·difference|) ulp a probability.

/// A row of scores ← scale·score + bias, in one rounding.
func addBiases(_ biases: Span<Float>, scale: Float, to row: inout MutableSpan<Float>) {
  row.updateLanes(with: biases, ScaledSum(scale: scale))
}

/// Biases' gradients ← themselves + a row of dS.
func addBiasGradients(_ dRow: Span<Float>, to dBiases: inout MutableSpan<Float>) {
  for column in dRow.indices { dBiases[column] += dRow[column] }
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

/// scale·x + y
private struct ScaledSum: LanePairFunction {
  let scale: Float
  @inline(__always) func form(_ x: inout Lanes, _ y: Lanes) { x.multiply(by: Lanes(repeating: scale), adding: y) }
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
