import Foundation
import PoiseRandom
import Testing

@testable import PoiseGames

@Suite struct ExpectedDynamicsTests {
  /// Four actions, nothing alike: a reference, a data distribution and rewards of their own.
  private func game() throws -> PreferenceGame {
    var random = CounterGenerator(11)
    let drawn = try PreferenceGame.random(count: 4, using: &random)
    let rows = (0..<4).map { row in (0..<4).map { drawn[row, $0] } }
    return try PreferenceGame(
      preferences: rows, reference: [0.4, 0.3, 0.2, 0.1], data: [0.1, 0.5, 0.15, 0.25], rewards: [0.3, -0.2, 0.5, 0])
  }

  private func end(of learner: GameLearner, in game: PreferenceGame) throws -> [Double] {
    try #require(try GameAnalysis(game, learners: [learner], tau: learner.tau).outcomes.first).get().policy
  }

  /// Hinges rest at kinks or not at all.
  static let smooth = GameAlgorithm.allCases.filter { $0 != .onlineSLiC }

  /// The formulas of the ends and those of the flows know nothing of each other.
  @Test(arguments: smooth, ExpectedDynamics.Flow.allCases)
  func flowsRestWhereTheFormulasSay(_ algorithm: GameAlgorithm, _ flow: ExpectedDynamics.Flow) throws {
    let game = try game()
    let learner = GameLearner(algorithm, tau: 0.3, mixture: 0.4)
    let dynamics = try ExpectedDynamics(learner, in: game, flow: flow)
    let velocity = dynamics.velocity(try end(of: learner, in: game))
    #expect(velocity.max()! - velocity.min()! < 1e-12)
    let elsewhere = dynamics.velocity([0.25, 0.25, 0.25, 0.25])
    #expect(elsewhere.max()! - elsewhere.min()! > 1e-2)
  }

  /// Central differences of the velocity by every logit.
  @Test(arguments: smooth, ExpectedDynamics.Flow.allCases)
  func jacobiansAreDerivatives(_ algorithm: GameAlgorithm, _ flow: ExpectedDynamics.Flow) throws {
    let game = try game()
    let learner = GameLearner(algorithm, tau: 0.3, mixture: 0.4)
    let dynamics = try ExpectedDynamics(learner, in: game, flow: flow)
    let policy = try end(of: learner, in: game)
    try expectDerivative(dynamics.jacobian(at: policy), of: dynamics, at: policy)
  }

  /// Where the box is wide, the hinge's flow rests at an unregularised equilibrium.
  @Test(arguments: ExpectedDynamics.Flow.allCases) func hingesTurnInsideTheirBox(_ flow: ExpectedDynamics.Flow) throws {
    let game = try PreferenceGame.rockPaperScissors(size: 5, strength: 0.3, reference: [0.3, 0.1, 0.2, 0.25, 0.15])
    let dynamics = try ExpectedDynamics(GameLearner(.onlineSLiC, tau: 0.1), in: game, flow: flow)
    let policy = [Double](repeating: 0.2, count: 5)
    try expectDerivative(dynamics.jacobian(at: policy), of: dynamics, at: policy)
    // Those of the circulant matrix of preferences less a half, times the probability of an action once for the opponent and, for
    // plain gradients, once more for the draw.
    let share = flow == .softmax ? 0.04 : 0.2
    let turns = [1.0, 2].map { share * 0.6 * abs(sin(0.4 * $0 * .pi) + sin(0.8 * $0 * .pi)) }
    let eigenvalues = try dynamics.eigenvalues(at: policy)
    #expect(eigenvalues.allSatisfy { abs($0.real) < 1e-14 })
    #expect(largestDifference(eigenvalues.map { abs($0.imaginary) }.sorted(), [turns[1], turns[1], turns[0], turns[0]]) < 1e-14)
  }

  private func expectDerivative(_ jacobian: [Double], of dynamics: ExpectedDynamics, at policy: [Double]) throws {
    let count = policy.count
    let step = 1e-5
    for column in 0..<count {
      func velocity(_ sign: Double) -> [Double] {
        dynamics.velocity(softmax(policy.indices.map { log(policy[$0]) + ($0 == column ? sign * step : 0) }))
      }
      let slopes = zip(velocity(1), velocity(-1)).map { ($0 - $1) / (2 * step) }
      for row in 1..<count {
        let difference = jacobian[row * count + column] - jacobian[column]
        #expect(abs(difference - (slopes[row] - slopes[0])) < 1e-8)
      }
    }
  }

  /// Rock–paper–scissors won with probability ½ + a, τ = 0.1: the printed eigenvalues of the plain gradient flow at the uniform
  /// policy, and of the natural one, which is three times as fast.
  @Test func eigenvaluesOfRockPaperScissors() throws {
    let (tau, strength, mixture) = (0.1, 0.4, 0.125)
    let turn = strength / 3.0.squareRoot()
    let expected: [(GameAlgorithm, Double, Double)] = [
      (.onlineIPO, -tau, turn), (.selfPlay, -tau, turn), (.nash, -tau, turn), (.ipoMD, -tau, (1 - mixture) * turn),
      (.nashMD, -tau, (1 - mixture) * turn), (.onlineDPO, -tau / 4, turn), (.onlineSLiC, 0, turn), (.reinforce, -tau, 0),
      (.bestResponse, -tau, 0), (.offlineIPO, -tau, 0), (.offlineDPO, -tau / 4, 0),
    ]
    #expect(Set(expected.map(\.0)) == Set(GameAlgorithm.allCases))
    let game = try PreferenceGame.rockPaperScissors(strength: strength)
    for (flow, speed) in [(ExpectedDynamics.Flow.softmax, 1.0 / 3), (.natural, 1)] {
      for (algorithm, decay, turn) in expected {
        let dynamics = try ExpectedDynamics(GameLearner(algorithm, tau: tau, mixture: mixture), in: game, flow: flow)
        let eigenvalues = try dynamics.eigenvalues(at: game.reference)
        #expect(eigenvalues.count == 2)
        for eigenvalue in eigenvalues {
          #expect(abs(eigenvalue.real - speed * decay) < 1e-14, "\(algorithm)")
          #expect(abs(abs(eigenvalue.imaginary) - speed * turn) < 1e-14, "\(algorithm)")
        }
      }
    }
  }

  /// What one pair adds is below 0.8, so that the mean of 160,000 has a standard error below 0.002; natural gradients divide it by
  /// an action's probability, of which the square root remains. Five standard errors, and what is estimated is twice as large.
  @Test(arguments: GameAlgorithm.allCases, ExpectedDynamics.Flow.allCases)
  func samplesAverageToTheFlow(_ algorithm: GameAlgorithm, _ flow: ExpectedDynamics.Flow) throws {
    let dynamics = try ExpectedDynamics(GameLearner(algorithm, tau: 0.3, mixture: 0.4), in: try game(), flow: flow)
    let policy = [0.3, 0.2, 0.35, 0.15]
    let rarest = flow == .softmax ? 1 : dynamics.draws(policy).min()!
    let expected = centred(dynamics.velocity(policy))
    let sampled = centred(dynamics.sampledVelocity(policy, pairs: 160_000, seed: 3, step: 1))
    let tolerance = 0.01 / rarest.squareRoot()
    #expect(largestDifference(expected, sampled) < tolerance)
    #expect(expected.map(abs).max()! > 2 * tolerance, "\(expected)")
  }

  private func centred(_ x: [Double]) -> [Double] { x.map { $0 - x.reduce(0, +) / Double(x.count) } }
}
