import Foundation

extension PreferenceGame {
  /// Rock–paper–scissors and its larger kin: each action beats the (size − 1)/2 that follow it around the circle with
  /// probability ½ + strength, and loses to the others. No scores explain such preferences.
  /// - Precondition: `size` is odd and `strength` is from 0 to ½.
  public static func rockPaperScissors(
    size: Int = 3, strength: Double, reference: [Double]? = nil
  ) throws(GameError) -> PreferenceGame {
    precondition(size > 0 && size % 2 == 1, "a cycle where all actions are alike has an odd size")
    precondition((0...0.5).contains(strength))
    let preferences = (0..<size).map { row in
      (0..<size).map { column in
        let ahead = (column - row + size) % size
        return ahead == 0 ? 0.5 : ahead <= size / 2 ? 0.5 + strength : 0.5 - strength
      }
    }
    return try PreferenceGame(preferences: preferences, reference: reference)
  }

  /// Preferences that scores explain: p(y ≻ y′) = σ(s(y) − s(y′)) (Bradley & Terry 1952).
  public static func bradleyTerry(scores: [Double], reference: [Double]? = nil) throws(GameError) -> PreferenceGame {
    let preferences = scores.map { first in scores.map { second in sigmoid(first - second) } }
    return try PreferenceGame(preferences: preferences, reference: reference)
  }

  /// Preferences drawn uniformly from [0, 1) for every pair of actions; most such games have cycles.
  public static func random(
    count: Int, reference: [Double]? = nil, using generator: inout some RandomNumberGenerator
  ) throws(GameError) -> PreferenceGame {
    var preferences = [[Double]](repeating: [Double](repeating: 0.5, count: count), count: count)
    for row in 0..<count {
      for column in 0..<row {
        preferences[row][column] = .random(in: 0..<1, using: &generator)
        preferences[column][row] = 1 - preferences[row][column]
      }
    }
    return try PreferenceGame(preferences: preferences, reference: reference)
  }
}
