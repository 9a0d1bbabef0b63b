import Foundation
import PoiseFiles
import PoiseGames
import Testing

/// The folder of data that POISE_TEST_DATA names.
private let sharedData = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]

/// Three arguments of a debate of which people find each more convincing than the next, with the mixture that no argument
/// beats.
@Suite(.enabled(if: sharedData != nil, "POISE_TEST_DATA names no folder")) struct HumanCyclesTests {
  private struct Cycle {
    /// p(a ≻ b), p(b ≻ c), p(c ≻ a).
    let preferences: [Double]
    /// The unregularised equilibrium, printed to six decimals.
    let nash: [Double]

    func game() throws -> PreferenceGame {
      let (ab, bc, ca) = (preferences[0], preferences[1], preferences[2])
      return try PreferenceGame(preferences: [[0.5, ab, 1 - ca], [1 - ab, 0.5, bc], [ca, 1 - bc, 0.5]])
    }

    /// An action is played as often as the other two differ.
    var closedForm: [Double] {
      let margins = [preferences[1] - 0.5, preferences[2] - 0.5, preferences[0] - 0.5]
      let sum = margins.reduce(0, +)
      return margins.map { $0 / sum }
    }
  }

  private func cycles() throws -> [Cycle] {
    let vectors = try Files.readJSON(try #require(sharedData) + "/vectors/ukp_cyclic_triples.json")
    let triples = try #require(vectors["triples"]?.array)
    return try triples.map { triple in
      let preferences = try ["p_ab", "p_bc", "p_ca"].map { try #require(triple[$0]?.double) }
      let nash = try #require(triple["nash"]?.array).map { try #require($0.double) }
      return Cycle(preferences: preferences, nash: nash)
    }
  }

  /// To first order the equilibrium at τ is τ (P − ½)⁻¹ log π/μ away; here margins are at least 0.2 and no probability differs
  /// from ⅓ by more than a factor of 2, so that 2τ bounds it. Printing adds 5e-7.
  @Test func equilibriaTendToThePrintedMixtures() throws {
    let cycles = try cycles()
    #expect(cycles.count == 200)
    var solved: [[Double]: [(tau: Double, policy: [Double])]] = [:]
    for cycle in cycles where solved[cycle.preferences] == nil {
      let game = try cycle.game()
      solved[cycle.preferences] = try [1e-3, 1e-6, 1e-9, 1e-12].flatMap { tau in
        let nash = try game.regularizedNash(tau: tau).policy
        let mixture = try game.mixtureEquilibrium(tau: tau, mixture: 0.125).mixture
        let dpo = try game.onlineDPOEquilibrium(tau: 4 * tau).policy
        return [(tau, nash), (tau / 0.875, mixture), (tau, dpo)]
      }
    }
    for cycle in cycles {
      #expect(largestDifference(cycle.closedForm, cycle.nash) <= 5.001e-7)
      for (tau, policy) in try #require(solved[cycle.preferences]) {
        #expect(largestDifference(policy, cycle.closedForm) < 2 * tau + 1e-15)
        if tau < 1e-8 { #expect(largestDifference(policy, cycle.nash) < 5.2e-7) }
      }
    }
  }

  /// Win rates against the mixture are all one half, so that scores cannot tell the three apart while preferences can.
  @Test func thePrintedMixturesEqualise() throws {
    for cycle in try cycles() {
      let game = try cycle.game()
      #expect(game.rawExploitability(of: cycle.nash) < 1e-6)
      #expect(game.rawExploitability(of: [1.0 / 3, 1.0 / 3, 1.0 / 3]) < game.rawExploitability(of: [1, 0, 0]))
    }
  }
}
