import Poise
import PoiseRandom
import Testing

@Suite struct CalibrationTests {
  @Test func everyBinIsComparedWithItsOutcomes() {
    let pairs = [judged(0.62, 1), judged(0.64, 0), judged(0.38, 0.25), judged(0.96, 1), judged(0.02, 0)]
    let calibration = Calibration(pairs)
    #expect(calibration.bins.map(\.count) == [0, 0, 3, 0, 0, 0, 0, 0, 0, 2])
    #expect(abs(calibration.bins[2].meanConfidence - (0.62 + 0.64 + 0.62) / 3) < 1e-12)
    #expect(abs(calibration.bins[2].meanOutcome - 1.75 / 3) < 1e-12)
    // |1.75 − 1.88| + |2 − 1.94|, over five pairs
    #expect(abs(calibration.expectedError - 0.038) < 1e-12)
  }

  @Test func whichAnswerIsWrittenFirstMeansNothing() {
    var random = CounterGenerator(1)
    let pairs = (0..<200).map { _ in judged(Double(random.below(65)) / 64, Double(random.below(9)) / 8) }
    let swapped = pairs.map { judged(1 - $0.prediction, 1 - $0.label) }
    #expect(Calibration(pairs) == Calibration(swapped))
    #expect(Calibration(pairs).bins.reduce(0) { $0 + $1.count } == 200)
  }

  @Test func thosePeoplesSharesThatArePredictedAreCalibrated() {
    #expect(Calibration((0...64).map { judged(Double($0) / 64, Double($0) / 64) }).expectedError == 0)
    #expect(Calibration([judged(1, 0)]).expectedError == 1)
    #expect(Calibration([judged(0.5, 0.9)]).expectedError == 0)
    #expect(Calibration([]).expectedError == 0)
  }

  @Test func fewerBinsMayBeAskedFor() {
    #expect(Calibration([judged(0.6, 1), judged(0.9, 1)], binCount: 2).bins.map(\.count) == [1, 1])
    #expect(Calibration([judged(0.75, 1), judged(1, 1)], binCount: 2).bins.map(\.count) == [0, 2])
  }
}
