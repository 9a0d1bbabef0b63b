import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct OnlineDPOTests {
  private let temperatures = [0.02, 0.1, 0.5, 3]

  private func forEveryGame(_ body: (PreferenceGame, _ tau: Double, OnlineDPOEquilibrium) throws -> Void) throws {
    for game in try randomGames() {
      for tau in temperatures { try body(game, tau, game.onlineDPOEquilibrium(tau: tau)) }
    }
  }

  @Test func winRatesAreWhatTheMarginsPredict() throws {
    try forEveryGame { game, tau, end in
      #expect(game.logisticShortfalls(of: end.policy, tau: tau).allSatisfy { abs($0) < 1e-14 })
      #expect(end.residual < 1e-14)
      #expect(end.iterations < 200)
      #expect(end.tau == tau)
      #expect(abs(end.policy.reduce(0, +) - 1) < 1e-14)
    }
  }

  @Test func fittingARewardOnTheOwnPairsAndSolvingForItChangesNothing() throws {
    try forEveryGame { game, tau, end in
      let fit = try game.bradleyTerryFit(pairsFrom: end.policy)
      let margins = game.logRatios(of: end.policy).map { tau * $0 }
      #expect(span(zip(fit.scores, margins).map { $0 - $1 }) < 1e-11)
      #expect(largestDifference(try game.optimalPolicy(rewardFittedOn: end.policy, tau: tau), end.policy) < 1e-10)
    }
  }

  /// The natural-gradient flow in small steps, from anywhere: a slow road to the same place that shares no code with the
  /// solver. On the way the divergence from the end falls; that it does whatever the policy is why there is one end.
  @Test func everyStartOfTheFlowLeadsToTheOnePoint() throws {
    for (index, game) in try randomGames().enumerated() {
      let end = try game.onlineDPOEquilibrium(tau: 1).policy
      var generator = CounterGenerator(27, UInt64(index))
      for _ in 0..<2 {
        var logits = game.reference.map { log($0) + 2 * generator.normal() }
        var policy = logits
        for _ in 0..<2000 {
          let sum = logits.reduce(0) { $0 + exp($1) }
          policy = logits.map { exp($0) / sum }
          let shortfalls = game.logisticShortfalls(of: policy, tau: 1)
          if shortfalls.allSatisfy({ abs($0) < 1e-13 }) { break }
          logits = zip(logits, shortfalls).map { $0 + $1 }
        }
        #expect(largestDifference(policy, end) < 1e-11)
      }
    }
  }

  /// d/dt KL(π* | π) along that flow is minus a sum over pairs of products whose factors agree in sign.
  @Test func theFlowNeverLeavesThePoint() throws {
    try forEveryGame { game, tau, end in
      var generator = CounterGenerator(28)
      let policy = generator.policy(game.count)
      let flow = game.logisticShortfalls(of: policy, tau: tau)
      let rate = zip(flow, zip(policy, end.policy)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
      func sigmoids(_ policy: [Double]) -> (Int, Int) -> Double {
        let ratios = game.logRatios(of: policy)
        return { 1 / (1 + exp(tau * (ratios[$1] - ratios[$0]))) }
      }
      let (there, here) = (sigmoids(end.policy), sigmoids(policy))
      var sum = 0.0
      for row in 0..<game.count {
        for column in 0..<row {
          let odds = end.policy[row] * policy[column] - end.policy[column] * policy[row]
          let term = odds * (there(row, column) - here(row, column))
          #expect(term >= 0)
          sum += term
        }
      }
      #expect(abs(rate + sum) < 1e-14)
      #expect(rate < -1e-6)
    }
  }

  @Test func twoActionsHaveAClosedForm() throws {
    for game in try randomGames() where game.count == 2 {
      let margin = log(game[0, 1] / game[1, 0])
      for tau in temperatures {
        let end = try game.onlineDPOEquilibrium(tau: tau)
        #expect(largestDifference(end.policy, game.optimalPolicy(rewards: [margin, 0], tau: tau)) < 1e-12)
      }
    }
  }

  /// Calandriello et al. 2024, theorem F.7: where scores explain the preferences, DPO online and offline and RL agree, whatever
  /// pairs they see.
  @Test func rewardsThatExplainPreferencesAreAllTheSame() throws {
    for seed in 0..<6 {
      var generator = CounterGenerator(29, UInt64(seed))
      let scores = (0..<5).map { _ in generator.normal() }
      let game = try PreferenceGame.bradleyTerry(scores: scores, reference: generator.policy(5))
      for tau in temperatures {
        let expected = game.optimalPolicy(rewards: scores, tau: tau)
        #expect(largestDifference(try game.onlineDPOEquilibrium(tau: tau).policy, expected) < 1e-11)
        for pairs in [game.reference, generator.policy(5)] {
          #expect(largestDifference(try game.optimalPolicy(rewardFittedOn: pairs, tau: tau), expected) < 1e-11)
        }
      }
    }
  }

  @Test func otherwiseTheyDiffer() throws {
    for game in try randomGames() where game.count > 2 {
      let online = try game.onlineDPOEquilibrium(tau: 0.5).policy
      #expect(largestDifference(online, try game.optimalPolicy(rewardFittedOn: game.reference, tau: 0.5)) > 1e-4)
    }
  }

  /// Calandriello et al. 2024, lemma F.5: online DPO rests at the equilibrium exactly where the sigmoid of win-rate differences
  /// predicts win rates; theorem F.6: with two actions only where neither is preferred; remark F.8: in cycles too.
  @Test func onlineDPORestsAtTheNashEquilibriumOnlyWhereSigmoidsPredictWinRates() throws {
    func gap(_ game: PreferenceGame, tau: Double) throws -> (lemma: Double, distance: Double) {
      let nash = try game.regularizedNash(tau: tau).policy
      let rates = game.winRates(against: nash)
      let lemma = rates.map { rate in
        zip(nash, rates).reduce(rate) { $0 - $1.0 / (1 + exp($1.1 - rate)) }
      }
      #expect(largestDifference(lemma, game.logisticShortfalls(of: nash, tau: tau)) < 1e-13)
      return (lemma.reduce(0) { max($0, abs($1)) }, largestDifference(nash, try game.onlineDPOEquilibrium(tau: tau).policy))
    }
    for game in try randomGames() {
      let gap = try gap(game, tau: 0.1)
      #expect(gap.lemma > 1e-3)
      #expect(gap.distance > 1e-3)
    }
    let fair = try PreferenceGame(preferences: [[0.5, 0.5], [0.5, 0.5]], reference: [0.3, 0.7])
    for game in [fair, try PreferenceGame.rockPaperScissors(strength: 0.4)] {
      let gap = try gap(game, tau: 0.1)
      #expect(gap.lemma < 1e-15)
      #expect(gap.distance < 1e-14)
    }
  }

  /// σ(u) ≈ ½ + u/4, wrong by a third power: where preferences are narrow, DPO at 4τ is IPO at τ.
  @Test func onlineDPOAtFourTimesTheTemperatureIsOnlineIPOWherePreferencesAreNarrow() throws {
    func distance(_ game: PreferenceGame, narrowed scale: Double) throws -> Double {
      let preferences = (0..<game.count).map { row in
        (0..<game.count).map { 0.5 + scale * (game[row, $0] - 0.5) }
      }
      let narrow = try PreferenceGame(preferences: preferences, reference: game.reference)
      let dpo = try narrow.onlineDPOEquilibrium(tau: 4 * 0.2 * scale).policy
      return largestDifference(dpo, try narrow.regularizedNash(tau: 0.2 * scale).policy)
    }
    for game in try randomGames() {
      let distances = (try distance(game, narrowed: 0.2), try distance(game, narrowed: 0.1))
      #expect(distances.0 > 1e-6)
      #expect(distances.0 < 0.01)
      #expect(abs(distances.0 / distances.1 - 4) < 0.2, "temperatures shrink with the preferences: relatively a square")
    }
  }

  @Test func smallTemperaturesConvergeToTheUnregularisedEquilibriumOfCycles() throws {
    for strength in [0.1, 0.4, 0.5] {
      let game = try PreferenceGame.rockPaperScissors(size: 5, strength: strength, reference: [0.5, 0.2, 0.1, 0.15, 0.05])
      let end = try game.onlineDPOEquilibrium(tau: 1e-8)
      #expect(end.residual < 1e-14)
      #expect(largestDifference(end.policy, [0.2, 0.2, 0.2, 0.2, 0.2]) < 1e-6)
    }
  }

  @Test func largeGamesConverge() throws {
    var generator = CounterGenerator(30)
    let game = try PreferenceGame.random(count: 30, reference: generator.policy(30), using: &generator)
    for tau in [0.01, 1] {
      let end = try game.onlineDPOEquilibrium(tau: tau)
      #expect(game.logisticShortfalls(of: end.policy, tau: tau).allSatisfy { abs($0) < 1e-13 })
    }
  }

  @Test func aloneAnActionIsThePolicy() throws {
    let game = try PreferenceGame(preferences: [[0.5]])
    #expect(try game.onlineDPOEquilibrium(tau: 0.1).policy == [1])
    #expect(try game.regularizedNash(tau: 0.1).policy == [1])
  }

  @Test func withActionsThatNeverLoseThereIsNoRest() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.7, 1], [0.3, 0.5, 1], [0, 0, 0.5]])
    #expect(throws: GameError.unboundedScores(winners: [0, 1])) { try game.onlineDPOEquilibrium(tau: 0.1) }
    // Every policy raises them further: even the likeliest odds leave something to want.
    for odds in [1.0, 10, 20] {
      let shortfalls = game.logisticShortfalls(of: game.optimalPolicy(rewards: [odds, odds, 0], tau: 1), tau: 1)
      #expect(shortfalls[2] < 0)
    }
  }

  /// 1, 2 and 4 beat each other in a circle and each beats 3, whose one victim, 0, they have all but given up: the margin of 3 is
  /// the logarithm of the probability of 0, which goes beyond a Double's range.
  @Test func whatDoublesCannotHoldIsRefusedOrVanishes() throws {
    let preferences = [[0.5, 0, 0, 0, 1], [1, 0.5, 0, 1, 1], [1, 1, 0.5, 1, 0], [1, 0, 0, 0.5, 0], [0, 0, 1, 1, 0.5]]
    for reference in [[0.2, 0.2, 0.2, 0.2, 0.2], [0.001, 0.5, 0.3, 0.1, 0.099]] {
      let game = try PreferenceGame(preferences: preferences, reference: reference)
      let end = try game.onlineDPOEquilibrium(tau: 0.05).policy
      #expect(game.logisticShortfalls(of: end, tau: 0.05).allSatisfy { abs($0) < 1e-14 })
      #expect(abs(0.05 * log(end[3] / end[1]) / log(end[0]) - 1) < 0.1)
      for tau in [1e-3, 5e-4, 1e-4, 1e-5] {
        switch Result(catching: { () throws(GameError) in try game.onlineDPOEquilibrium(tau: tau) }) {
        case .success(let end): #expect(largestDifference(end.policy, [0, 1.0 / 3, 1.0 / 3, 0, 1.0 / 3]) < 2 * tau)
        case .failure(let error):
          guard case .notSolved(tau, let residual) = error else { throw error }
          #expect(residual > 1e-12)
        }
      }
    }
  }
}
