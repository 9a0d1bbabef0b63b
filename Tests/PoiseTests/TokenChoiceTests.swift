import Foundation
import PoiseKernels
import Testing

@testable import Poise

@Suite struct TokenChoiceTests {
  private func logs(_ probabilities: [Double]) -> [Float] { probabilities.map { Float(log($0)) } }

  private func draw(_ probabilities: [Double], _ uniform: Double) -> Int {
    kernels.drawToken(logs(probabilities).span, logPartition: 0, uniform: uniform)
  }

  @Test func theRunningSumDecides() {
    let probabilities = [0.25, 0.5, 0.25]
    #expect([0, 0.24, 0.26, 0.74, 0.76, 0.99].map { draw(probabilities, $0) } == [0, 0, 1, 1, 2, 2])
  }

  @Test func bothEndsOfTheUniformRangeFindAToken() {
    let last = 1 - 0x1p-53
    #expect(draw([0, 0, 1, 0], 0) == 2)
    #expect(draw([0, 0, 1, 0], last) == 2)
    #expect(draw([0.5, 0.5, 0], last) == 1)
    #expect(draw([0, 0.3, 0.7], 0) == 1)
    #expect(draw(Array(repeating: 1.0 / 1000, count: 1000), last) == 999)
  }

  @Test func drawsHaveTheirProbabilities() {
    var counts = [0, 0, 0, 0]
    for index in 0..<1000 { counts[draw([0.125, 0, 0.5, 0.375], (Double(index) + 0.5) / 1000)] += 1 }
    #expect(counts == [125, 0, 500, 375])
  }

  @Test func greedyTakesTheFirstOfEquals() {
    #expect(TokenChoice.greedy(logs([0.2, 0.4, 0.4]).span) == 1)
    #expect(TokenChoice.greedy(logs([1]).span) == 0)
  }

  private func reshaped(_ probabilities: [Double], temperature: Double = 1, topK: Int = 0, topP: Double = 1) -> [Double] {
    var choice = TokenChoice(vocabularySize: probabilities.count)
    var row = logs(probabilities)
    choice.reshape(&row, SamplingOptions(maximumTokens: 1, temperature: temperature, topK: topK, topP: topP))
    return row.map { exp(Double($0)) }
  }

  private func expectClose(_ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      #expect(expected == 0 ? found == 0 : abs(found - expected) < 1e-6, sourceLocation: sourceLocation)
    }
  }

  @Test func topKKeepsTheMostProbableAndTheEarlierOfEquals() {
    expectClose(reshaped([0.1, 0.2, 0.4, 0.2, 0.1], topK: 1), [0, 0, 1, 0, 0])
    expectClose(reshaped([0.1, 0.2, 0.4, 0.2, 0.1], topK: 2), [0, 1 / 3.0, 2 / 3.0, 0, 0])
    expectClose(reshaped([0.1, 0.2, 0.4, 0.2, 0.1], topK: 9), [0.1, 0.2, 0.4, 0.2, 0.1])
  }

  @Test func topPKeepsTheFewestThatReachIt() {
    expectClose(reshaped([0.1, 0.5, 0.4], topP: 0.3), [0, 1, 0])
    expectClose(reshaped([0.1, 0.5, 0.4], topP: 0.6), [0, 5 / 9.0, 4 / 9.0])
    expectClose(reshaped([0.1, 0.5, 0.4], topP: 0.95), [0.1, 0.5, 0.4])
    expectClose(reshaped([0.1, 0.5, 0.4], topP: 1e-9), [0, 1, 0])
  }

  @Test func bothTruncationsTogetherKeepTheSmallerSet() {
    expectClose(reshaped([0.1, 0.5, 0.4], topK: 1, topP: 0.9), [0, 1, 0])
    expectClose(reshaped([0.1, 0.5, 0.4], topK: 3, topP: 0.45), [0, 1, 0])
  }

  @Test func temperatureRaisesToItsInverse() {
    expectClose(reshaped([0.2, 0.8], temperature: 0.5), [0.04 / 0.68, 0.64 / 0.68])
    expectClose(reshaped([0.2, 0.8], temperature: 2), [1 / 3.0, 2 / 3.0])
  }
}
