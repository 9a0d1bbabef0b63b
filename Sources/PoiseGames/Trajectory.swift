import Foundation
import PoiseRandom

/// How an algorithm is run in a game.
public struct TrajectoryPlan: Sendable, Equatable {
  /// Updates, 1 or more.
  public var steps: Int
  /// Units of time an update (``ExpectedDynamics``), above 0.
  public var learningRate: Double
  /// β of heavy-ball momentum, v ← β v + g, θ ← θ + rate · v, in [0, 1) (Polyak 1964).
  public var momentum: Double
  /// Pairs sampled and compared for an update; nil for the expected gradient.
  public var pairs: Int?
  /// Of the samples.
  public var seed: UInt64
  /// Updates from one recorded point to the next, 1 or more.
  public var recordEvery: Int

  public init(
    steps: Int = 8_000, learningRate: Double = 0.05, momentum: Double = 0, pairs: Int? = nil, seed: UInt64 = 0,
    recordEvery: Int = 10
  ) {
    precondition(steps > 0 && learningRate > 0 && (0..<1).contains(momentum) && (pairs ?? 1) > 0 && recordEvery > 0)
    self.steps = steps
    self.learningRate = learningRate
    self.momentum = momentum
    self.pairs = pairs
    self.seed = seed
    self.recordEvery = recordEvery
  }
}

/// Where an algorithm was on its way.
public struct TrajectoryPoint: Sendable, Equatable {
  /// Updates made.
  public var step: Int
  /// step × learning rate, whatever the momentum.
  public var time: Double
  public var policy: [Double]
}

extension ExpectedDynamics {
  /// The way of the algorithm from a policy of full support: its first point, then every `recordEvery`-th, and the last.
  ///
  /// With ``TrajectoryPlan/pairs`` every update sees that many pairs and the verdict of one comparison of each, a win or a loss.
  /// Contrastive algorithms draw both answers alike and move both; policy gradients move the first alone, and RL measures its
  /// reward against that of a second sample.
  /// - Precondition: `start` has a positive probability for every action.
  public func trajectory(from start: [Double], _ plan: TrajectoryPlan) -> [TrajectoryPoint] {
    precondition(start.count == game.count && start.allSatisfy { $0 > 0 })
    var (logits, policy) = (start.map { log($0) }, start)
    var speed = [Double](repeating: 0, count: game.count)
    var points = [TrajectoryPoint(step: 0, time: 0, policy: start)]
    for step in 1...plan.steps {
      let gradient = plan.pairs.map { sampledVelocity(policy, pairs: $0, seed: plan.seed, step: step) } ?? velocity(policy)
      for action in logits.indices {
        speed[action] = plan.momentum * speed[action] + gradient[action]
        logits[action] += plan.learningRate * speed[action]
      }
      policy = softmax(logits)
      if step % plan.recordEvery == 0 || step == plan.steps {
        points.append(TrajectoryPoint(step: step, time: Double(step) * plan.learningRate, policy: policy))
      }
    }
    return points
  }

  /// An unbiased estimate of ``velocity(_:)``, up to a constant.
  func sampledVelocity(_ policy: [Double], pairs: Int, seed: UInt64, step: Int) -> [Double] {
    let (draws, opponent, logRatios) = (draws(policy), opponent(policy), logRatios(policy))
    var random = CounterGenerator(seed, UInt64(step))
    var velocity = [Double](repeating: 0, count: game.count)
    for _ in 0..<pairs {
      let (row, column) = (random.index(draws), random.index(opponent))
      let verdict: Double = random.uniform() < game[row, column] ? 1 : 0
      // The same action twice says nothing: a coin decides.
      let contrast = contrast(row, column, logRatios, preference: row == column ? 0.5 : verdict) / Double(pairs)
      if isContrastive {
        velocity[row] += contrast / 2
        velocity[column] -= contrast / 2
      } else {
        velocity[row] += contrast
        for action in policy.indices { velocity[action] -= contrast * policy[action] }
      }
    }
    return flow == .softmax ? velocity : zip(velocity, draws).map { $0 / $1 }
  }
}

extension Equilibrium {
  /// KL(π*|policy), in nats: what self-play's natural gradient decreases at every moment, whatever the preferences.
  public func divergence(from policy: [Double]) -> Double { PoiseGames.divergence(self.policy, policy) }
}
