import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct PreferenceGameTests {
  private let fair = [[0.5, 0.9], [0.1, 0.5]]

  @Test func matricesMustBeSquareProbabilitiesThatAddUp() {
    #expect(throws: GameError.noActions) { try PreferenceGame(preferences: []) }
    #expect(throws: GameError.notSquare(row: 1, expected: 2, found: 1)) {
      try PreferenceGame(preferences: [[0.5, 0.9], [0.1]])
    }
    #expect(throws: GameError.notAProbability(row: 0, column: 1, value: 1.1)) {
      try PreferenceGame(preferences: [[0.5, 1.1], [-0.1, 0.5]])
    }
    #expect(throws: GameError.notAProbability(row: 0, column: 1, value: .infinity)) {
      try PreferenceGame(preferences: [[0.5, .infinity], [0, 0.5]])
    }
    let error = #expect(throws: GameError.self) { try PreferenceGame(preferences: [[0.5, .nan], [0.5, 0.5]]) }
    #expect(error?.description.contains("action 0 over action 1 is nan") == true)
    #expect(throws: GameError.notAntisymmetric(row: 1, column: 0, sum: 1.25)) {
      try PreferenceGame(preferences: [[0.5, 1], [0.25, 0.5]])
    }
    #expect(throws: GameError.notAntisymmetric(row: 0, column: 0, sum: 1.5)) { try PreferenceGame(preferences: [[0.75]]) }
  }

  @Test func failuresOfSolversSayWhatToTry() {
    let unsolved = GameError.notSolved(tau: 0.125, residual: 0.5)
    #expect(unsolved.description.contains("0.125 was not found: the best residual is 0.5. Try a larger temperature."))
    let unfitted = GameError.notFitted(residual: 0.25)
    #expect(unfitted.description.contains("the best residual is 0.25"))
    #expect([unsolved, unfitted].map(\.category) == [.internalFault, .internalFault])
    #expect([GameError.neverCompared(0, 1), .unboundedScores(winners: [0])].map(\.category) == [.badData, .badData])
  }

  @Test func smallAsymmetriesArePartOfTheFormat() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.9], [0.1 + 5e-10, 0.5 + 4e-10]])
    #expect(game[1, 0] == 0.1 + 5e-10, "the smaller entry has more digits")
    #expect(game[0, 1] == 1 - (0.1 + 5e-10))
    #expect(game[1, 1] == 0.5)
    #expect(throws: GameError.self) { try PreferenceGame(preferences: [[0.5, 0.9], [0.1 + 5e-9, 0.5]]) }
  }

  @Test func distributionsAreChecked() throws {
    func build(_ reference: [Double], _ data: [Double]? = nil) throws -> PreferenceGame {
      try PreferenceGame(preferences: fair, reference: reference, data: data)
    }
    #expect(throws: GameError.wrongLength(.reference, expected: 2, found: 3)) { try build([0.2, 0.2, 0.6]) }
    #expect(throws: GameError.badWeight(.reference, action: 1, value: 0)) { try build([1, 0]) }
    #expect(throws: GameError.badSum(.reference, sum: 0.75)) { try build([0.25, 0.5]) }
    #expect(throws: GameError.badWeight(.data, action: 0, value: -0.5)) { try build([0.5, 0.5], [-0.5, 1.5]) }
    #expect(throws: GameError.badSum(.data, sum: 0.5)) { try build([0.5, 0.5], [0.5, 0]) }
    #expect(try build([0.5, 0.5], [1, 0]).data == [1, 0])
    #expect(try PreferenceGame(preferences: fair).reference == [0.5, 0.5])
  }

  @Test func rewardsAreFiniteAndOneAnAction() throws {
    func build(_ rewards: [Double]) throws -> PreferenceGame { try PreferenceGame(preferences: fair, rewards: rewards) }
    #expect(try build([-3, 1e9]).rewards == [-3, 1e9])
    #expect(try PreferenceGame(preferences: fair).rewards == nil)
    #expect(throws: GameError.wrongLength(.rewards, expected: 2, found: 1)) { try build([1]) }
    #expect(throws: GameError.badReward(action: 1, value: .infinity)) { try build([0, .infinity]) }
    let error = #expect(throws: GameError.self) { try build([.nan, 0]) }
    #expect(error?.description == "The reward of action 0 is nan. Rewards must be finite numbers.")
    #expect(error?.category == .badData)
  }

  @Test func rockPaperScissorsTreatsAllActionsAlike() throws {
    let game = try PreferenceGame.rockPaperScissors(size: 5, strength: 0.4)
    for row in 0..<5 {
      #expect(game[row, row] == 0.5)
      #expect(game[row, (row + 1) % 5] == 0.9)
      #expect(game[row, (row + 2) % 5] == 0.9)
      #expect(game[row, (row + 3) % 5] == 0.5 - 0.4)
    }
    #expect(largestDifference(game.winRates(against: game.reference), [0.5, 0.5, 0.5, 0.5, 0.5]) < 1e-15)
  }

  @Test func bradleyTerryFollowsTheScores() throws {
    let game = try PreferenceGame.bradleyTerry(scores: [0, log(9), 1000])
    #expect(abs(game[1, 0] - 0.9) < 1e-15)
    #expect(game[2, 0] == 1)
    #expect(game[0, 2] == 0)
  }

  @Test func randomGamesAreRepeatable() throws {
    #expect(try randomGames() == randomGames())
    #expect(Set(try randomGames().map(\.preferences)).count == 12)
  }

  @Test func winRatesAreExpectations() throws {
    let game = try PreferenceGame.rockPaperScissors(strength: 0.5)  // 0 beats 1 beats 2 beats 0
    #expect(game.winRates(against: [0.5, 0.25, 0.25]) == [0.5, 0.375, 0.625])
    #expect(game.preference(of: [0, 1, 0], over: [0, 0, 1]) == 1)
    #expect(game.rawExploitability(of: [0.5, 0.25, 0.25]) == 0.125)
    #expect(game.rawExploitability(of: [1, 0, 0]) == 0.5)
  }

  @Test func divergenceIsInNatsAndToleratesZeros() throws {
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4)
    #expect(game.divergence(of: game.reference) == 0)
    #expect(abs(game.divergence(of: [1, 0, 0]) - log(3)) < 1e-15)
  }

  @Test func mixturesEndAtThePolicyAndTheReference() throws {
    for game in try randomGames() {
      var generator = CounterGenerator(8)
      let policy = generator.policy(game.count)
      #expect(game.mixture(of: policy, weight: 0) == policy)
      #expect(game.mixture(of: policy, weight: 1) == game.reference)
      let half = game.mixture(of: policy, weight: 0.5)
      let roots = zip(policy, game.reference).map { ($0 * $1).squareRoot() }
      let sum = roots.reduce(0, +)
      #expect(largestDifference(half, roots.map { $0 / sum }) < 1e-15)
    }
  }
}
