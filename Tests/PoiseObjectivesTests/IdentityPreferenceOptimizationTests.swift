import PoiseObjectives
import Testing

@Suite struct IdentityPreferenceOptimizationTests {
  /// Pairs of every kind: certain and undecided annotators, margins |τh| up to 500.
  static let pairs: [Pair] = [-1000.0, -30, -1.5, 0, 0.25, 40, 1000].flatMap { margin in
    [0.0, 0.2, 0.5, 0.9, 1].map { preference in
      Pair(
        first: ResponseStatistics(logProbability: -3 + margin, referenceLogProbability: -2.5, length: 4),
        second: ResponseStatistics(logProbability: -7, referenceLogProbability: -6.5, length: 9), preference: preference)
    }
  }
  static let taus = [0.05, 0.5, 3]

  @Test(arguments: taus) func lossesAndCoefficientsAreTheFormulas(tau: Double) {
    for pair in Self.pairs {
      let h = (pair.first.logProbability + 2.5) - (pair.second.logProbability + 6.5)
      let label = 2 * pair.preference - 1
      let squared = IdentityPreferenceOptimization(tau: tau, form: .squared).evaluate(pair)
      expectClose(squared.loss, (h - label / (2 * tau)) * (h - label / (2 * tau)))
      expectClose(squared.coefficients.first, 2 * h - label / tau)
      let code = IdentityPreferenceOptimization(tau: tau, form: .code).evaluate(pair)
      expectClose(code.loss, tau * h * h - label * (pair.first.logProbability - pair.second.logProbability))
      expectClose(code.coefficients.first, 2 * tau * h - label)
      #expect(squared.margin == h && code.margin == h)
    }
  }

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

  @Test(arguments: IdentityPreferenceOptimization.Form.allCases)
  func coefficientsAreTheDerivativesOfTheLoss(_ form: IdentityPreferenceOptimization.Form) {
    for tau in Self.taus { expectDerivatives(IdentityPreferenceOptimization(tau: tau, form: form), Self.pairs) }
  }

  @Test(arguments: IdentityPreferenceOptimization.Form.allCases)
  func coefficientsAreEqualAndOpposite(_ form: IdentityPreferenceOptimization.Form) {
    for pair in Self.pairs {
      let coefficients = IdentityPreferenceOptimization(tau: 0.3, form: form).evaluate(pair).coefficients
      #expect(coefficients.first == -coefficients.second)
    }
  }

  @Test(arguments: IdentityPreferenceOptimization.Form.allCases)
  func thePairToldTheOtherWayRoundIsTheSameLoss(_ form: IdentityPreferenceOptimization.Form) {
    let objective = IdentityPreferenceOptimization(tau: 0.3, form: form)
    for pair in Self.pairs {
      let (told, swapped) = (objective.evaluate(pair), objective.evaluate(pair.swapped))
      expectClose(told.loss, swapped.loss)
      expectClose(told.coefficients.first, swapped.coefficients.second)
      #expect(told.margin == -swapped.margin)
    }
  }

  /// Only the margin counts: what both responses gain changes nothing.
  @Test(arguments: IdentityPreferenceOptimization.Form.allCases)
  func aConstantAddedToBothResponsesChangesNothing(_ form: IdentityPreferenceOptimization.Form) {
    let objective = IdentityPreferenceOptimization(tau: 0.3, form: form)
    for pair in Self.pairs {
      var moved = pair
      moved.first.logProbability += 16
      moved.second.logProbability += 16
      moved.first.referenceLogProbability -= 8
      moved.second.referenceLogProbability -= 8
      let (still, shifted) = (objective.evaluate(pair), objective.evaluate(moved))
      expectClose(shifted.loss, still.loss)
      expectClose(shifted.coefficients.first, still.coefficients.first)
    }
  }

  /// The two forms in print: squared·τ − code depends on the reference and the label alone.
  @Test(arguments: taus) func theSquareIsTheCodeFormOverTauUpToAConstant(tau: Double) {
    for pair in Self.pairs {
      let squared = IdentityPreferenceOptimization(tau: tau, form: .squared).evaluate(pair)
      let code = IdentityPreferenceOptimization(tau: tau, form: .code).evaluate(pair)
      expectClose(squared.coefficients.first, code.coefficients.first / tau)
      let label = 2 * pair.preference - 1
      let referenceMargin = pair.first.referenceLogProbability - pair.second.referenceLogProbability
      expectClose(squared.loss, code.loss / tau + label * label / (4 * tau * tau) + label * referenceMargin / tau)
    }
  }

  @Test(arguments: taus, IdentityPreferenceOptimization.Form.allCases)
  func nothingIsLeftToLearnAtTheTarget(tau: Double, _ form: IdentityPreferenceOptimization.Form) {
    for preference in [0, 0.25, 0.5, 0.8, 1] {
      let target = (preference - 0.5) / tau
      let pair = Pair(
        first: ResponseStatistics(logProbability: -4 + target, referenceLogProbability: -4),
        second: ResponseStatistics(logProbability: -4, referenceLogProbability: -4), preference: preference)
      let loss = IdentityPreferenceOptimization(tau: tau, form: form).evaluate(pair)
      #expect(abs(loss.coefficients.first) < 1e-13)
      if form == .squared { #expect(loss.loss < 1e-25) }
    }
  }
}

/// Fails where a coefficient is not the derivative of the loss by that response's log π.
func expectDerivatives(_ objective: some PairObjective, _ pairs: [Pair], sourceLocation: SourceLocation = #_sourceLocation) {
  for pair in pairs {
    let step = 1e-3  // the losses are quadratic: a central difference has rounding only
    func slope(_ response: WritableKeyPath<Pair, ResponseStatistics>) -> Double {
      let losses = [step, -step].map { distance in
        var moved = pair
        moved[keyPath: response].logProbability += distance
        return objective.evaluate(moved).loss
      }
      return (losses[0] - losses[1]) / (2 * step)
    }
    let found = objective.evaluate(pair)
    let rounding = 1e-12 * (abs(found.loss) + 1) / step
    #expect(abs(slope(\.first) - found.coefficients.first) <= rounding, sourceLocation: sourceLocation)
    #expect(abs(slope(\.second) - found.coefficients.second) <= rounding, sourceLocation: sourceLocation)
  }
}

/// Fails where two numbers differ by more than rounding.
func expectClose(_ found: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(abs(found - expected) <= 1e-11 * max(1, abs(expected)), "\(found) is not \(expected)", sourceLocation: sourceLocation)
}
