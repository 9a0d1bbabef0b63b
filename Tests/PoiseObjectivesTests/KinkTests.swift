import PoiseObjectives
import Testing

/// Both sides of |u| = 1, and the subgradient chosen on it: that of the flat side. Every number here is dyadic, so that u is exact.
@Suite struct KinkTests {
  private func pair(margin: Double, preference: Double) -> Pair {
    Pair(
      first: ResponseStatistics(logProbability: -4 + margin, referenceLogProbability: -8),
      second: ResponseStatistics(logProbability: -4, referenceLogProbability: -8), preference: preference)
  }

  /// With τ = ¼ the kinks are at h = ±4; p = ¾.
  @Test(arguments: [
    (-4.5, -0.1875, 1.59375),  // the hinge of y alone: −τp; ¾(1 + 1.125)
    (-4.0, -0.1875, 1.5),  // on the kink of y′, its hinge is silent; ¾·2
    (-3.5, -0.125, 1.4375),  // both: −τ(2p − 1); ¾·1.875 + ¼·0.125
    (0.0, -0.125, 1.0),
    (3.5, -0.125, 0.5625),  // ¾·0.125 + ¼·1.875
    (4.0, 0.0625, 0.5),  // on the kink of y, its hinge is silent; ¼·2
    (4.5, 0.0625, 0.53125),  // the hinge of y′ alone: τ(1 − p); ¼·2.125
  ]) func theHingeOfTheMargin(_ h: Double, _ coefficient: Double, _ loss: Double) {
    let found = HingeNorm(tau: 0.25).evaluate(pair(margin: h, preference: 0.75))
    #expect(found.coefficients == (coefficient, -coefficient))
    #expect(found.loss == loss)
  }

  @Test(arguments: [-4.0, -3, 0, 3, 4]) func aTieIsFlatBetweenTheKinks(_ h: Double) {
    let found = HingeNorm(tau: 0.25).evaluate(pair(margin: h, preference: 0.5))
    #expect(found.loss == 1)
    #expect(found.coefficients.first == (h == 4 ? 0.125 : h == -4 ? -0.125 : 0))
  }

  @Test(arguments: [1.0, 1.5, 500]) func aCertainLabelThatIsFulfilledPullsNoMore(_ u: Double) {
    let found = HingeNorm(tau: 0.25).evaluate(pair(margin: 4 * u, preference: 1))
    #expect(found.loss == 0 && found.coefficients == (0, 0))
    let mirrored = HingeNorm(tau: 0.25).evaluate(pair(margin: -4 * u, preference: 0))
    #expect(mirrored.loss == 0 && mirrored.coefficients == (0, 0))
  }

  /// δ = 2, λ = ½, p = ¾; log π(y) = −4 + m, log π(y′) = −4: the regulariser is −½(−4 + ¾m) = 2 − ⅜m, and gives −⅜ and −⅛.
  @Test(arguments: [
    (-3.0, -0.75, 3.75 + 3.125),  // ¾·5
    (-2.0, -0.75, 3.0 + 2.75),  // on the kink of y′; ¾·4
    (0.0, -0.5, 2.0 + 2.0),
    (2.0, 0.25, 1.0 + 1.25),  // on the kink of y; ¼·4
    (3.0, 0.25, 1.25 + 0.875),  // ¼·5
  ]) func theHingeOfLogProbabilities(_ m: Double, _ slope: Double, _ loss: Double) {
    let objective = SequenceLikelihoodCalibration(margin: 2, regularization: 0.5)
    let found = objective.evaluate(pair(margin: m, preference: 0.75))
    #expect(found.coefficients == (slope - 0.375, -slope - 0.125))
    #expect(found.loss == loss)
  }

  /// c + c′ = −λ everywhere, and the reference moves nothing.
  @Test(arguments: [0, 0.5, 2.0]) func calibrationHoldsThePreferredResponseUp(_ regularization: Double) {
    let objective = SequenceLikelihoodCalibration(margin: 1, regularization: regularization)
    for pair in Pair.grid(tau: 1) {
      let found = objective.evaluate(pair)
      expectClose(found.coefficients.first + found.coefficients.second, -regularization)
      var other = pair
      other.first.referenceLogProbability -= 3
      let moved = objective.evaluate(other)
      #expect(moved.loss == found.loss && moved.coefficients == found.coefficients)
    }
  }
}
