import PoiseObjectives
import Testing

/// Fails where two numbers differ by more than rounding.
func expectClose(_ found: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(abs(found - expected) <= 1e-11 * max(1, abs(expected)), "\(found) is not \(expected)", sourceLocation: sourceLocation)
}

/// Fails where two numbers differ in the ninth digit, or one is zero and the other is not.
func expectRelativelyClose(_ found: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(abs(found - expected) <= 1e-9 * abs(expected), "\(found) is not \(expected)", sourceLocation: sourceLocation)
}

/// Fails where a coefficient is not the derivative of the loss by that response's log π.
///
/// - Parameters:
///   - step: in nats; no kink may be nearer than two steps.
///   - frozenWeights: moves log π and log π_ref together, so that the log-ratio in the weight of a surrogate stays.
func expectDerivatives(
  _ objective: some PairObjective, _ pair: Pair, step: Double, frozenWeights: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  // Of fourth order: the error is that of rounding, but for DPO, whose fifth derivative is below τ⁵/4.
  func slope(_ response: WritableKeyPath<Pair, ResponseStatistics>) -> Double {
    func loss(_ distance: Double) -> Double {
      var moved = pair
      moved[keyPath: response].logProbability += distance
      if frozenWeights { moved[keyPath: response].referenceLogProbability += distance }
      return objective.evaluate(moved).loss
    }
    return (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
  }
  let found = objective.evaluate(pair)
  for (slope, coefficient) in [(slope(\.first), found.coefficients.first), (slope(\.second), found.coefficients.second)] {
    let tolerance = 1e-8 * (abs(coefficient) + 1) + 1e-14 * abs(found.loss) / step
    #expect(
      abs(slope - coefficient) <= tolerance, "the slope is \(slope), the coefficient \(coefficient)",
      sourceLocation: sourceLocation)
  }
}
