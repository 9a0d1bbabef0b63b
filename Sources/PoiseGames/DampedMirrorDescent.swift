import Foundation

extension PreferenceGame {
  /// The regularised Nash equilibrium by mirror descent that is drawn to the reference: log π ← (1 − α) log π +
  /// α (log μ + p(· ≻ π)/τ), normalised. With α = τ²/(τ² + L²) and L = max |p − ½| it converges for every game (magnetic mirror
  /// descent with a constant step; Sokota et al. 2023, arXiv 2206.05825), in about 30 (1 + L²/τ²) steps.
  ///
  /// A slow road that shares nothing with `regularizedNash` but the win rates, and so a check on it. It holds for the last
  /// policy, not only for an average, and never solves a linear system.
  /// - Parameters:
  ///   - tau: τ.
  ///   - tolerance: stops where a full step (α = 1) would move no probability by more, to first order.
  ///   - patience: steps before giving up.
  /// - Precondition: `tau` is positive and finite.
  /// - Throws: `.notSolved` when patience ends.
  public func dampedMirrorDescent(
    tau: Double, tolerance: Double = 1e-13, patience: Int = 1_000_000
  ) throws(GameError) -> Equilibrium {
    precondition(tau > 0 && tau.isFinite)
    let strength = preferences.reduce(0) { max($0, abs($1 - 0.5)) }
    let damping = tau * tau / (tau * tau + strength * strength)
    let logReference = reference.map { log($0) }
    var logits = logReference
    var policy = reference
    var largestMove = Double.infinity
    for iteration in 0..<patience {
      let rates = winRates(against: policy)
      var pulls = logits
      var meanPull = 0.0
      for action in pulls.indices {
        pulls[action] = logReference[action] + rates[action] / tau - logits[action]
        meanPull += policy[action] * pulls[action]
      }
      largestMove = 0
      for action in pulls.indices {
        largestMove = max(largestMove, policy[action] * abs(pulls[action] - meanPull))
        logits[action] += damping * (pulls[action] - meanPull)
      }
      if largestMove <= tolerance { return equilibrium(policy, tau: tau, iterations: iteration) }
      policy = softmax(logits)
    }
    throw .notSolved(tau: tau, residual: largestMove)
  }
}
