import PoiseObjectives
import Testing

/// What holds for every objective of the family, or for all of a kind.
@Suite struct ObjectiveLawTests {
  @Test func theListHasTheWholeFamily() {
    #expect(ListedObjective.all.count == 8 * 4)
    #expect(ListedObjective.contrastive.count == 6 * 4)
    #expect(ListedObjective.ofMargin.count == 4 * 4)
    #expect(Pair.grid(tau: 1).count == 45)
  }

  @Test(arguments: ListedObjective.all) func lossesAndCoefficientsAreTheFormulas(_ listed: ListedObjective) {
    for pair in Pair.grid(tau: listed.tau) {
      let (found, expected) = (listed.objective.evaluate(pair), listed.expected(pair))
      expectRelativelyClose(found.loss, expected.loss)
      expectRelativelyClose(found.coefficients.first, expected.coefficients.0)
      expectRelativelyClose(found.coefficients.second, expected.coefficients.1)
      #expect(found.logRatioCoefficients == expected.logRatioCoefficients)
      #expect(found.margin == listed.numbers(pair).h)
    }
  }

  @Test(arguments: ListedObjective.all) func coefficientsAreTheDerivativesOfTheLoss(_ listed: ListedObjective) {
    let step = 0.01 / max(listed.tau, 1)
    for pair in Pair.grid(tau: listed.tau) {
      #expect(listed.distanceToKink(listed.numbers(pair)) > 2 * step)
      expectDerivatives(listed.objective, pair, step: step, frozenWeights: listed.kind == .surrogate)
    }
  }

  /// Where the naive logistic overflows, and far beyond.
  @Test(arguments: ListedObjective.all) func everythingIsFinite(_ listed: ListedObjective) {
    for scaled in [-1e9, -1e4, -750, -500, 500, 750, 1e4, 1e9] {
      for preference in Pair.preferences {
        let found = listed.objective.evaluate(Pair(margin: scaled / listed.tau, preference: preference))
        #expect(found.loss.isFinite && found.coefficients.first.isFinite && found.coefficients.second.isFinite)
      }
    }
  }

  @Test(arguments: ListedObjective.contrastive) func aPairToldTheOtherWayRoundIsTheSameLoss(_ listed: ListedObjective) {
    for pair in Pair.grid(tau: listed.tau) {
      let (told, swapped) = (listed.objective.evaluate(pair), listed.objective.evaluate(pair.swapped))
      expectClose(told.loss, swapped.loss)
      expectClose(told.coefficients.first, swapped.coefficients.second)
      expectClose(told.coefficients.second, swapped.coefficients.first)
      #expect(told.margin == -swapped.margin)
    }
  }

  @Test(arguments: ListedObjective.ofMargin) func coefficientsAreEqualAndOpposite(_ listed: ListedObjective) {
    for pair in Pair.grid(tau: listed.tau) {
      let coefficients = listed.objective.evaluate(pair).coefficients
      #expect(coefficients.first == -coefficients.second)
    }
  }

  /// Only differences count: what both responses gain under the policy, or under the reference, changes no coefficient.
  @Test(arguments: ListedObjective.contrastive)
  func aConstantAddedToBothResponsesChangesNoCoefficient(_ listed: ListedObjective) {
    for pair in Pair.grid(tau: listed.tau) {
      let still = listed.objective.evaluate(pair).coefficients
      for part in [\ResponseStatistics.logProbability, \.referenceLogProbability] {
        var moved = pair
        moved.first[keyPath: part] += 16
        moved.second[keyPath: part] += 16
        let shifted = listed.objective.evaluate(moved).coefficients
        expectClose(shifted.first, still.first)
        expectClose(shifted.second, still.second)
      }
    }
  }

  /// The certain labels 1 and 0, drawn with probabilities p and 1 − p, give the coefficients of p on average.
  @Test(arguments: ListedObjective.all) func bernoulliLabelsAverageToTheSoftCoefficients(_ listed: ListedObjective) {
    for pair in Pair.grid(tau: listed.tau) {
      let drawn = [0.0, 1].map { label in
        var certain = pair
        certain.preference = label
        return listed.objective.evaluate(certain).coefficients
      }
      let soft = listed.objective.evaluate(pair).coefficients
      let p = pair.preference
      expectClose((1 - p) * drawn[0].first + p * drawn[1].first, soft.first)
      expectClose((1 - p) * drawn[0].second + p * drawn[1].second, soft.second)
    }
  }

  /// As every contrastive coefficient depends on the label, the majority's is another one unless it is certain or a tie.
  @Test(arguments: ListedObjective.contrastive) func argmaxLabelsAreADifferentGame(_ listed: ListedObjective) {
    for pair in Pair.grid(tau: listed.tau) {
      var majority = pair
      majority.preference = PreferenceLabels.argmax.label(pair.preference, uniform: 0.5)
      let difference =
        listed.objective.evaluate(majority).coefficients.first - listed.objective.evaluate(pair).coefficients.first
      #expect((abs(difference) > 1e-3) == ![0, 0.5, 1].contains(pair.preference))
    }
  }

  /// κ is how a coefficient answers to its own log-ratio, which the reference alone moves here.
  @Test(arguments: ListedObjective.all, LogProbabilityReduction.allCases)
  func surrogatesSayWhichPartOfACoefficientIsTheLogRatio(_ listed: ListedObjective, _ reduction: LogProbabilityReduction) {
    func evaluate(_ pair: Pair) -> PairLoss {
      func reduced(_ objective: some PairObjective) -> PairLoss { Reduced(objective, reduction: reduction).evaluate(pair) }
      return reduced(listed.objective)
    }
    for pair in Pair.grid(tau: listed.tau) {
      let found = evaluate(pair)
      guard listed.kind == .surrogate else {
        #expect(found.logRatioCoefficients == (0, 0))
        continue
      }
      var moved = pair
      moved.first.referenceLogProbability -= 8
      moved.second.referenceLogProbability -= 4
      let shifted = evaluate(moved)
      expectClose(shifted.coefficients.first, found.coefficients.first + 8 * found.logRatioCoefficients.first)
      expectClose(shifted.coefficients.second, found.coefficients.second + 4 * found.logRatioCoefficients.second)
      #expect(found.logRatioCoefficients.first > 0)
    }
  }
}
