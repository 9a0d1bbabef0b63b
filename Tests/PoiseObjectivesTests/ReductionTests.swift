import PoiseObjectives
import Testing

@Suite struct ReductionTests {
  let pair = Pair(
    first: ResponseStatistics(logProbability: -8, referenceLogProbability: -6, length: 4),
    second: ResponseStatistics(logProbability: -15, referenceLogProbability: -10, length: 10), preference: 0.9)

  @Test func theSumIsTheObjectiveItself() {
    let objective = IdentityPreferenceOptimization(tau: 0.2)
    #expect(Reduced(objective, reduction: .sum).evaluate(pair) == objective.evaluate(pair))
  }

  /// h = (−8/4 + 6/4) − (−15/10 + 10/10) = −½ + ½ = 0, so that only the label is left: c = −0.8, a quarter and a tenth of it
  /// a side.
  @Test func theMeanDividesEachSideByItsOwnLength() {
    let found = Reduced(IdentityPreferenceOptimization(tau: 0.2), reduction: .mean).evaluate(pair)
    expectClose(found.margin, 0)
    expectClose(found.coefficients.first, -0.8 / 4)
    expectClose(found.coefficients.second, 0.8 / 10)
    expectClose(found.loss, -0.8 * (-2 + 1.5))
  }

  @Test(arguments: LogProbabilityReduction.allCases, IdentityPreferenceOptimization.Form.allCases)
  func coefficientsAreDerivativesByTheSums(
    _ reduction: LogProbabilityReduction, _ form: IdentityPreferenceOptimization.Form
  ) {
    let objective = Reduced(IdentityPreferenceOptimization(tau: 0.7, form: form), reduction: reduction)
    expectDerivatives(objective, IdentityPreferenceOptimizationTests.pairs)
  }

  @Test func softLabelsAreThePreferenceAndHardOnesTheMajority() {
    for preference in [0, 0.3, 0.5, 0.51, 1] { #expect(PreferenceLabels.soft.label(preference) == preference) }
    #expect([0, 0.3, 0.5, 0.51, 1].map(PreferenceLabels.hard.label) == [0, 0, 0.5, 1, 1])
  }
}
