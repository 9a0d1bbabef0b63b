import Foundation
import PoiseGames
import PoiseModel
import PoiseObjectives
import PoiseRandom
import Testing

@testable import Poise

/// Every algorithm, trained by the engine on all pairs at once until its gradient is noise, ends where theory says.
@Suite struct ConvergenceTests {
  /// A game that is trained on, the source of its recorded pairs, and rewards that need not agree with it.
  struct Contest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let game: PreferenceGame
    let data: [Double]
    let rewards: [Double]
  }

  /// Whether pairs are sampled or recorded.
  enum Source: Sendable { case online, offline }

  /// What is to be reached, by formulas that know nothing of gradients.
  struct Destination: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let algorithm: Algorithm
    var source = Source.online
    let policy: @Sendable (Contest) throws -> [Double]
  }

  static let scores = [1.2, 0.3, -0.4, -0.9]

  static let contests: [Contest] = {
    var generator = CounterGenerator(4)
    let random = try! PreferenceGame.random(count: 5, reference: [0.3, 0.1, 0.2, 0.15, 0.25], using: &generator)
    return [
      Contest(
        testDescription: "Bradley–Terry", game: try! .bradleyTerry(scores: scores, reference: [0.1, 0.2, 0.4, 0.3]),
        data: [0.4, 0.1, 0.2, 0.3], rewards: scores),
      Contest(
        testDescription: "rock, paper, scissors",
        game: try! .rockPaperScissors(strength: 0.4, reference: [0.6, 0.3, 0.1]), data: [0.2, 0.5, 0.3],
        rewards: [0.2, 1, -0.5]),
      Contest(
        testDescription: "a random cycle of five", game: random, data: [0.1, 0.3, 0.2, 0.3, 0.1],
        rewards: [0.5, -1, 0, 0.3, -0.2]),
    ]
  }()

  static let tau = 0.25

  static let destinations: [Destination] =
    [
      Destination(testDescription: "online IPO", algorithm: Algorithm(.ipo, .init(tau: tau))) {
        try $0.game.regularizedNash(tau: tau).policy
      },
      Destination(testDescription: "self-play", algorithm: Algorithm(.selfPlay, .init(tau: tau))) {
        try $0.game.regularizedNash(tau: tau).policy
      },
      Destination(testDescription: "best response", algorithm: Algorithm(.bestResponse, .init(tau: tau))) {
        $0.game.bestResponse(to: $0.game.reference, tau: tau)
      },
      Destination(testDescription: "offline IPO", algorithm: Algorithm(.ipo, .init(tau: tau)), source: .offline) {
        $0.game.bestResponse(to: $0.data, tau: tau)
      },
      Destination(testDescription: "RL", algorithm: Algorithm(.reinforce, .init(tau: 0.8))) {
        $0.tilted(by: $0.rewards, tau: 0.8)
      },
    ]
    + [0.125, 0.5, 1].flatMap { mixture in
      [Algorithm.Name.ipoMD, .nashMD].map { name in
        Destination(
          testDescription: "\(name) with mixture \(mixture)", algorithm: Algorithm(name, .init(tau: tau, mixture: mixture))
        ) { try $0.game.mixtureEquilibrium(tau: tau, mixture: mixture).policy }
      }
    }

  private func trainer(_ contest: Contest, _ algorithm: Algorithm, _ source: Source = .online) -> EnumeratedTrainer {
    switch source {
    case .online: EnumeratedTrainer(EnumeratedPairs(contest.game, algorithm, rewards: contest.rewards))
    case .offline: EnumeratedTrainer(EnumeratedPairs(contest.game, algorithm) { _ in (contest.data, contest.data) })
    }
  }

  private func trained(
    _ contest: Contest, _ algorithm: Algorithm, _ source: Source = .online, rate: Float = 1
  ) -> [Double] {
    let trainer = trainer(contest, algorithm, source)
    #expect(trainer.settle(rate: rate, patience: 4000))
    return trainer.distribution
  }

  @Test func theRandomGameIsCyclic() { #expect(Self.contests.map(\.game.isCyclic) == [false, true, true]) }

  @Test(arguments: contests, destinations)
  func everyAlgorithmReachesItsOwnFixedPoint(_ contest: Contest, _ destination: Destination) throws {
    let found = trained(contest, destination.algorithm, destination.source)
    let expected = try destination.policy(contest)
    #expect(totalVariation(found, expected) < 1e-4)
    #expect(totalVariation(contest.game.reference, expected) > 0.05)
  }

  /// So that reaching one is not reaching another.
  @Test(arguments: contests[1...]) func onCyclesTheFixedPointsLieApart(_ contest: Contest) throws {
    let (game, tau) = (contest.game, Self.tau)
    let points = [
      try game.regularizedNash(tau: tau).policy, try game.mixtureEquilibrium(tau: tau, mixture: 0.5).policy,
      game.bestResponse(to: game.reference, tau: tau), game.bestResponse(to: contest.data, tau: tau),
    ]
    for (index, point) in points.enumerated() {
      for other in points[..<index] { #expect(totalVariation(point, other) > 0.005) }
    }
  }

  /// Rock, paper, scissors at τ = 0.1 with a skewed reference, to the four digits of a solution that was computed apart. DPO at
  /// 4τ regularises small margins as IPO at τ.
  @Test(
    arguments: [
      (Algorithm(.ipo, .init(tau: 0.1)), [0.4607, 0.2127, 0.3267]),
      (Algorithm(.selfPlay, .init(tau: 0.1)), [0.4607, 0.2127, 0.3267]),
      (Algorithm(.ipoMD, .init(tau: 0.1, mixture: 0.125)), [0.4518, 0.1856, 0.3626]),
      (Algorithm(.nashMD, .init(tau: 0.1, mixture: 0.5)), [0.4334, 0.0792, 0.4874]),
      (Algorithm(.ipoMD, .init(tau: 0.1, mixture: 1)), [0.7818, 0.0238, 0.1944]),
      (Algorithm(.dpo, .init(tau: 0.1)), [0.3592, 0.2970, 0.3438]),
      (Algorithm(.dpo, .init(tau: 0.4)), [0.4566, 0.2149, 0.3284]),
    ])
  func onASkewedCycleEveryAlgorithmHasAnAnswerOfItsOwn(_ algorithm: Algorithm, _ printed: [Double]) {
    // A step of DPO is 2τ times that of self-play.
    let rate: Float = algorithm.name == .dpo ? Float(0.5 / algorithm.tau) : 1
    let found = trained(Self.contests[1], algorithm, rate: rate)
    #expect(largestDifference(found, printed) < 1e-4, "\(found)")
  }

  /// Win rates of two actions differ by the same against everybody.
  @Test(arguments: [Algorithm.Name.ipoMD, .nashMD]) func ofTwoActionsTheMixtureDoesNotMatter(_ name: Algorithm.Name) throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.8], [0.2, 0.5]], reference: [0.3, 0.7])
    let contest = Contest(testDescription: "two actions", game: game, data: game.reference, rewards: [0, 0])
    for mixture in [0, 0.5, 1] {
      let found = trained(contest, Algorithm(name, .init(tau: Self.tau, mixture: mixture)))
      #expect(totalVariation(found, contest.tilted(by: [0.8, 0.5], tau: Self.tau)) < 1e-4)
    }
  }

  /// Who wins against the policy wins as often as the policy's own Bradley–Terry model says: p(y ≻ π) = Σ π(y′) σ(τh).
  @Test(arguments: contests, [Source.online, .offline])
  func wherePoliciesRestUnderDPOTheirLogOddsExplainTheWinRates(_ contest: Contest, _ source: Source) {
    let tau = 1.0
    let policy = trained(contest, Algorithm(.dpo, .init(tau: tau)), source)
    let opponent = source == .online ? policy : contest.data
    let ratios = zip(policy, contest.game.reference).map { log($0 / $1) }
    for (y, rate) in contest.game.winRates(against: opponent).enumerated() {
      let explained = opponent.indices.reduce(0) { $0 + opponent[$1] / (1 + exp(tau * (ratios[$1] - ratios[y]))) }
      #expect(abs(explained - rate) < 1e-5)
    }
    #expect(totalVariation(contest.game.reference, policy) > 0.05)
  }

  /// Where scores explain all preferences, DPO finds them, whichever pairs it sees, and ends with the policy that RL on the
  /// scores ends with. IPO does not.
  @Test(arguments: [Source.online, .offline]) func onBradleyTerryGamesDPOIsRL(_ source: Source) {
    let contest = Self.contests[0]
    let expected = contest.tilted(by: Self.scores, tau: 0.8)
    let found = trained(contest, Algorithm(.dpo, .init(tau: 0.8)), source)
    #expect(totalVariation(found, expected) < 1e-4)
    #expect(totalVariation(trained(contest, Algorithm(.ipo, .init(tau: 0.8)), source), expected) > 0.05)
  }

  /// Of two actions only the better one counts, not by how much: h = sign(p − ½)/τ. A hinge pulls with all its force up to its
  /// kink, so the policy rests within one step of it: rate · 4π(y)π(y′)|c| of h, which is at most rate · τ.
  @Test(arguments: [0.51, 0.7, 0.99]) func ofTwoActionsSLiCSeesOnlyWhichIsBetter(_ preference: Double) throws {
    let (tau, rate) = (0.5, 0.1)
    let game = try PreferenceGame(preferences: [[0.5, preference], [1 - preference, 0.5]], reference: [0.3, 0.7])
    let trainer = EnumeratedTrainer(EnumeratedPairs(game, Algorithm(.slic, .init(tau: tau))))
    for _ in 0..<4000 { trainer.step(rate: Float(rate)) }
    let margin = trainer.outcomes[0].statistics().logRatio - trainer.outcomes[1].statistics().logRatio
    #expect(abs(margin - 1 / tau) < rate * tau)
  }

  /// Told majorities only, IPO plays the game of majorities.
  @Test(arguments: contests) func majoritiesAreAGameOfTheirOwn(_ contest: Contest) throws {
    var settings = Algorithm.Settings(tau: 0.5)
    settings.labels = .argmax
    let found = trained(contest, Algorithm(.ipo, settings))
    let game = contest.game
    let majorities = (0..<game.count).map { row in
      (0..<game.count).map { game[row, $0] > 0.5 ? 1 : game[row, $0] < 0.5 ? 0 : 0.5 }
    }
    let tournament = try PreferenceGame(preferences: majorities, reference: game.reference)
    #expect(totalVariation(found, try tournament.regularizedNash(tau: 0.5).policy) < 1e-4)
    #expect(totalVariation(found, try game.regularizedNash(tau: 0.5).policy) > 0.01)
  }
}

extension ConvergenceTests.Contest {
  /// μ exp(r/τ)
  func tilted(by rewards: [Double], tau: Double) -> [Double] {
    let weights = zip(game.reference, rewards).map { $0 * exp($1 / tau) }
    return weights.map { $0 / weights.reduce(0, +) }
  }
}
