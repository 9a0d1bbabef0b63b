import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct BradleyTerryFitTests {
  /// Σ weight (p log σ(s − s′) + (1 − p) log σ(s′ − s)).
  private func logLikelihood(_ scores: [Double], _ game: PreferenceGame, weights: [Double]) -> Double {
    var sum = 0.0
    for row in scores.indices {
      for column in scores.indices {
        let logOdds = scores[row] - scores[column]
        let loss = game[row, column] * log(1 + exp(-logOdds)) + game[column, row] * log(1 + exp(logOdds))
        sum -= weights[row * game.count + column] * loss
      }
    }
    return sum
  }

  private func outer(_ distribution: [Double]) -> [Double] {
    distribution.flatMap { first in distribution.map { first * $0 } }
  }

  private func randomWeights(_ count: Int, _ seed: Int) -> [Double] {
    var generator = CounterGenerator(22, UInt64(seed))
    return (0..<count * count).map { _ in exp(2 * generator.normal()) }
  }

  @Test func scoresThatExplainEverythingComeBackWhateverThePairs() throws {
    for seed in 0..<8 {
      var generator = CounterGenerator(23, UInt64(seed))
      let scores = (0..<(2 + seed)).map { _ in 3 * generator.normal() }
      let mean = scores.reduce(0, +) / Double(scores.count)
      let game = try PreferenceGame.bradleyTerry(scores: scores)
      let fits = [
        try game.bradleyTerryFit(pairsFrom: generator.policy(game.count)),
        try game.bradleyTerryFit(pairWeights: randomWeights(game.count, seed)),
      ]
      for fit in fits {
        #expect(largestDifference(fit.scores, scores.map { $0 - mean }) < 1e-9)
        #expect(fit.residual < 1e-12)
      }
    }
  }

  @Test func everyActionIsPredictedToWinWhatItWins() throws {
    for (index, game) in try randomGames().enumerated() {
      var generator = CounterGenerator(24, UInt64(index))
      let distribution = generator.policy(game.count)
      let fit = try game.bradleyTerryFit(pairsFrom: distribution)
      let predicted = try PreferenceGame.bradleyTerry(scores: fit.scores)
      #expect(largestDifference(predicted.winRates(against: distribution), game.winRates(against: distribution)) < 1e-14)
      #expect(abs(fit.scores.reduce(0, +)) < 1e-13)
      #expect(fit.iterations < 30)
    }
  }

  /// s ← s + log(wins/predicted wins) by minorisation (Zermelo 1929; Hunter 2004): wins over Σ weights/(e^s + e^s′).
  @Test func newtonArrivesWhereZermelosIterationDoes() throws {
    for (index, game) in try randomGames().enumerated() {
      let count = game.count
      let weights = randomWeights(count, index)
      var strengths = [Double](repeating: 1, count: count)
      for _ in 0..<3000 {
        strengths = strengths.indices.map { row in
          var (wins, chances) = (0.0, 0.0)
          for column in strengths.indices where column != row {
            let weight = weights[row * count + column] + weights[column * count + row]
            wins += weight * game[row, column]
            chances += weight / (strengths[row] + strengths[column])
          }
          return wins / chances
        }
        let mean = strengths.reduce(0) { $0 + log($1) } / Double(count)
        strengths = strengths.map { $0 / exp(mean) }
      }
      let fit = try game.bradleyTerryFit(pairWeights: weights)
      #expect(largestDifference(fit.scores, strengths.map { log($0) }) < 1e-8)
    }
  }

  @Test func noOtherScoresAreLikelier() throws {
    for (index, game) in try randomGames().enumerated() {
      let weights = randomWeights(game.count, index)
      let scores = try game.bradleyTerryFit(pairWeights: weights).scores
      let most = logLikelihood(scores, game, weights: weights)
      var generator = CounterGenerator(25, UInt64(index))
      for _ in 0..<10 {
        let others = scores.map { $0 + 0.1 * generator.normal() }
        #expect(logLikelihood(others, game, weights: weights) < most)
      }
    }
  }

  @Test func aPairCountsOnceWhicheverWayRoundItIsGiven() throws {
    for game in try randomGames() {
      var generator = CounterGenerator(26)
      let distribution = generator.policy(game.count)
      var upper = outer(distribution)
      for row in 0..<game.count { for column in 0...row { upper[row * game.count + column] = 0 } }
      let scores = try game.bradleyTerryFit(pairsFrom: distribution).scores
      #expect(largestDifference(try game.bradleyTerryFit(pairWeights: outer(distribution)).scores, scores) < 1e-12)
      #expect(largestDifference(try game.bradleyTerryFit(pairWeights: upper).scores, scores) < 1e-12)
    }
  }

  @Test func aChainOfComparisonsIsReproduced() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.9, 0.2], [0.1, 0.5, 0.3], [0.8, 0.7, 0.5]])
    let fit = try game.bradleyTerryFit(pairWeights: [0, 1, 0, 0, 0, 1e-9, 0, 0, 0])
    #expect(abs(fit.scores[0] - fit.scores[1] - log(9)) < 1e-12)
    #expect(abs(fit.scores[1] - fit.scores[2] - log(0.3 / 0.7)) < 1e-12)
  }

  /// Munos et al. 2023, theorem 2.
  @Test func cyclicPreferencesHaveOtherScoresUnderOtherPairs() throws {
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4)
    #expect(try game.bradleyTerryFit(pairsFrom: game.reference).scores.allSatisfy { abs($0) < 1e-14 })
    #expect(try span(game.bradleyTerryFit(pairsFrom: [0.6, 0.3, 0.1]).scores) > 1)
  }

  @Test func rareAndNearlyCertainPairsAreFitted() throws {
    let rare = try PreferenceGame.bradleyTerry(scores: [1, 0, -1])
    #expect(largestDifference(try rare.bradleyTerryFit(pairsFrom: [1e-200, 1, 1e-300]).scores, [1, 0, -1]) < 1e-12)
    let certain = try PreferenceGame(preferences: [[0.5, 1e-40], [1, 0.5]])
    let scores = try certain.bradleyTerryFit(pairsFrom: [0.5, 0.5]).scores
    #expect(abs(scores[1] - scores[0] - 40 * log(10)) < 1e-9)
  }

  @Test func aloneAnActionScoresZero() throws {
    let game = try PreferenceGame(preferences: [[0.5]])
    #expect(try game.bradleyTerryFit(pairsFrom: [1]).scores == [0])
  }

  @Test func actionsThatAreNeverComparedHaveNoScores() throws {
    let game = try PreferenceGame.rockPaperScissors(size: 5, strength: 0.4)
    #expect(throws: GameError.neverCompared(0, 2)) { try game.bradleyTerryFit(pairsFrom: [0.5, 0.25, 0, 0, 0.25]) }
    var weights = [Double](repeating: 0, count: 25)
    weights[1] = 1  // 0 and 1
    weights[14] = 1  // 2 and 4
    weights[19] = 1  // 3 and 4
    #expect(throws: GameError.neverCompared(0, 2)) { try game.bradleyTerryFit(pairWeights: weights) }
    let error = #expect(throws: GameError.self) { try game.bradleyTerryFit(pairsFrom: [0, 1, 0, 0, 0]) }
    #expect(error?.description.contains("action 0 with action 1") == true)
  }

  @Test func actionsThatNeverLoseHaveNoFiniteScores() throws {
    // 0 and 1 beat each other now and then, but never lose to 2.
    let game = try PreferenceGame(preferences: [[0.5, 0.7, 1], [0.3, 0.5, 1], [0, 0, 0.5]])
    #expect(throws: GameError.unboundedScores(winners: [0, 1])) { try game.bradleyTerryFit(pairsFrom: game.reference) }
    let error = #expect(throws: GameError.self) { try game.optimalPolicy(rewardFittedOn: game.reference, tau: 0.1) }
    #expect(error?.description.contains("action 0, action 1 never lose") == true)
    // A cycle of certain wins is another matter: everybody loses to somebody.
    let certain = try PreferenceGame.rockPaperScissors(strength: 0.5, reference: [0.6, 0.3, 0.1])
    #expect(try certain.bradleyTerryFit(pairsFrom: certain.reference).residual < 1e-12)
    // Left out, a pair that would have closed the cycle leaves a winner.
    let weights: [Double] = [0, 1, 0, 0, 0, 1, 0, 0, 0]
    #expect(throws: GameError.unboundedScores(winners: [0])) { try certain.bradleyTerryFit(pairWeights: weights) }
  }

  @Test func scoresBeyondDoublesAreRefused() throws {
    // Three that beat each other in a circle, but for 1e-300, and hardly compared.
    let game = try PreferenceGame(preferences: [[0.5, 1, 1e-300], [0, 0.5, 1], [1, 0, 0.5]])
    #expect {
      try game.bradleyTerryFit(pairWeights: [0, 1, 1e-300, 0, 0, 1, 0, 0, 0])
    } throws: { error in
      if case GameError.notFitted = error { true } else { false }
    }
  }
}
