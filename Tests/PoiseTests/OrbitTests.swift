import Foundation
import PoiseGames
import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

/// On cycles of preferences not everything settles.
@Suite struct OrbitTests {
  private func run(
    _ algorithm: Algorithm, on game: PreferenceGame, optimizer: OptimizerKind = .stochasticGradientDescent(), rate: Float,
    steps: Int
  ) -> [[Double]] {
    let trainer = EnumeratedTrainer(EnumeratedPairs(game, algorithm), start: [0.6, 0.3, 0.1], optimizer: optimizer)
    return (0..<steps).map { _ in
      trainer.step(rate: rate)
      return trainer.distribution
    }
  }

  /// From the uniform policy, which is the equilibrium.
  private func distance(_ policy: [Double]) -> Double { policy.map { abs($0 - 1 / 3) }.max()! }

  /// ∏ π(y)^⅓ · Σ 1/π(y). Where θ̇(y) = π(y)(p(y ≻ π) − ½) it stands still: the logarithm of the one factor grows by
  /// Σ π²(p(y ≻ π) − ½) exactly as that of the other falls. It is least at the uniform policy, so the flow goes round it for ever.
  private func constantOfMotion(_ policy: [Double]) -> Double {
    pow(policy.reduce(1, *), 1 / 3) * policy.reduce(0) { $0 + 1 / $1 }
  }

  /// Inside its box SLiC is self-play without a regulariser, and the unregularised equilibrium is a centre. Steps of finite
  /// length only lead away from it: by a few per cent in four turns of 2000 steps. IPO, at the rate that gives win rates the same
  /// weight, has settled in two of them.
  @Test func onlineSLiCGoesRoundForEver() throws {
    let (tau, reference) = (0.1, [0.6, 0.3, 0.1])
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4, reference: reference)
    let policies = run(Algorithm(.slic, .init(tau: tau)), on: game, rate: 0.2, steps: 8000)
    let ratios = policies.flatMap { zip($0, reference).map { log($0 / $1) } }
    #expect(ratios.max()! - ratios.min()! < 1 / tau)  // in the box all the way
    #expect(zip(policies, policies.dropFirst()).count { $0[0] < 1 / 3 && $1[0] >= 1 / 3 } == 4)

    let turns = stride(from: 0, to: 8000, by: 2000).map { policies[$0..<$0 + 2000].map(distance) }
    for (turn, next) in zip(turns, turns.dropFirst()) {
      #expect(next.max()! >= turn.max()! && next.max()! < 1.05 * turn.max()!)
      #expect(next.min()! >= turn.min()! && next.min()! < 1.05 * turn.min()!)
    }
    let motion = [policies[0], policies[7999]].map(constantOfMotion)
    #expect(motion[1] > motion[0] && motion[1] < 1.05 * motion[0])

    let settled = run(Algorithm(.ipo, .init(tau: tau)), on: game, rate: Float(0.2 * tau), steps: 4000).last!
    #expect(totalVariation(settled, try game.regularizedNash(tau: tau).policy) < 1e-3)
  }

  /// τ = 0.05 and a rate of 0.1 are well inside what plain descent bears, and beyond what it bears with a memory of ten steps.
  /// Sampling from the mixture turns more slowly, by its weight, and so bears the memory too.
  @Test func momentumKeepsOnlineIPOFromSettling() throws {
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4)
    let momentum = OptimizerKind.stochasticGradientDescent(momentum: 0.9)
    let online = Algorithm(.ipo, .init(tau: 0.05))
    let plain = run(online, on: game, rate: 0.1, steps: 2500)
    #expect(distance(plain.last!) < 1e-5)

    let heavy = run(online, on: game, optimizer: momentum, rate: 0.1, steps: 5000)
    let late = heavy[2500...].map(distance)
    #expect(late.min()! > 0.1 && late.max()! < 0.5)

    let mixed = run(
      Algorithm(.ipoMD, .init(tau: 0.05, mixture: 0.25)), on: game, optimizer: momentum, rate: 0.1, steps: 5000)
    #expect(distance(mixed.last!) < 1e-3)
  }
}
