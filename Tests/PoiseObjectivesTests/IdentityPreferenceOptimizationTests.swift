import PoiseObjectives
import Testing

@Suite struct IdentityPreferenceOptimizationTests {
  /// Worked by hand: policy margin 2, reference margin 0, τ = ½, certain: (2 − 1)² = 1. Policy margin −½, reference margin
  /// −1.2, τ = 0.1: (0.7 − 5)² = 18.49.
  @Test func workedExamples() {
    func loss(tau: Double, _ policy: (Double, Double), _ reference: (Double, Double)) -> Double {
      IdentityPreferenceOptimization(tau: tau, form: .squared).evaluate(
        Pair(
          first: ResponseStatistics(logProbability: policy.0, referenceLogProbability: reference.0),
          second: ResponseStatistics(logProbability: policy.1, referenceLogProbability: reference.1), preference: 1)
      ).loss
    }
    expectClose(loss(tau: 0.5, (-1, -3), (-2, -2)), 1)
    expectClose(loss(tau: 0.1, (-2, -1.5), (-2.4, -1.2)), 18.49)
  }

  /// The two forms in print: squared − code/τ depends on the reference and the label alone.
  @Test(arguments: ListedObjective.taus) func theSquareIsTheCodeFormOverTauUpToAConstant(tau: Double) {
    for pair in Pair.grid(tau: tau) {
      let squared = IdentityPreferenceOptimization(tau: tau, form: .squared).evaluate(pair)
      let code = IdentityPreferenceOptimization(tau: tau, form: .code).evaluate(pair)
      expectClose(squared.coefficients.first, code.coefficients.first / tau)
      let label = 2 * pair.preference - 1
      let referenceMargin = pair.first.referenceLogProbability - pair.second.referenceLogProbability
      expectClose(squared.loss, code.loss / tau + label * label / (4 * tau * tau) + label * referenceMargin / tau)
    }
  }
}
