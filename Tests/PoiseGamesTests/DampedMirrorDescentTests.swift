import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct DampedMirrorDescentTests {
  /// A game and a temperature. Descent takes about 30 (1 + L²/τ²) products of n² terms, which is bounded here: the smallest
  /// temperatures have few actions, and the largest games higher temperatures.
  private struct Draw {
    let count: Int
    let tau: Double

    init(_ index: Int, strength: Double, fewest: Int, using generator: inout CounterGenerator) {
      let drawn = 0.02 * pow(50, generator.uniform())
      tau = index == 0 ? 0.02 : index == 1 ? 1 : drawn
      let affordable = 400 / (1 + strength * strength / (tau * tau)).squareRoot()
      let most = min(60, max(fewest, Int(affordable)))
      count = index == 0 ? fewest : index == 1 ? 60 : fewest + generator.below(most - fewest + 1)
    }
  }

  /// Each beats the half of the circle ahead of it, by between half a margin and one and a half.
  private func cyclic(_ count: Int, strength: Double, using generator: inout CounterGenerator) throws -> PreferenceGame {
    try game(count, using: &generator) { first, second, noise in
      (2 * (second - first) <= count ? 1 : -1) * strength * (0.5 + noise)
    }
  }

  /// Scores explain the order of any two, but not quite the margin.
  private func transitive(_ count: Int, strength: Double, using generator: inout CounterGenerator) throws -> PreferenceGame {
    let scores = (0..<count).map { _ in 4 * strength * generator.uniform() }
    return try game(count, using: &generator) { first, second, noise in
      (1 / (1 + exp(scores[second] - scores[first])) - 0.5) * (0.9 + 0.2 * noise)
    }
  }

  private func game(
    _ count: Int, using generator: inout CounterGenerator, margin: (_ first: Int, _ second: Int, _ noise: Double) -> Double
  ) throws -> PreferenceGame {
    var preferences = [[Double]](repeating: [Double](repeating: 0.5, count: count), count: count)
    for first in 0..<count {
      for second in 0..<count where second > first {
        let margin = margin(first, second, generator.uniform())
        preferences[first][second] = 0.5 + margin
        preferences[second][first] = 0.5 - margin
      }
    }
    return try PreferenceGame(preferences: preferences, reference: generator.policy(count))
  }

  private func compare(_ game: PreferenceGame, tau: Double) throws {
    let newton = try game.regularizedNash(tau: tau)
    let descent = try game.dampedMirrorDescent(tau: tau)
    #expect(largestDifference(newton.policy, descent.policy) < 1e-10)
    #expect(descent.residual < 1e-12)
    #expect(abs(descent.exploitability) < 1e-12)
    #expect(descent.iterations > 0)
  }

  @Test(arguments: 0..<100) func newtonAndDescentAgreeOnCycles(index: Int) throws {
    var generator = CounterGenerator(28, UInt64(index))
    let strength = 0.02 * pow(16, generator.uniform())
    let draw = Draw(index, strength: 1.5 * strength, fewest: 3, using: &generator)
    let game = try cyclic(draw.count, strength: strength, using: &generator)
    let circle = [0, 1, draw.count / 2 + 1, 0]
    for (first, second) in zip(circle, circle.dropFirst()) { #expect(game[first, second] > 0.5 + 0.49 * strength) }
    try compare(game, tau: draw.tau)
  }

  @Test(arguments: 0..<100) func newtonAndDescentAgreeOnOrders(index: Int) throws {
    var generator = CounterGenerator(29, UInt64(index))
    let strength = 0.02 * pow(20, generator.uniform())
    let draw = Draw(index, strength: strength, fewest: 2, using: &generator)
    let game = try transitive(draw.count, strength: strength, using: &generator)
    let wins = (0..<draw.count).map { action in (0..<draw.count).count { game[action, $0] > 0.5 } }
    #expect(wins.sorted() == Array(0..<draw.count), "an order")
    try compare(game, tau: draw.tau)
  }

  @Test func impatienceIsReported() throws {
    let game = try skewedRockPaperScissors()
    let error = #expect(throws: GameError.self) { try game.dampedMirrorDescent(tau: 0.1, patience: 10) }
    if case .notSolved(let tau, let residual) = error {
      #expect(tau == 0.1)
      #expect(residual > 1e-13)
    } else {
      Issue.record("\(String(describing: error)) is not about patience")
    }
  }

  @Test func tiesNeedOneStep() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.5], [0.5, 0.5]], reference: [0.3, 0.7])
    let equilibrium = try game.dampedMirrorDescent(tau: 0.1)
    #expect(equilibrium.policy == [0.3, 0.7])
    #expect(equilibrium.iterations == 0)
  }
}
