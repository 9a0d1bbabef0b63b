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

  /// Three actions and three kinds of voters (Munos et al. 2023, arXiv 2312.00886, section 3.2). The first kind prefers 1 to 0,
  /// the second 0 to 2, the third 2 to 1, and all else is a tie to them: nobody is wrong, and together they prefer in a circle.
  /// The unregularised equilibrium is (⅓ + ε/2, ⅓ + ε/2, ⅓ − ε).
  /// - Parameters:
  ///   - epsilon: ε; the kinds' shares of the voters are ⅓ − ε, ⅓ + ε/2 and ⅓ + ε/2.
  ///   - reference: 3 positive probabilities; uniform unless given.
  /// - Precondition: `epsilon` is strictly between −⅔ and ⅓.
  public static func voterTypes(epsilon: Double, reference: [Double]? = nil) throws(GameError) -> PreferenceGame {
    precondition(epsilon > -2.0 / 3 && epsilon < 1.0 / 3)
    let shares = [1.0 / 3 - epsilon, 1.0 / 3 + epsilon / 2, 1.0 / 3 + epsilon / 2]
    var preferences = [[Double]](repeating: [0.5, 0.5, 0.5], count: 3)
    for ((winner, loser), share) in zip([(1, 0), (0, 2), (2, 1)], shares) {
      preferences[winner][loser] += share / 2
      preferences[loser][winner] -= share / 2
    }
    return try PreferenceGame(preferences: preferences, reference: reference)
  }

  /// An action is a die, and p(i ≻ j) the share of throws of both in which i shows more; equal faces count half (Munos et al.
  /// 2023, appendix C).
  /// - Parameters:
  ///   - faces: of each die, all equally likely; as many a die as you like.
  ///   - reference: a positive probability a die; uniform unless given.
  /// - Precondition: every die has a face.
  public static func dice(_ faces: [[Int]], reference: [Double]? = nil) throws(GameError) -> PreferenceGame {
    precondition(faces.allSatisfy { !$0.isEmpty })
    let wins = faces.map { first in
      faces.map { second in
        first.reduce(0.0) { sum, face in second.reduce(sum) { $0 + (face > $1 ? 1 : face == $1 ? 0.5 : 0) } }
      }
    }
    return try votes(wins, reference: reference)
  }

  /// What to make of two actions that nobody compared.
  public enum UnseenPairs: String, Sendable, CaseIterable {
    /// Nothing: the game is refused.
    case refused
    /// Preferred to each other with probability ½, which is a guess.
    case ties
  }

  /// Preferences as shares of votes: p(i ≻ j) = wins[i][j] / (wins[i][j] + wins[j][i]).
  /// - Parameters:
  ///   - wins: n rows of n; how often i beat j, not negative and not necessarily whole, so that a tie can count half on both
  ///     sides. The diagonal says nothing and is ignored.
  ///   - reference: n positive probabilities; uniform unless given.
  ///   - data: n probabilities.
  ///   - rewards: n finite numbers.
  ///   - unseen: what a pair without any votes means.
  /// - Throws: `.unseenPair` for the first such pair unless they are ties; `.badVotes`; what the game's initialiser does.
  public static func votes(
    _ wins: [[Double]], reference: [Double]? = nil, data: [Double]? = nil, rewards: [Double]? = nil,
    unseen: UnseenPairs = .refused
  ) throws(GameError) -> PreferenceGame {
    for (row, entries) in wins.enumerated() where entries.count != wins.count {
      throw .notSquare(row: row, expected: wins.count, found: entries.count)
    }
    var preferences = [[Double]](repeating: [Double](repeating: 0.5, count: wins.count), count: wins.count)
    for row in wins.indices {
      for column in wins.indices where column != row {
        let (won, lost) = (wins[row][column], wins[column][row])
        guard won >= 0, won <= .greatestFiniteMagnitude / 2 else {
          throw .badVotes(row: row, column: column, value: won)
        }
        if won + lost > 0 {
          preferences[row][column] = won / (won + lost)
        } else if unseen == .refused, lost == 0 {
          throw .unseenPair(row, column)
        }
      }
    }
    return try PreferenceGame(preferences: preferences, reference: reference, data: data, rewards: rewards)
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
