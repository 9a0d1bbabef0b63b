import Foundation

/// The Nash equilibrium of a regularised game.
public struct Equilibrium: Sendable, Equatable {
  /// π with π = BR_τ(π).
  public let policy: [Double]
  public let tau: Double
  /// max over actions of |π − BR_τ(π)|.
  public let residual: Double
  /// E_τ(π): rounding noise.
  public let exploitability: Double
  /// Newton steps, over all temperatures on the way to τ.
  public let iterations: Int
}

/// Where training against a mixture ends.
public struct MixtureEquilibrium: Sendable, Equatable {
  /// What is trained: the best response at τ to `mixture`.
  public let policy: [Double]
  /// policy^(1−m) μ^m / Z, which is the Nash equilibrium at temperature τ/(1 − m); the reference for m = 1.
  public let mixture: [Double]
}

extension PreferenceGame {
  /// The unique π with π ∝ μ exp(p(· ≻ π)/τ): where online IPO and self-play end (Calandriello et al. 2024, arXiv
  /// 2403.08635, proposition 4.1).
  ///
  /// Newton's method on θ − log μ − (P − ½) softmax(θ)/τ. The Jacobian I − (P − ½)(diag π − ππᵀ)/τ never is singular, since
  /// a skew matrix times a positive semidefinite one has imaginary eigenvalues; but far from the solution full steps
  /// overshoot, so τ is lowered from 1 by halves and steps are shortened until the residual falls.
  /// - Precondition: `tau` is positive and finite.
  /// - Throws: `.notSolved`, where τ is so small that 1/τ eats the precision of a Double.
  public func regularizedNash(tau: Double) throws(GameError) -> Equilibrium {
    precondition(tau > 0 && tau.isFinite)
    var search = NashSearch(self)
    var temperature = max(tau, 1)
    while true {
      try search.solve(tau: temperature)
      if temperature == tau { break }
      temperature = max(temperature / 2, tau)
    }
    let policy = softmax(search.logits)
    let residual = zip(policy, bestResponse(to: policy, tau: tau)).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return Equilibrium(
      policy: policy, tau: tau, residual: residual, exploitability: exploitability(of: policy, tau: tau),
      iterations: search.iterations)
  }

  /// Where IPO-MD and Nash-MD-PG end when the opponent is the policy mixed with μ (Calandriello et al. 2024, propositions
  /// 5.1 and 5.2). The trained policy overshoots the equilibrium; the mixture is one.
  /// - Parameters:
  ///   - tau: of the training; positive and finite.
  ///   - mixture: m, the weight of the reference, from 0 to 1.
  public func mixtureEquilibrium(tau: Double, mixture weight: Double) throws(GameError) -> MixtureEquilibrium {
    precondition((0...1).contains(weight))
    let mixture = weight == 1 ? reference : try regularizedNash(tau: tau / (1 - weight)).policy
    return MixtureEquilibrium(policy: bestResponse(to: mixture, tau: tau), mixture: mixture)
  }
}

/// Newton's method, warm from one temperature to the next.
private struct NashSearch {
  private let game: PreferenceGame
  private let logReference: [Double]
  private(set) var logits: [Double]
  private(set) var iterations = 0

  /// Steps at one temperature before giving up; a handful is usual.
  private static let patience = 200

  init(_ game: PreferenceGame) {
    self.game = game
    logReference = game.reference.map { log($0) }
    logits = logReference
  }

  mutating func solve(tau: Double) throws(GameError) {
    var residual = residual(at: logits, tau: tau)
    for _ in 0..<Self.patience {
      let scale = largest(logits) + 1 / tau  // of the terms that the residual is a difference of
      if largest(residual) <= 0x1p-51 * scale { return }
      guard let step = LinearSystem.solve(jacobian(tau: tau), residual),
        let next = shortened(step, from: residual, tau: tau)
      else {
        // Rounding may stop the descent just above the threshold.
        if largest(residual) <= 1e-12 * scale { return }
        throw .notSolved(tau: tau, residual: largest(residual))
      }
      (logits, residual) = next
      iterations += 1
    }
    throw .notSolved(tau: tau, residual: largest(residual))
  }

  /// Halves a Newton step until the residual falls (Armijo's condition on its square); nil if it never does.
  private func shortened(
    _ step: [Double], from residual: [Double], tau: Double
  ) -> (logits: [Double], residual: [Double])? {
    let start = squaredNorm(residual)
    var length = 1.0
    while length > 0x1p-30 {
      let logits = zip(logits, step).map { $0 - length * $1 }
      let residual = self.residual(at: logits, tau: tau)
      if squaredNorm(residual) <= (1 - 1e-4 * length) * start { return (logits, residual) }
      length /= 2
    }
    return nil
  }

  /// θ − log μ − (P − ½) softmax(θ)/τ.
  private func residual(at logits: [Double], tau: Double) -> [Double] {
    let rates = game.winRates(against: softmax(logits))
    return logits.indices.map { logits[$0] - logReference[$0] - (rates[$0] - 0.5) / tau }
  }

  /// I − (P − ½)(diag π − ππᵀ)/τ, row-major (n, n).
  private func jacobian(tau: Double) -> [Double] {
    let policy = softmax(logits)
    let rates = game.winRates(against: policy)
    var jacobian: [Double] = []
    jacobian.reserveCapacity(game.count * game.count)
    for row in 0..<game.count {
      for column in 0..<game.count {
        let slope = policy[column] * (game[row, column] - rates[row]) / tau  // the halves cancel
        jacobian.append((row == column ? 1 : 0) - slope)
      }
    }
    return jacobian
  }

  private func largest(_ x: [Double]) -> Double { x.reduce(0) { max($0, abs($1)) } }

  private func squaredNorm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 } }
}
