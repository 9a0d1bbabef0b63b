import Foundation
import Testing

@testable import PoiseGames

/// Rock–paper–scissors won with probability 0.9, the reference (0.6, 0.3, 0.1), τ = 0.1: what a reader should see.
@Suite struct TrajectoryTests {
  private let start = [0.6, 0.3, 0.1]

  private func way(
    _ algorithm: GameAlgorithm, mixture: Double = 0, flow: ExpectedDynamics.Flow = .softmax,
    _ plan: TrajectoryPlan = TrajectoryPlan()
  ) throws -> [TrajectoryPoint] {
    let dynamics = try ExpectedDynamics(
      GameLearner(algorithm, tau: 0.1, mixture: mixture), in: try skewedRockPaperScissors(), flow: flow)
    return dynamics.trajectory(from: start, plan)
  }

  /// How far probabilities move over the last half.
  private func spread(_ way: [TrajectoryPoint]) -> Double {
    let last = way.suffix(way.count / 2)
    return (0..<3).map { action in
      last.map { $0.policy[action] }.max()! - last.map { $0.policy[action] }.min()!
    }.max()!
  }

  @Test(arguments: ExpectedDynamics.Flow.allCases) func slicOrbitsAndIPOComesIn(_ flow: ExpectedDynamics.Flow) throws {
    let game = try skewedRockPaperScissors()
    let orbit = try way(.onlineSLiC, flow: flow)
    #expect(spread(orbit) > 0.5)
    let settled = try way(.onlineIPO, flow: flow)
    #expect(spread(settled) < 0.01)
    #expect(largestDifference(settled.last!.policy, try game.regularizedNash(tau: 0.1).policy) < 1e-3)
  }

  /// Along the replicator flow the time average is the unregularised equilibrium, whatever τ.
  @Test func naturalOrbitsAverageToTheEquilibrium() throws {
    let policies = try way(.onlineSLiC, flow: .natural, TrajectoryPlan(steps: 100_000, learningRate: 0.01)).map(\.policy)
    for action in 0..<3 {
      let mean = policies.reduce(0) { $0 + $1[action] } / Double(policies.count)
      #expect(abs(mean - 1.0 / 3) < 0.02)
    }
  }

  /// Where mixing slows the rotation, the policy is nearer its end after the same time.
  @Test func mixturesDampTheSpiral() throws {
    let game = try skewedRockPaperScissors()
    func turns(_ algorithm: GameAlgorithm, _ mixture: Double) throws -> Int {
      let end = try game.mixtureEquilibrium(tau: 0.1, mixture: mixture).policy
      let side = try way(algorithm, mixture: mixture, TrajectoryPlan(steps: 4_000)).map { $0.policy[0] > end[0] }
      return zip(side, side.dropFirst()).count { $0 != $1 }
    }
    #expect(try turns(.ipoMD, 0.5) < turns(.onlineIPO, 0))
  }

  /// The reward that RL fits to the reference's pairs leaves scissors nothing.
  @Test func rewardsRunToTheEdge() throws {
    let last = try way(.reinforce, flow: .natural).last!.policy
    #expect(last[1] < 1e-4)
  }

  @Test func momentumKeepsASpiralFromSettling() throws {
    let plain = TrajectoryPlan(steps: 4_000, learningRate: 0.1)
    #expect(spread(try way(.onlineIPO, flow: .natural, plain)) < 0.01)
    var heavy = plain
    heavy.momentum = 0.95
    #expect(spread(try way(.onlineIPO, flow: .natural, heavy)) > 0.1)
  }

  @Test func samplesWanderAroundTheEnd() throws {
    let game = try skewedRockPaperScissors()
    let end = try game.regularizedNash(tau: 0.1).policy
    let plan = TrajectoryPlan(steps: 20_000, learningRate: 0.02, pairs: 8, seed: 5)
    let policies = try way(.onlineIPO, plan).suffix(500).map(\.policy)
    for action in 0..<3 {
      let mean = policies.reduce(0) { $0 + $1[action] } / Double(policies.count)
      #expect(abs(mean - end[action]) < 0.05)
    }
    #expect(try way(.onlineIPO, plan) == way(.onlineIPO, plan))
    var other = plan
    other.seed = 6
    #expect(try way(.onlineIPO, plan) != way(.onlineIPO, other))
  }

  @Test func pointsAreEveryTenthAndTheLast() throws {
    let points = try way(.nash, TrajectoryPlan(steps: 25, learningRate: 0.5))
    #expect(points.map(\.step) == [0, 10, 20, 25])
    #expect(points.map(\.time) == [0, 5, 10, 12.5])
    #expect(points[0].policy == start)
  }
}
