import Foundation
import PoiseObjectives
import PoiseTestSupport
import Testing

/// Losses that reward and preference models are trained by.
@Suite struct JudgeLossTests {
  static let labels = [0, 0.2, 0.5, 0.9, 1]
  static let logits = [-500, -30, -1.5, 0, 0.45, 2, 40, 500]

  @Test(arguments: labels) func theLogisticLossIsTheCrossEntropy(_ label: Double) {
    for logit in Self.logits {
      let found = LogisticLoss().evaluate(logit, label: label)
      expectRelativelyClose(found.loss, label * log1p(exp(-logit)) + (1 - label) * log1p(exp(logit)))
      expectRelativelyClose(found.coefficient, (1 - label) / (1 + exp(-logit)) - label / (1 + exp(logit)))
      expectClose(found.coefficient, 1 / (1 + exp(-logit)) - label)
      let slope = centralDifference(of: { LogisticLoss().evaluate($0[0], label: label).loss }, at: [logit], step: 1e-4)[0]
      #expect(abs(slope - found.coefficient) < 1e-8)
    }
  }

  /// σ(log 3) = ¾: −¾ log ¾ − ¼ log ¼, and nothing left to learn.
  @Test func theLogisticLossRestsAtTheLogitOfTheLabel() {
    let found = LogisticLoss().evaluate(log(3), label: 0.75)
    expectClose(found.loss, -0.75 * log(0.75) - 0.25 * log(0.25))
    #expect(abs(found.coefficient) < 1e-15)
  }

  @Test(arguments: [0, 0.01, 2.0], labels) func theBradleyTerryLossIsItsFormula(_ centring: Double, _ preference: Double) {
    let loss = BradleyTerryLoss(centring: centring)
    for margin in Self.logits {
      let (first, second) = (0.25 + margin, 0.25)
      let found = loss.evaluate(first, second, preference: preference)
      let sum = first + second
      expectRelativelyClose(
        found.loss,
        preference * log1p(exp(-margin)) + (1 - preference) * log1p(exp(margin)) + centring * sum * sum)
      let slopes = centralDifference(
        of: { loss.evaluate($0[0], $0[1], preference: preference).loss }, at: [first, second], step: 1e-4)
      #expect(abs(slopes[0] - found.coefficients.first) < 1e-7 * max(1, abs(found.loss)))
      #expect(abs(slopes[1] - found.coefficients.second) < 1e-7 * max(1, abs(found.loss)))
      let swapped = loss.evaluate(second, first, preference: 1 - preference)
      expectClose(swapped.loss, found.loss)
      expectClose(swapped.coefficients.first, found.coefficients.second)
    }
  }

  /// r − r′ = 0, r + r′ = 3: log 2 + ½·9; a certain label pulls by ½ up and down, the centre by 2·½·3 down.
  @Test func workedExample() {
    let found = BradleyTerryLoss(centring: 0.5).evaluate(1.5, 1.5, preference: 1)
    expectClose(found.loss, log(2) + 4.5)
    #expect(found.coefficients == (2.5, 3.5))
  }

  /// The likelihood sees the difference alone, so that only the centring term moves rewards together.
  @Test func rewardsDriftTogetherUnlessTheyAreCentred() {
    let free = BradleyTerryLoss()
    #expect(free.evaluate(4.5, 3, preference: 0.75) == free.evaluate(1.5, 0, preference: 0.75))
    let found = free.evaluate(4.5, 3, preference: 0.75).coefficients
    #expect(found.first == -found.second)
    let centred = BradleyTerryLoss(centring: 0.125).evaluate(4.5, 3, preference: 0.75).coefficients
    expectClose(centred.first + centred.second, 4 * 0.125 * 7.5)
  }

  @Test func everythingIsFiniteFarOut() {
    for label in Self.labels {
      for logit in [-1e9, -750, 750, 1e9] {
        let single = LogisticLoss().evaluate(logit, label: label)
        #expect(single.loss.isFinite && single.coefficient.isFinite)
        let pair = BradleyTerryLoss(centring: 0.1).evaluate(logit, -1, preference: label)
        #expect(pair.loss.isFinite && pair.coefficients.first.isFinite && pair.coefficients.second.isFinite)
      }
    }
  }
}

/// Losses with their derivatives are compared as a whole.
private func == (
  a: (loss: Double, coefficients: (first: Double, second: Double)),
  b: (loss: Double, coefficients: (first: Double, second: Double))
) -> Bool { a.loss == b.loss && a.coefficients == b.coefficients }
