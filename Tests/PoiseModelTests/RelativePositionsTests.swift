import Testing

@testable import PoiseModel

@Suite struct RelativePositionsTests {
  /// Where buckets begin and which they are, from Hugging Face transformers (T5Attention._relative_position_bucket).
  private static let bidirectional = [
    (-300, 15), (-90, 14), (-63, 13), (-45, 12), (-31, 11), (-22, 10), (-15, 9), (-11, 8), (-7, 7), (-6, 6), (-5, 5), (-4, 4),
    (-3, 3), (-2, 2), (-1, 1), (0, 0), (1, 17), (2, 18), (3, 19), (4, 20), (5, 21), (6, 22), (7, 23), (8, 24), (12, 25), (16, 26),
    (23, 27), (32, 28), (46, 29), (64, 30), (91, 31),
  ]
  private static let causal =
    [
      (-300, 31), (-112, 30), (-98, 29), (-86, 28), (-76, 27), (-66, 26), (-58, 25), (-51, 24), (-45, 23), (-39, 22), (-34, 21),
      (-30, 20), (-26, 19), (-23, 18), (-20, 17), (-18, 16),
    ] + (-15...0).map { ($0, -$0) }

  @Test(arguments: [true, false]) func bucketsAreT5s(isCausal: Bool) throws {
    var configuration = TransformerCase.t5.configuration
    configuration.positions = .relative(buckets: 32, maximumDistance: 128)
    let positions = try #require(RelativePositions(configuration, isCausal: isCausal))
    var runs: [(Int, Int)] = []
    for distance in -300...300 {
      let bucket = positions.bucket(of: distance)
      if runs.last?.1 != bucket { runs.append((distance, bucket)) }
    }
    let expected = isCausal ? Self.causal : Self.bidirectional
    #expect(runs.map(\.0) == expected.map(\.0) && runs.map(\.1) == expected.map(\.1))
  }

  @Test func otherPositionsHaveNone() {
    #expect(RelativePositions(TransformerCase.llama.configuration, isCausal: true) == nil)
  }
}
