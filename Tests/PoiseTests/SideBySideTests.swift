import PoiseModel
import Testing

@testable import Poise

@Suite struct SideBySideTests {
  /// Literals from the formula, evaluated elsewhere.
  @Test(arguments: [
    (0.5, 100, 0.40383153, 0.59616847), (0.8, 10, 0.49016247, 0.94331785), (0, 10, 0, 0.27753280), (1, 10, 0.72246720, 1),
    (0.7, 2000, 0.67954853, 0.71968465),
  ])
  func intervalsAreWilsons(_ proportion: Double, count: Int, low: Double, high: Double) {
    let interval = SideBySide.wilsonInterval(proportion, count: count)
    #expect(abs(interval.lowerBound - low) < 1e-8)
    #expect(abs(interval.upperBound - high) < 1e-8)
  }

  @Test func nothingIsKnownFromNoPrompts() { #expect(SideBySide.wilsonInterval(0, count: 0) == 0...1) }

  private func contestant(_ name: String, seed: UInt64) -> Contestant {
    Contestant(
      name, tinyPolicy(seed: seed), prompts: TinyTrainer.prompts, count: 3, sampling: SamplingOptions(maximumTokens: 5),
      key: SamplingKey(seed: 1), pool: WorkerPool(workerCount: 2), batchSize: 2)
  }

  @Test func everyPairIsComparedOnceAndTheTableIsAntisymmetric() throws {
    let contestants = [contestant("a", seed: 1), contestant("b", seed: 2), contestant("c", seed: 3)]
    let results = try SideBySide(judge: LargeTokens()).compare(contestants, prompts: TinyTrainer.prompts)
    #expect(results.map { $0.row + $0.column } == ["ab", "ac", "bc"])
    for result in results {
      #expect(result.count == 15)
      #expect(result.winRate == (Double(result.wins) + Double(result.ties) / 2) / 15)
      #expect(result.interval.contains(result.winRate))
      #expect(result.swapped.swapped.wins == result.wins)
      #expect(result.swapped.winRate == 1 - result.winRate)
    }
    let reversed = try SideBySide(judge: LargeTokens()).compare([contestants[1], contestants[0]], prompts: TinyTrainer.prompts)
    #expect(reversed[0].wins == results[0].losses && reversed[0].losses == results[0].wins)
    #expect(abs(reversed[0].meanPreference - (1 - results[0].meanPreference)) < 1e-12)
  }

  @Test func aPolicyAgainstItselfIsATie() throws {
    let result = try SideBySide(judge: LargeTokens()).compare(
      [contestant("a", seed: 1), contestant("a", seed: 1)], prompts: TinyTrainer.prompts)[0]
    #expect(result.ties == 15 && result.winRate == 0.5 && result.meanPreference == 0.5)
  }
}
