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
