import Poise
import PoiseRandom
import Testing

@Suite struct BootstrapIntervalTests {
  static let coins: [Double] = {
    var random = CounterGenerator(3)
    return (0..<400).map { _ in random.below(4) == 0 ? 0 : 1 }
  }()
  static let prompts = (0..<400).map { "prompt \($0)" }

  @Test func theIntervalOfAProportionIsTheNormalOne() throws {
    let interval = try #require(BootstrapInterval(Self.coins, prompts: Self.prompts))
    let mean = Self.coins.reduce(0, +) / 400
    let half = 1.96 * (mean * (1 - mean) / 400).squareRoot()
    #expect(interval.mean == mean && interval.unit == .prompts && interval.unitCount == 400)
    // Percentiles of 2,000 resamples are themselves uncertain by a few hundredths of the width, and proportions go in steps of 1/400.
    #expect(abs(interval.range.lowerBound - (mean - half)) < 0.15 * half)
    #expect(abs(interval.range.upperBound - (mean + half)) < 0.15 * half)
  }

  @Test func pairsWithOnePromptCountAsOneWhereTheySayTheSame() throws {
    let values = Self.coins.prefix(40)
    let alone = try #require(BootstrapInterval(Array(values), prompts: Array(Self.prompts.prefix(40))))
    let repeated = try #require(
      BootstrapInterval(
        values.flatMap { Array(repeating: $0, count: 8) },
        prompts: Self.prompts.prefix(40).flatMap { Array(repeating: $0, count: 8) }))
    #expect(alone.range == repeated.range && repeated.unitCount == 40)
    let divided = try #require(
      BootstrapInterval(
        values.flatMap { Array(repeating: $0, count: 8) }, prompts: (0..<320).map { "\($0)" }))
    #expect(divided.width < 0.5 * repeated.width)
  }

  @Test func fewPromptsMakePairsTheUnit() throws {
    let values = Array(Self.coins.prefix(290))
    let few = try #require(BootstrapInterval(values, prompts: (0..<290).map { "\($0 % 29)" }))
    let enough = try #require(BootstrapInterval(values, prompts: (0..<290).map { "\($0 % 30)" }))
    #expect(few.unit == .pairs && few.unitCount == 290)
    #expect(enough.unit == .prompts && enough.unitCount == 30)
    #expect(few.mean == enough.mean)
    #expect(few.range == BootstrapInterval(values, prompts: (0..<290).map { "\($0)" })?.range)
  }

  @Test func promptsWeighAsManyPairsAsTheyHave() throws {
    // Prompt 0 has 31 pairs that are right; thirty prompts have one each that is wrong.
    let values = Array(repeating: 1.0, count: 31) + Array(repeating: 0.0, count: 30)
    let prompts = Array(repeating: "0", count: 31) + (1...30).map(String.init)
    let interval = try #require(BootstrapInterval(values, prompts: prompts))
    #expect(interval.mean == 31.0 / 61)
    #expect(interval.range.lowerBound == 0)  // without prompt 0, in a third of the resamples
  }

  @Test func theSeedDecides() {
    let first = BootstrapInterval(Self.coins, prompts: Self.prompts, resamples: 100, seed: 1)
    #expect(first == BootstrapInterval(Self.coins, prompts: Self.prompts, resamples: 100, seed: 1))
    #expect(first?.range != BootstrapInterval(Self.coins, prompts: Self.prompts, resamples: 100, seed: 2)?.range)
    #expect(BootstrapInterval([], prompts: []) == nil)
    #expect(BootstrapInterval([0.25], prompts: ["a"])?.range == 0.25...0.25)
  }

  @Test func aDifferenceIsTakenPairByPair() throws {
    let labels = (0..<60).map { $0 % 6 == 5 ? 0.5 : 0.8 }
    func judge(_ isRight: (Int) -> Bool) -> [JudgedPair] {
      labels.indices.map { judged(isRight($0) ? 0.9 : 0.1, labels[$0], prompt: "\($0 / 2)") }
    }
    let (good, bad) = (judge { $0 % 10 != 0 }, judge { $0 % 2 == 1 })
    let difference = try #require(BootstrapInterval.difference(good, over: bad))
    let own = (0..<60).filter { $0 % 6 != 5 }
    let expected = own.reduce(0.0) { $0 + ($1 % 10 != 0 ? 1 : 0) - ($1 % 2 == 1 ? 1 : 0) } / Double(own.count)
    #expect(abs(difference.mean - expected) < 1e-12 && difference.unit == .prompts && difference.unitCount == 30)
    #expect(BootstrapInterval.difference(good, over: good)?.range == 0...0)
    let reversed = try #require(BootstrapInterval.difference(bad, over: good))
    #expect(abs(reversed.range.lowerBound + difference.range.upperBound) < 1e-12)
    #expect(BootstrapInterval.difference([judged(1, 0.5)], over: [judged(0, 0.5)]) == nil)
  }
}

extension BootstrapInterval {
  fileprivate var width: Double { range.upperBound - range.lowerBound }
}
