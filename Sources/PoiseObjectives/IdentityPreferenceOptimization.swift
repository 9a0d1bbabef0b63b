/// IPO (Azar et al. 2023, arXiv 2310.12036; online: Calandriello et al. 2024, arXiv 2403.08635, equations 10 and 11), with a
/// soft label p: the log-ratio margin h is regressed on (2p − 1)/(2τ), whatever its sign.
///
/// Its coefficients are equal and opposite, affine in p, and vanish at h = (p − ½)/τ.
public struct IdentityPreferenceOptimization: PairObjective, Equatable {
  /// The two forms in print. Their gradients differ by exactly the factor τ, which scale-free optimisers do not see, but plain
  /// gradient descent and gradient clipping do.
  public enum Form: String, Sendable, CaseIterable {
    /// (h − (2p − 1)/(2τ))²
    case squared
    /// τh² − (2p − 1)(log π(y) − log π(y′)): τ times the square, up to a constant.
    case code
  }

  /// τ > 0: the strength of regularisation towards the reference.
  public var tau: Double
  public var form: Form

  public init(tau: Double, form: Form = .code) {
    precondition(tau > 0)
    self.tau = tau
    self.form = form
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    let h = pair.margin
    let label = 2 * pair.preference - 1
    switch form {
    case .squared:
      let residual = h - label / (2 * tau)
      return PairLoss(loss: residual * residual, coefficients: (2 * residual, -2 * residual), margin: h)
    case .code:
      let policyMargin = pair.first.logProbability - pair.second.logProbability
      let coefficient = 2 * tau * h - label
      return PairLoss(loss: tau * h * h - label * policyMargin, coefficients: (coefficient, -coefficient), margin: h)
    }
  }
}
