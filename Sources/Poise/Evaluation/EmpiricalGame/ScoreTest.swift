import PoiseGames
import PoiseObjectives

/// A test of whether one score for each policy explains their mean preferences: p_ij = σ(s_i − s_j), the model of Bradley & Terry
/// (1952). Where it does, there is a best policy and no cycle, whatever the data look like.
///
/// The statistic is T = Σ_{i<j} (p_ij − σ(s_i − s_j))² with the fitted scores. Its distribution where scores do explain the
/// preferences is that of the residuals' noise, which prompts drawn with replacement show: T* = Σ (residual* − residual)², the
/// centred bootstrap (Efron & Tibshirani 1993, chapter 16), with n/(n − 1) for the prompts' mean having been fitted too.
/// p = (1 + #{T* ≥ T})/(1 + B). Of simulated worlds of four policies whom scores explain, with a verdict a prompt, 4 to 6 in 100
/// have p < 0.05, from 15 prompts to 200.
public struct ScoreTest: Sendable, Equatable {
  /// T, from 0 to n(n − 1)/8.
  public let statistic: Double
  /// From 1/(1 + B) to 1. It is 1 where nothing can be known: for two policies, which always have scores, and from one prompt.
  public let pValue: Double

  /// Whether p < 0.05.
  public var isRejected: Bool { pValue < 0.05 }

  /// A sum of squares smaller than this is rounding: the fit solves its equations to 1e-12.
  private static let rounding = 1e-18

  /// - Parameters:
  ///   - residuals: of every pair.
  ///   - resampled: the same of each resample.
  init(residuals: [Double], resampled: [[Double]], promptCount: Int) {
    statistic = residuals.reduce(0) { $0 + $1 * $1 }
    guard residuals.count > 1, promptCount > 1 else {
      pValue = 1
      return
    }
    let widening = Double(promptCount) / Double(promptCount - 1)
    let observed = statistic
    let exceeding = resampled.count { other in
      let noise = zip(other, residuals).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return widening * noise + Self.rounding >= observed
    }
    pValue = Double(1 + exceeding) / Double(1 + resampled.count)
  }

  /// p_ij − σ(s_i − s_j) of every pair i < j, all pairs weighing the same.
  ///
  /// Where some policies never lose to the others the best scores are infinitely far apart (Ford 1957). Likelihood then rises
  /// towards a limit, which is taken: between the two groups the residuals are zero, and each has scores of its own.
  static func residuals(_ game: PreferenceGame) throws -> [Double] {
    let places = Array(0..<game.count)
    var explained = Array(repeating: 0.5, count: game.count * game.count)
    try explain(game, places, into: &explained)
    return places.flatMap { row in
      (row + 1..<game.count).map { game[row, $0] - explained[row * game.count + $0] }
    }
  }

  /// Preferences closer to 0 or 1 than this count as 0 or 1: scores that far apart are infinite for all purposes.
  private static let certainty = 1e-10

  /// - Parameters:
  ///   - places: the policies that are explained, ascending.
  ///   - explained: (n, n) of the whole game, where their σ(s_i − s_j) go.
  private static func explain(_ game: PreferenceGame, _ places: [Int], into explained: inout [Double]) throws {
    let part = try PreferenceGame(
      preferences: places.map { row in
        places.map { column in
          let preference = game[row, column]
          return preference < certainty ? 0 : preference > 1 - certainty ? 1 : preference
        }
      })
    switch Result(catching: { () throws(GameError) in try part.bradleyTerryFit(pairsFrom: part.reference).scores }) {
    case .success(let scores):
      for (i, row) in places.enumerated() {
        for (j, column) in places.enumerated() where i != j {
          explained[row * game.count + column] = PreferenceProbability.bradleyTerry(rewardMargin: scores[i] - scores[j])
        }
      }
    case .failure(.unboundedScores(let undefeated)):
      let winners = undefeated.map { places[$0] }
      let losers = places.filter { !winners.contains($0) }
      for winner in winners {
        for loser in losers {
          explained[winner * game.count + loser] = 1
          explained[loser * game.count + winner] = 0
        }
      }
      try explain(game, winners, into: &explained)
      try explain(game, losers, into: &explained)
    case .failure(let error): throw error
    }
  }
}
