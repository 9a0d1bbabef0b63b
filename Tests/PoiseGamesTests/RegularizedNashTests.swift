import Foundation
import PoiseGames
import PoiseRandom
import Testing

@Suite struct RegularizedNashTests {
  @Test(arguments: [0.1, 0.3, 1]) func usualTemperaturesAreSolvedToTheLastDigits(tau: Double) throws {
    for game in try randomGames() {
      let equilibrium = try game.regularizedNash(tau: tau)
      #expect(equilibrium.residual < 1e-13)
      #expect(abs(equilibrium.exploitability) < 1e-14)
    }
  }

  @Test func threeHundredActionsAreSolvedAsExactly() throws {
    var generator = CounterGenerator(27)
    let game = try PreferenceGame.random(count: 300, reference: generator.policy(300), using: &generator)
    let equilibrium = try game.regularizedNash(tau: 0.05)
    #expect(equilibrium.residual < 1e-12)
    #expect(abs(equilibrium.exploitability) < 1e-12)
    #expect(game.exploitability(of: game.reference, tau: 0.05) > 1e-3)
  }

  @Test(arguments: [3, 5], [0.01, 0.001]) func smallTemperaturesConvergeOnCycles(size: Int, tau: Double) throws {
    var generator = CounterGenerator(13, UInt64(size))
    let game = try PreferenceGame.rockPaperScissors(size: size, strength: 0.5, reference: generator.policy(size))
    let equilibrium = try game.regularizedNash(tau: tau)
    #expect(equilibrium.residual < 1e-12)
    #expect(abs(equilibrium.exploitability) < 1e-12)
    #expect(game.rawExploitability(of: equilibrium.policy) < 2 * tau, "nearly the unregularised equilibrium")
    #expect(equilibrium.iterations < 100)
  }

  @Test func largeRandomGamesAndSmallTemperaturesConverge() throws {
    var generator = CounterGenerator(14)
    for count in [10, 40] {
      let game = try PreferenceGame.random(count: count, using: &generator)
      for tau in [0.001, 0.01, 0.1] {
        let equilibrium = try game.regularizedNash(tau: tau)
        #expect(equilibrium.residual < 1e-12)
        #expect(abs(equilibrium.exploitability) < 1e-12)
      }
    }
  }

  @Test func cyclesWithoutFavouriteStayUniform() throws {
    let game = try PreferenceGame.rockPaperScissors(size: 5, strength: 0.4)
    for tau in [0.01, 0.1, 1] {
      #expect(largestDifference(try game.regularizedNash(tau: tau).policy, game.reference) < 1e-15)
    }
  }

  @Test func twoActionsHaveAClosedForm() throws {
    let game = try PreferenceGame(preferences: [[0.5, 0.8], [0.2, 0.5]], reference: [0.3, 0.7])
    let odds = 0.3 / 0.7 * exp(0.3 / 0.25)
    let expected = [odds / (1 + odds), 1 / (1 + odds)]
    #expect(largestDifference(try game.regularizedNash(tau: 0.25).policy, expected) < 1e-15)
  }

  @Test func equilibriaBeatTheReferenceByMoreThanTheyPay() throws {
    for game in try randomGames() {
      let policy = try game.regularizedNash(tau: 0.1).policy
      let divergence = game.divergence(of: policy)
      #expect(divergence > 1e-4)
      #expect(game.preference(of: policy, over: game.reference) >= 0.5 + 0.1 * divergence - 1e-14)
    }
  }

  /// det(I − (P − ½)(diag π − ππᵀ)/τ) ≥ 1: a skew matrix times a positive semidefinite one has imaginary eigenvalues in pairs,
  /// and each pair ±iω contributes 1 + ω²/τ².
  @Test(arguments: [0.001, 0.1, 10]) func theJacobianOfTheEquilibriumIsNeverSingular(tau: Double) throws {
    for (index, game) in try randomGames().enumerated() {
      var generator = CounterGenerator(16, UInt64(index))
      let policy = generator.policy(game.count)
      let rates = game.winRates(against: policy)
      let jacobian = policy.indices.map { row in
        policy.indices.map { column -> Double in
          let slope = policy[column] * (game[row, column] - rates[row]) / tau
          return (row == column ? 1 : 0) - slope
        }
      }
      #expect(determinant(jacobian) > 1 - 1e-9)
    }
  }

  /// By elimination, taking the largest pivot of each column.
  private func determinant(_ matrix: [[Double]]) -> Double {
    var (rows, product) = (matrix, 1.0)
    for column in rows.indices {
      let pivot = rows.indices[column...].max { abs(rows[$0][column]) < abs(rows[$1][column]) }!
      if pivot != column {
        rows.swapAt(pivot, column)
        product = -product
      }
      product *= rows[column][column]
      for row in rows.indices[(column + 1)...] {
        let factor = rows[row][column] / rows[column][column]
        for other in column..<rows.count { rows[row][other] -= factor * rows[column][other] }
      }
    }
    return product
  }

  @Test func bestResponsesContractWhereTheTemperatureIsAboveOneHalf() throws {
    for (index, game) in try randomGames().enumerated() {
      var generator = CounterGenerator(17, UInt64(index))
      let policies = (generator.policy(game.count), generator.policy(game.count))
      let before = span(zip(policies.0, policies.1).map { log($0 / $1) })
      for tau in [0.1, 0.6] {
        let responses = (game.bestResponse(to: policies.0, tau: tau), game.bestResponse(to: policies.1, tau: tau))
        let after = span(zip(responses.0, responses.1).map { log($0 / $1) })
        #expect(after > 0 || game.count == 2, "two actions gain the same against every opponent")
        #expect(after <= before / (2 * tau))
      }
      var policy = policies.0
      for _ in 0..<300 { policy = game.bestResponse(to: policy, tau: 0.6) }  // 1.2⁻³⁰⁰ ≈ 2e-24
      #expect(largestDifference(policy, try game.regularizedNash(tau: 0.6).policy) < 1e-14)
    }
  }

  /// How far from uniform log π ← (1 − α) log π + α (log μ + P π/τ) is after some steps, relative to where it started.
  private func growth(strength: Double, tau: Double, damping: Double, steps: Int) throws -> Double {
    let game = try PreferenceGame.rockPaperScissors(strength: strength)
    let start: [Double] = [1e-7, -2e-7, 1e-7].map { 1 / 3 + $0 }
    var policy = start
    for _ in 0..<steps {
      let response = game.bestResponse(to: policy, tau: tau)
      let logits = zip(policy, response).map { (1 - damping) * log($0) + damping * log($1) }
      let weights = logits.map { exp($0) }
      let sum = weights.reduce(0, +)
      policy = weights.map { $0 / sum }
    }
    func distance(_ policy: [Double]) -> Double {
      let squares = policy.map { ($0 - 1 / 3) * ($0 - 1 / 3) }
      return squares.reduce(0, +).squareRoot()
    }
    return distance(policy) / distance(start)
  }

  /// Around the uniform policy of rock–paper–scissors, best responses turn by a right angle and stretch by a/(√3 τ).
  @Test func bestResponsesSpiralOutOfCyclesAtSmallTemperatures() throws {
    let critical = 0.4 / 3.0.squareRoot()
    for ratio in [0.95, 1.05] {
      let growth = try growth(strength: 0.4, tau: ratio * critical, damping: 1, steps: 100)
      #expect(abs(growth * pow(ratio, 100) - 1) < 0.01, "to first order in a distance that stays below 1e-4")
    }
  }

  /// Damped ones turn less: α below 2/(1 + ω²/τ²) settles, with ω = a/√3.
  @Test(arguments: [0.02, 0.1, 0.3]) func dampedDescentSettlesBelowACriticalStep(tau: Double) throws {
    let stretch = 0.4 / 3.0.squareRoot() / tau
    let critical = 2 / (1 + stretch * stretch)
    for damping in [0.9 * critical, 1.1 * critical] {
      let factor = ((1 - damping) * (1 - damping) + damping * damping * stretch * stretch).squareRoot()
      let steps = Int((4 / abs(log(factor))).rounded())
      let growth = try growth(strength: 0.4, tau: tau, damping: damping, steps: steps)
      #expect(abs(growth / pow(factor, Double(steps)) - 1) < 0.01)
      #expect((growth < 1) == (damping < critical))
    }
  }

  @Test func temperaturesThatAreAlmostNothingConverge() throws {
    for game in try randomGames() {
      let equilibrium = try game.regularizedNash(tau: 1e-8)
      // The logits of a best response are 1e8 times win rates, so that their last bits are 1e-8.
      #expect(equilibrium.residual < 1e-7)
      #expect(abs(equilibrium.exploitability) < 1e-14)
      #expect(game.rawExploitability(of: equilibrium.policy) < 1e-6)
    }
  }
}
