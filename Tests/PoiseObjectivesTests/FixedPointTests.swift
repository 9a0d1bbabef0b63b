import Foundation
import PoiseObjectives
import Testing

/// Where each objective stops pulling.
@Suite struct FixedPointTests {
  static let preferences = [0.1, 0.25, 0.5, 0.8, 0.99]

  private func coefficient(_ objective: some PairObjective, h: Double, preference: Double) -> Double {
    objective.evaluate(
      Pair(
        first: ResponseStatistics(logProbability: -4 + h, referenceLogProbability: -4),
        second: ResponseStatistics(logProbability: -4, referenceLogProbability: -4), preference: preference)
    ).coefficients.first
  }

  @Test(arguments: ListedObjective.taus, preferences)
  func identityPreferenceOptimizationRestsAtTheDistanceFromATie(tau: Double, preference: Double) {
    for form in IdentityPreferenceOptimization.Form.allCases {
      let objective = IdentityPreferenceOptimization(tau: tau, form: form)
      #expect(abs(coefficient(objective, h: (preference - 0.5) / tau, preference: preference)) < 1e-13)
    }
  }

  @Test(arguments: ListedObjective.taus, preferences)
  func directPreferenceOptimizationRestsAtTheLogit(tau: Double, preference: Double) {
    let objective = DirectPreferenceOptimization(tau: tau)
    let rest = log(preference / (1 - preference)) / tau
    #expect(abs(coefficient(objective, h: rest, preference: preference)) < 1e-14 * tau * max(1, rest))
    #expect(coefficient(objective, h: rest - 0.01, preference: preference) < 0)
    #expect(coefficient(objective, h: rest + 0.01, preference: preference) > 0)
  }

  /// However weak the preference, the pull turns round on its kink and nowhere else.
  @Test(arguments: ListedObjective.taus, [0.01, 0.49, 0.51, 0.99])
  func theHingeRestsOnItsKink(tau: Double, preference: Double) {
    let objective = HingeNorm(tau: tau)
    let kink = (preference > 0.5 ? 1 : -1) / tau
    #expect(coefficient(objective, h: kink - 1e-9, preference: preference) < 0)
    #expect(coefficient(objective, h: kink + 1e-9, preference: preference) > 0)
    for h in [-3 / tau, -0.5 / tau, 0.5 / tau, 3 / tau] {
      #expect((coefficient(objective, h: h, preference: preference) > 0) == (h > kink))
    }
  }

  @Test(arguments: ListedObjective.taus, preferences)
  func policyGradientsRestWhereTheLogRatioPaysForItself(tau: Double, gain: Double) {
    let pair = Pair(
      first: ResponseStatistics(logProbability: -4 + gain / tau, referenceLogProbability: -4, advantage: gain),
      second: ResponseStatistics(logProbability: -9 - gain / tau, referenceLogProbability: -9, advantage: -gain),
      preference: gain)
    let rewarded = RegularizedPolicyGradient(tau: tau).evaluate(pair).coefficients
    #expect(abs(rewarded.first) < 1e-14 && abs(rewarded.second) < 1e-14)
    var preferred = pair
    preferred.first.logProbability = -4 + (gain - 0.5) / tau
    #expect(abs(NashMirrorDescent(tau: tau).evaluate(preferred).coefficients.first) < 1e-14)
  }

  /// At initialisation, where the policy is the reference.
  @Test(arguments: ListedObjective.taus) func theFirstStepIsLedByPreferencesAlone(tau: Double) {
    for preference in [0, 0.25, 0.5, 0.8, 1] {
      let found = coefficient(IdentityPreferenceOptimization(tau: tau, form: .code), h: 0, preference: preference)
      #expect(found == -(2 * preference - 1))
      expectClose(coefficient(DirectPreferenceOptimization(tau: tau), h: 0, preference: preference), tau * (0.5 - preference))
      #expect(coefficient(NashMirrorDescent(tau: tau), h: 0, preference: preference) == 0.5 - preference)
    }
  }
}
