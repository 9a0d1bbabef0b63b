import Foundation
import PoiseObjectives
import Testing

@testable import Poise

/// The engine's backward pass on the same tables.
@Suite struct EngineGradientTests {
  /// The gradient is a sum of K products c·(onehot − π), rounded to single precision each and added in it: 2K roundings of at
  /// most 2⁻²⁴ of Σ |c|, and K ≤ 6.
  @Test(arguments: Position.all, Algorithm.Name.allCases)
  func theEngineFindsTheExpectedGradient(_ at: Position, _ name: Algorithm.Name) {
    let pairs = EnumeratedPairs(at.game, Algorithm(name), rewards: at.rewards)
    let trainer = EnumeratedTrainer(pairs, start: at.policy)
    let answers = trainer.outcomes.map { $0.statistics() }
    let size = pairs.coefficients(answers).reduce(0) { $0 + abs($1.coefficient) }
    let expected = pairs.expectedGradient(answers)
    #expect(largestDifference(trainer.gradient(), expected) < 0x1p-20 * size)
    #expect(expected.map(abs).max()! > 1e-4)
  }
}
