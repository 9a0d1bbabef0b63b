import PoiseObjectives
import Testing

@Suite struct PolicyGradientTests {
  /// l = 2 and −1; A = 3 and −½; τ = ¼.
  let pair = Pair(
    first: ResponseStatistics(logProbability: -4, referenceLogProbability: -6, length: 2, advantage: 3),
    second: ResponseStatistics(logProbability: -8, referenceLogProbability: -7, length: 4, advantage: -0.5), preference: 0.75)

  /// w = 3 − ½ = 2½ and −½ + ¼ = −¼: the loss is 2½·4 − ¼·8.
  @Test func rewardsWeighBothResponses() {
    let found = RegularizedPolicyGradient(tau: 0.25).evaluate(pair)
    #expect(found == PairLoss(loss: 8, coefficients: (-2.5, 0.25), margin: 3, logRatioCoefficients: (0.25, 0.25)))
  }

  /// w = ¾ − ½ − ½ = −¼: the loss is −¼·4.
  @Test func onlyTheFirstResponseLearnsFromTheOpponent() {
    let found = NashMirrorDescent(tau: 0.25).evaluate(pair)
    #expect(found == PairLoss(loss: -1, coefficients: (0.25, 0), margin: 3, logRatioCoefficients: (0.25, 0)))
    var other = pair
    other.second = ResponseStatistics(logProbability: -100, referenceLogProbability: -1, length: 1)
    #expect(NashMirrorDescent(tau: 0.25).evaluate(other).coefficients == found.coefficients)
  }

  @Test func rewardsAreNotPreferences() {
    var other = pair
    other.preference = 0
    #expect(RegularizedPolicyGradient(tau: 0.25).evaluate(other) == RegularizedPolicyGradient(tau: 0.25).evaluate(pair))
    other = pair
    other.first.advantage = -7
    #expect(NashMirrorDescent(tau: 0.25).evaluate(other) == NashMirrorDescent(tau: 0.25).evaluate(pair))
  }

  /// Of three tokens with log-ratios ρ, the coefficients c − κ Σ_{m<n} ρ_m are those of the returns to go: A − τ Σ_{m≥n} ρ_m,
  /// negated; for the mean, with log-ratios a token and once more divided by the length.
  @Test(arguments: LogProbabilityReduction.allCases)
  func tokensAreWeighedByWhatFollowsThem(_ reduction: LogProbabilityReduction) {
    let (tau, advantage, ratios) = (0.25, 1.5, [0.5, -2, 4])
    let response = ResponseStatistics(logProbability: -5, referenceLogProbability: -7.5, length: 3, advantage: advantage)
    let found = Reduced(RegularizedPolicyGradient(tau: tau), reduction: reduction).evaluate(
      Pair(first: response, second: response, preference: 0.5))
    let weight = reduction == .sum ? 1 : 1 / 3.0
    for token in ratios.indices {
      let earlier = ratios[..<token].reduce(0, +)
      let following = ratios[token...].reduce(0, +)
      expectClose(
        found.coefficients.first - found.logRatioCoefficients.first * earlier, -weight * (advantage - tau * weight * following))
    }
  }
}
