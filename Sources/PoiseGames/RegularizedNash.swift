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
  /// Newton steps over all temperatures on the way to τ, or steps of mirror descent.
  public let iterations: Int
}

/// Where training against a mixture ends.
public struct MixtureEquilibrium: Sendable, Equatable {
  /// What is trained: the best response at τ to `mixture`.
  public let policy: [Double]
  /// policy^(1−m) μ^m / Z, which is the Nash equilibrium at temperature τ/(1 − m); the reference for m = 1.
  public let mixture: [Double]
  /// Newton steps that `mixture` took.
  public let iterations: Int
}

extension PreferenceGame {
  /// The unique π with π ∝ μ exp(p(· ≻ π)/τ): where online IPO and self-play end (Calandriello et al. 2024, arXiv
  /// 2403.08635, proposition 4.1).
  /// - Precondition: `tau` is positive and finite.
  /// - Throws: `.notSolved`, where τ is so small that 1/τ eats the precision of a Double.
  public func regularizedNash(tau: Double) throws(GameError) -> Equilibrium {
    var search = EqualizerSearch(LinearLink.self, in: self, margins: winRates(against: reference))
    try search.descend(to: tau)
    return equilibrium(search.policy, tau: tau, iterations: search.iterations)
  }

  /// A policy found at a temperature, with how far it is from where it should be.
  func equilibrium(_ policy: [Double], tau: Double, iterations: Int) -> Equilibrium {
    let residual = zip(policy, bestResponse(to: policy, tau: tau)).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return Equilibrium(
      policy: policy, tau: tau, residual: residual, exploitability: exploitability(of: policy, tau: tau),
      iterations: iterations)
  }

  /// Where IPO-MD and Nash-MD-PG end when the opponent is the policy mixed with μ (Calandriello et al. 2024, propositions
  /// 5.1 and 5.2). The trained policy overshoots the equilibrium; the mixture is one.
  /// - Parameters:
  ///   - tau: of the training; positive and finite.
  ///   - weight: m, the weight of the reference, from 0 to 1.
  public func mixtureEquilibrium(tau: Double, mixture weight: Double) throws(GameError) -> MixtureEquilibrium {
    precondition((0...1).contains(weight))
    guard weight < 1 else {
      return MixtureEquilibrium(policy: bestResponse(to: reference, tau: tau), mixture: reference, iterations: 0)
    }
    let nash = try regularizedNash(tau: tau / (1 - weight))
    return MixtureEquilibrium(
      policy: bestResponse(to: nash.policy, tau: tau), mixture: nash.policy, iterations: nash.iterations)
  }
}
