import Poise
import PoiseFiles
import Testing

@Suite struct JudgeReportTests {
  /// Two decided pairs of which the judge has one right, a tie of the judge, and a tie of people.
  static let pairs = [
    JudgedPair(prediction: 0.75, label: 1, chosenLength: 2, rejectedLength: 1, prompt: "p"),
    JudgedPair(prediction: 0.75, label: 0.25, chosenLength: 1, rejectedLength: 2, prompt: "p"),
    JudgedPair(prediction: 0.5, label: 0.75, chosenLength: 1, rejectedLength: 1, prompt: "q"),
    JudgedPair(prediction: 0.25, label: 0.5, chosenLength: 2, rejectedLength: 1, prompt: "r"),
  ]

  @Test func everyFigureIsThatOfItsDefinition() {
    let report = JudgeReport(Self.pairs)
    #expect(report.pairs == 4 && report.prompts == 3)
    #expect(report.accuracy?.mean == 0.5 && report.longerWins?.mean == 2.5 / 3)
    #expect(abs(report.gainOverLength!.mean - (0.5 - 2.5 / 3)) < 1e-12)
    #expect(report.accuracy?.unit == .pairs && report.accuracy?.unitCount == 3)
    #expect(report.brierScore == (0.0625 + 0.25 + 0.0625 + 0.0625) / 4)
    #expect(abs(report.logLoss - Self.pairs.reduce(0) { $0 + $1.logLoss } / 4) < 1e-12)
    #expect(report.calibrationError == Calibration(Self.pairs).expectedError)
    #expect(report.meanAsymmetry == nil && report.cyclicShare == nil)
  }

  @Test func consistencyIsReportedWhereItIsGiven() {
    let report = JudgeReport(
      Self.pairs, bothOrders: [BothOrdersPrediction(forth: 0.75, back: 0.5)],
      triples: [PreferenceTriple(ab: 1, bc: 1, ca: 1), PreferenceTriple(ab: 1, bc: 1, ca: 0)])
    #expect(report.meanAsymmetry == 0.25 && report.cyclicShare == 0.5)
  }

  /// It has the first pair right and the third wrong, and cannot tell the second; nobody can have the fourth right.
  @Test func theBagOfWordsIsComparedWithOnTheSamePairs() {
    let report = JudgeReport(Self.pairs, bagOfWords: [0.9, 0.5, 0.4, 0.9])
    #expect(report.bagOfWords?.mean == 0.5)
    #expect(abs(report.gainOverBagOfWords!.mean - (0 - 0.5 + 0.5) / 3) < 1e-12)
    #expect(JudgeReport(Self.pairs).bagOfWords == nil)
  }

  @Test func withoutADecidedPairThereIsNoAccuracy() {
    let report = JudgeReport([judged(0.75, 0.5)])
    #expect(report.accuracy == nil && report.longerWins == nil && report.gainOverLength == nil)
    #expect(report.bagOfWords == nil && report.gainOverBagOfWords == nil)
    #expect(report.json["accuracy"] == .null && report.brierScore == 0.0625)
  }

  @Test func theObjectHoldsEveryFigure() {
    let json = JudgeReport([judged(0.75, 1, prompt: "p")], bothOrders: [BothOrdersPrediction(forth: 1, back: 0.5)]).json
    #expect(
      json.object?.keys == [
        "pairs", "prompts", "accuracy", "longer_wins", "gain_over_length", "bag_of_words", "gain_over_bag_of_words", "log_loss",
        "brier", "calibration/ece", "asymmetry", "cyclic_triples",
      ])
    #expect(json["accuracy"]?.line == #"{"mean": 1, "ci_low": 1, "ci_high": 1, "resampled": "pairs", "units": 1}"#)
    #expect(json["longer_wins"]?["mean"] == 0.5 && json["calibration/ece"] == 0.25 && json["cyclic_triples"] == .null)
  }
}
