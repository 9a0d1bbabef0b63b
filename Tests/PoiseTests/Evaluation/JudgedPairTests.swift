import Foundation
import Poise
import Testing

@Suite struct JudgedPairTests {
  @Test(arguments: [
    (0.6, 1.0, 1.0), (0.6, 0.8, 1), (0.4, 0.8, 0), (0.4, 0.2, 1), (0.6, 0.2, 0), (0.5, 0.8, 0.5), (0.5, 0.2, 0.5), (0, 0, 1),
  ])
  func aVerdictIsRightOnThePeoplesSide(prediction: Double, label: Double, correctness: Double) {
    #expect(judged(prediction, label).correctness == correctness)
    #expect(judged(1 - prediction, 1 - label).correctness == correctness)
  }

  @Test func noVerdictIsRightWherePeopleAreUndecided() {
    #expect(judged(0.9, 0.5).correctness == nil && judged(0.9, 0.5).correctnessOfLength == nil)
  }

  @Test func theLongerAnswerIsMeasuredInUnicodeScalars() {
    func length(_ chosen: String, _ rejected: String, label: Double = 1) -> Double? {
      JudgedPair(prediction: 0.5, label: label, chosen: chosen, rejected: rejected, prompt: "").correctnessOfLength
    }
    #expect(length("abc", "ab") == 1 && length("ab", "abc") == 0 && length("ab", "ba") == 0.5)
    #expect(length("abc", "ab", label: 0.2) == 0)
    #expect(length("e\u{301}", "é") == 1)
  }

  @Test func lossesAreThoseOfSoftLabels() {
    let pair = judged(0.8, 0.6)
    #expect(abs(pair.logLoss - -(0.6 * log(0.8) + 0.4 * log(0.2))) < 1e-12)
    #expect(abs(pair.squaredError - 0.04) < 1e-12)
    #expect(abs(judged(0.2, 0.4).logLoss - pair.logLoss) < 1e-12)
  }

  @Test func aRoundedCertaintyIsNoInfiniteLoss() {
    #expect(abs(judged(0, 1).logLoss - 7 * log(10.0)) < 1e-6)
    #expect(judged(1, 1).logLoss < 1.1e-7)
  }
}

/// A pair of equally long answers.
func judged(_ prediction: Double, _ label: Double, prompt: String = "") -> JudgedPair {
  JudgedPair(prediction: prediction, label: label, chosenLength: 1, rejectedLength: 1, prompt: prompt)
}
