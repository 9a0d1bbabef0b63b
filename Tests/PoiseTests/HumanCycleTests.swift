import Foundation
import PoiseFiles
import PoiseGames
import Testing

@testable import Poise

/// Three arguments of which people prefer each to the next, all the way round: what no reward explains. Trained on their votes,
/// policies reach the mixture that nobody beats, the closer the less they are regularised.
@Suite(.enabled(if: publishedFolder != nil, "POISE_TEST_DATA names no folder")) struct HumanCycleTests {
  /// Votes among three arguments, and the equilibrium of the game without regularisation.
  private struct Triple {
    let game: PreferenceGame
    let equilibrium: [Double]
  }

  /// Every eighth of the published ones: a policy takes thousands of steps where two of three margins are narrow.
  private func triples() throws -> [Triple] {
    let vectors = try Files.readJSON(try #require(publishedFolder) + "/vectors/ukp_cyclic_triples.json")
    let published = try #require(vectors["triples"]?.array)
    return try stride(from: 0, to: published.count, by: 8).map { index in
      let triple = published[index]
      func number(_ key: String) throws -> Double { try #require(triple[key]?.double) }
      let (ab, bc, ca) = (try number("p_ab"), try number("p_bc"), try number("p_ca"))
      let nash = try #require(triple["nash"]?.array).compactMap(\.double)
      let preferences = [[0.5, ab, 1 - ca], [1 - ab, 0.5, bc], [ca, 1 - bc, 0.5]]
      return Triple(game: try PreferenceGame(preferences: preferences), equilibrium: nash)
    }
  }

  /// - Returns: the distance of what nobody beats, the policy or its mixture, from the equilibrium.
  private func distance(_ triple: Triple, _ name: Algorithm.Name, tau: Double, rate: Float) -> Double {
    let algorithm = Algorithm(name, .init(tau: tau))
    let trainer = EnumeratedTrainer(EnumeratedPairs(triple.game, algorithm))
    #expect(trainer.settle(rate: rate, patience: 20_000))
    return largestDifference(
      triple.game.mixture(of: trainer.distribution, weight: algorithm.sampling.mixture), triple.equilibrium)
  }

  /// The first-order error of the regularised equilibrium is τ(P − ½)⁻¹ log π/μ, at most 1.02 τ on these games, and terms of higher
  /// order make that 1.2 τ at most for τ < 0.1; with mixture m the mixture is the equilibrium at τ/(1 − m). Stopping and single
  /// precision add less than 1e-4. Rates stay below the bound
  /// 2a/(a² + w²) at which the slowest of these spirals would open; a step of Nash-MD-PG is a quarter of one of IPO.
  @Test(arguments: [(Algorithm.Name.ipo, Float(0.2)), (.nashMD, 0.8)])
  func trainingReachesTheMixtureThatNobodyBeatsAsRegularisationVanishes(_ name: Algorithm.Name, _ rate: Float) throws {
    let mixture = Algorithm(name).sampling.mixture
    for triple in try triples() {
      let distances = [0.08, 0.02].map { tau in
        let distance = distance(triple, name, tau: tau, rate: rate)
        #expect(distance < 1.2 * tau / (1 - mixture) + 1e-4)
        return distance
      }
      // Equal votes around the circle have the uniform mixture at every temperature.
      #expect(distances[1] < distances[0] / 2 || distances[0] < 1e-4)
    }
  }
}

/// The folder of data that POISE_TEST_DATA names.
private let publishedFolder = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]
