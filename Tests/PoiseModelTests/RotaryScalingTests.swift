import Testing

@testable import PoiseModel

/// Frequencies by the published formulas, evaluated in double precision by another language.
@Suite struct RotaryScalingTests {
  @Test(
    arguments: [
      (RotaryScaling.none, 10_000, [1, 0.1, 0.01, 0.001]),
      (.linear(factor: 4), 10_000, [0.25, 0.025, 0.0025, 0.00025]),
      (
        .llama3(factor: 8, low: 1, high: 4, originalContextLength: 8192), 500_000,
        [
          1.0, 0.19392274474868576, 0.03760603093086393, 0.0072926647372171085, 0.0005248461609929547, 3.428102195952591e-05,
          6.647869871181236e-06, 1.2891731721515574e-06,
        ]
      ),
      (
        .yarn(.init(factor: 4, originalContextLength: 32_768)), 1e6,
        [
          1.0, 0.17782794100389226, 0.03162277660168379, 0.004217559938927618, 0.0005, 4.445698525097307e-05,
          7.905694150420949e-06, 1.4058533129758728e-06,
        ]
      ),
      (
        .yarn(.init(factor: 4, originalContextLength: 2048, isTruncated: false)), 10_000,
        [
          1.0, 0.2154434690031884, 0.038891406895665975, 0.005056971521129433, 0.0005386086725079711, 0.00011603972084031942,
        ]
      ),
    ] as [(RotaryScaling, Double, [Double])])
  func frequenciesAreThePublishedOnes(_ scaling: RotaryScaling, _ base: Double, _ expected: [Double]) {
    let found = scaling.frequencies(base: base, headSize: 2 * expected.count)
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) { #expect(abs(found - expected) <= 1e-14 * expected) }
  }

  /// Between the pairs that keep their frequency and those that are interpolated, a fall of no width still is one.
  @Test func aYarnThatFallsAtOnePairHasFrequenciesEverywhere() {
    let yarn = RotaryScaling.YaRN(factor: 4, originalContextLength: 4)  // nothing makes a turn
    #expect(RotaryScaling.yarn(yarn).frequencies(base: 10_000, headSize: 4) == [1, 0.0025])
  }

  @Test func onlyYarnChangesLengths() {
    #expect(RotaryScaling.linear(factor: 4).amplitude == 1)
    #expect(abs(RotaryScaling.yarn(.init(factor: 4, originalContextLength: 8)).amplitude - 1.138629436111989) < 1e-15)
    #expect(RotaryScaling.yarn(.init(factor: 4, originalContextLength: 8, amplitude: 1)).amplitude == 1)
    #expect(RotaryScaling.YaRN.amplitude(factor: 0.5) == 1)
    #expect(abs(RotaryScaling.YaRN.amplitude(factor: 2, scale: 0.5) - 1.0346573590279973) < 1e-15)
  }
}
