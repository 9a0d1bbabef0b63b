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

  @Test func lossesAreEqualWhereEveryPartIs() {
    let loss = PairLoss(loss: 1, coefficients: (2, 3), margin: 4, logRatioCoefficients: (5, 6))
    let changes: [@Sendable (inout PairLoss) -> Void] = [
      { $0.loss = 0 }, { $0.coefficients.first = 0 }, { $0.coefficients.second = 0 }, { $0.margin = 0 },
      { $0.logRatioCoefficients.first = 0 }, { $0.logRatioCoefficients.second = 0 },
    ]
    for change in changes {
      var other = loss
      #expect(other == loss)
      change(&other)
      #expect(other != loss)
    }
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

  @Test(arguments: ListedObjective.all, LogProbabilityReduction.allCases)
  func coefficientsAreDerivativesByTheSums(_ listed: ListedObjective, _ reduction: LogProbabilityReduction) {
    func expect(_ objective: some PairObjective) {
      let reduced = Reduced(objective, reduction: reduction)
      // The mean moves the kinks.
      let smooth = Pair.grid(tau: listed.tau).filter { listed.distanceToKink(listed.numbers(reduction.reduced($0))) > 0.1 }
      #expect(smooth.count >= 35)
      for pair in smooth {
        expectDerivatives(reduced, pair, step: 0.01 / max(listed.tau, 1), frozenWeights: listed.kind == .surrogate)
      }
    }
    expect(listed.objective)
  }

  /// τ = ¼; w = 3 − ¼·(−2/4) and 1 − ¼·(−5/10): coefficients −w/|y|, and τ/|y|² of them a nat of the sequence's log-ratio.
  @Test func advantagesAreNotDividedAndLogRatiosAreDividedTwice() {
    var rewarded = pair
    (rewarded.first.advantage, rewarded.second.advantage) = (3, 1)
    let found = Reduced(RegularizedPolicyGradient(tau: 0.25), reduction: .mean).evaluate(rewarded)
    expectClose(found.coefficients.first, -3.125 / 4)
    expectClose(found.coefficients.second, -1.125 / 10)
    expectClose(found.loss, 3.125 * 2 + 1.125 * 1.5)
    expectClose(found.logRatioCoefficients.first, 0.25 / 16)
    expectClose(found.logRatioCoefficients.second, 0.25 / 100)
  }
}

extension LogProbabilityReduction {
  /// The pair as the mean shows it to a loss, written down once more.
  fileprivate func reduced(_ pair: Pair) -> Pair {
    func reduced(_ response: ResponseStatistics) -> ResponseStatistics {
      var reduced = response
      let length = self == .sum ? 1 : Double(response.length)
      reduced.logProbability /= length
      reduced.referenceLogProbability /= length
      return reduced
    }
    return Pair(first: reduced(pair.first), second: reduced(pair.second), preference: pair.preference)
  }
}
