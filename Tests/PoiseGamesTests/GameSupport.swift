import Foundation
import PoiseGames
import PoiseRandom

/// Two opposite sides of an identity, compared absolutely; policies and preferences are of the order of 1.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// To the digits of a printed table.
func rounded(_ x: Double, _ digits: Int) -> Double {
  let scale = pow(10, Double(digits))
  return (x * scale).rounded() / scale
}

/// max − min: a distance between logits that a common constant does not change.
func span(_ x: [Double]) -> Double { x.max()! - x.min()! }

extension PreferenceGame {
  /// l = log π/μ.
  func logRatios(of policy: [Double]) -> [Double] { zip(policy, reference).map { log($0 / $1) } }

  /// The expected gradient of a contrastive loss in the logits of a softmax policy, for pairs drawn independently from a
  /// sampler: 2 Σ_y′ ν(y) ν(y′) c, with c the loss's derivative by log π(y).
  func contrastiveGradient(
    of policy: [Double], sampler: [Double], derivative: (_ margin: Double, _ preference: Double) -> Double
  ) -> [Double] {
    let ratios = logRatios(of: policy)
    return policy.indices.map { row in
      policy.indices.reduce(0) { sum, column in
        sum + 2 * sampler[row] * sampler[column] * derivative(ratios[row] - ratios[column], self[row, column])
      }
    }
  }

  /// p(y ≻ π) − Σ_y′ π(y′) σ(τ h(y, y′)): zero where online DPO rests.
  func logisticShortfalls(of policy: [Double], tau: Double) -> [Double] {
    let ratios = logRatios(of: policy)
    return policy.indices.map { row in
      policy.indices.reduce(0) { sum, column in
        sum + policy[column] * (self[row, column] - 1 / (1 + exp(tau * (ratios[column] - ratios[row]))))
      }
    }
  }
}

/// Rock–paper–scissors won with probability 0.9 where the reference likes rock.
func skewedRockPaperScissors() throws -> PreferenceGame {
  try .rockPaperScissors(strength: 0.4, reference: [0.6, 0.3, 0.1])
}

extension CounterGenerator {
  mutating func policy(_ count: Int) -> [Double] {
    let weights = (0..<count).map { _ in exp(normal()) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}

/// Twelve games of 2 to 7 actions with references of their own.
func randomGames() throws -> [PreferenceGame] {
  try (0..<12).map { index in
    var generator = CounterGenerator(7, UInt64(index))
    let count = 2 + index % 6
    let reference = generator.policy(count)
    return try .random(count: count, reference: reference, using: &generator)
  }
}

/// Rock–paper–scissors won with probability 0.9, and a fourth action that all three beat with 0.8.
func rockPaperScissorsAndADominatedFourth() throws -> PreferenceGame {
  try PreferenceGame(preferences: [[0.5, 0.9, 0.1, 0.8], [0.1, 0.5, 0.9, 0.8], [0.9, 0.1, 0.5, 0.8], [0.2, 0.2, 0.2, 0.5]])
}
