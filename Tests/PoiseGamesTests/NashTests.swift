import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct NashTests {
  @Test(arguments: [3, 5, 7]) func cyclesAreUniformWhateverTheReference(size: Int) throws {
    var generator = CounterGenerator(30, UInt64(size))
    for reference in [nil, generator.policy(size)] {
      let nash = try PreferenceGame.rockPaperScissors(size: size, strength: 0.3, reference: reference).nash()
      #expect(largestDifference(nash.policy, [Double](repeating: 1 / Double(size), count: size)) < 1e-14)
      #expect(nash.exploitability < 1e-15)
      #expect(nash.support == Array(0..<size))
    }
  }

  /// Munos et al. 2023, section 3.2.
  @Test(arguments: [-0.1, 0.05, 0.1]) func kindsOfVotersShareTheChoice(epsilon: Double) throws {
    let nash = try PreferenceGame.voterTypes(epsilon: epsilon).nash()
    #expect(largestDifference(nash.policy, [1 / 3 + epsilon / 2, 1 / 3 + epsilon / 2, 1 / 3 - epsilon]) < 1e-14)
    #expect(nash.exploitability < 1e-15)
  }

  @Test func whoeverBeatsAllOthersIsPlayedAlone() throws {
    for seed in 0..<10 {
      var generator = CounterGenerator(31, UInt64(seed))
      let count = 2 + seed
      let winner = generator.below(count)
      var preferences = [[Double]](repeating: [Double](repeating: 0.5, count: count), count: count)
      for first in 0..<count {
        for second in 0..<first {
          let share = generator.uniform()
          preferences[first][second] = second == winner ? share / 2 : first == winner ? 1 - share / 2 : share
          preferences[second][first] = 1 - preferences[first][second]
        }
      }
      let nash = try PreferenceGame(preferences: preferences, reference: generator.policy(count)).nash()
      #expect(nash.policy == (0..<count).map { $0 == winner ? 1 : 0 })
      #expect(nash.support == [winner])
      #expect(nash.exploitability == 0)
    }
  }

  @Test func dominatedActionsAreNotPlayedAtAll() throws {
    let nash = try rockPaperScissorsAndADominatedFourth().nash()
    #expect(largestDifference(nash.policy, [1 / 3, 1 / 3, 1 / 3, 0]) < 1e-14)
    #expect(nash.policy[3] == 0)
    #expect(nash.support == [0, 1, 2])
  }

  @Test func randomGamesAreSolvedToRounding() throws {
    for seed in 0..<40 {
      var generator = CounterGenerator(32, UInt64(seed))
      let count = 2 + generator.below(29)
      let game = try PreferenceGame.random(count: count, reference: generator.policy(count), using: &generator)
      let nash = game.nash()
      #expect(nash.exploitability < 1e-12)
      #expect(nash.exploitability == game.rawExploitability(of: nash.policy))
      #expect(abs(nash.policy.reduce(0, +) - 1) < 1e-14)
      #expect(nash.policy.allSatisfy { $0 >= 0 })
      guard case .equalized = nash.route else { continue }
      #expect(nash.support.count % 2 == 1, "a skew matrix of even order is regular but by accident")
      for action in 0..<count where !nash.support.contains(action) { #expect(nash.policy[action] == 0) }
    }
  }

  /// Munos et al. 2023, appendix C.
  @Test func diceAreThrownAlikeOften() throws {
    let game = try PreferenceGame.dice([[2, 4, 9], [1, 6, 8], [3, 5, 7]], reference: [0.2, 0.3, 0.5])
    let nash = game.nash()
    #expect(largestDifference(nash.policy, [1 / 3, 1 / 3, 1 / 3]) < 1e-14)
    #expect(nash.route == .equalized(tau: 0.1))
  }

  /// Two actions that nobody tells apart share what one of them would get, and ties are left as they are.
  @Test func degenerateGamesHaveAnEquilibriumToo() throws {
    let twins = try PreferenceGame(
      preferences: [[0.5, 0.5, 0.9, 0.1], [0.5, 0.5, 0.9, 0.1], [0.1, 0.1, 0.5, 0.9], [0.9, 0.9, 0.1, 0.5]],
      reference: [0.1, 0.2, 0.3, 0.4])
    let nash = twins.nash()
    #expect(nash.exploitability < 1e-15)
    #expect(abs(nash.policy[0] + nash.policy[1] - 1 / 3) < 1e-14)
    let ties = try PreferenceGame(preferences: [[0.5, 0.5], [0.5, 0.5]], reference: [0.3, 0.7]).nash()
    #expect(ties.policy == [0.3, 0.7])
    #expect(ties.route == .reference)
    #expect(ties.exploitability == 0)
    let alone = try PreferenceGame(preferences: [[0.5]]).nash()
    #expect(alone.policy == [1])
  }

  /// Preferences that are ties but for a millionth have an equilibrium whose support no temperature above that tells.
  @Test func nearTiesAreReportedForWhatTheyAre() throws {
    let game = try PreferenceGame.bradleyTerry(scores: [0, 1e-6, 2e-6])
    let nash = game.nash()
    #expect(nash.exploitability == game.rawExploitability(of: nash.policy))
    #expect(nash.exploitability < 1e-12)
    #expect(nash.policy[2] > 0.999)
  }
}
