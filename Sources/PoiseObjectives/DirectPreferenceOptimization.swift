/// DPO (Rafailov et al. 2023, arXiv 2305.18290, equation 7), with a soft label p: the log-ratio margin is the logit of a
/// Bradley–Terry model of the preference. With u = τh, where the paper writes β for τ,
///
///     −p log σ(u) − (1 − p) log σ(−u)
///
/// Its coefficients −τ(p − σ(u)) are equal and opposite, affine in p, at most τ, and vanish at h = logit(p)/τ: nowhere, where
/// the annotator is certain.
public struct DirectPreferenceOptimization: PairObjective, Equatable {
  /// τ > 0: the strength of regularisation towards the reference, on the scale of log-odds: small margins are regularised as by
  /// IPO with τ/4.
  public var tau: Double

  public init(tau: Double) {
    precondition(tau > 0)
    self.tau = tau
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    let h = pair.margin
    let likelihood = LogisticLoss().evaluate(tau * h, label: pair.preference)
    let coefficient = tau * likelihood.coefficient
    return PairLoss(loss: likelihood.loss, coefficients: (coefficient, -coefficient), margin: h)
  }
}
