/// The hinge on the log-ratio margin (Liu et al. 2023, arXiv 2309.06657, "hinge-norm"), with a soft label p; the SLiC of
/// Calandriello et al. 2024, arXiv 2403.08635. With u = τh, where the first paper writes γ for τ,
///
///     p max(0, 1 − u) + (1 − p) max(0, 1 + u)
///
/// Its coefficients −τ(p [u < 1] − (1 − p) [u > −1]) are equal and opposite, affine in p, and constant between the kinks. On a
/// kink the subgradient is that of the flat side: the inequalities are strict, so the hinge of y is silent at u = 1 and that of
/// y′ at u = −1. The minimum lies on the kink sign(p − ½)/τ, however weak the preference; at p = ½ all of |u| ≤ 1 is minimal.
public struct HingeNorm: PairObjective, Equatable {
  /// τ > 0: inside |h| < 1/τ nothing pulls towards the reference. It is the size of a box, not a weight.
  public var tau: Double

  public init(tau: Double) {
    precondition(tau > 0)
    self.tau = tau
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    let h = pair.margin
    let hinge = Hinge(gap: tau * h, width: 1, preference: pair.preference)
    return PairLoss(loss: hinge.loss, coefficients: (tau * hinge.slope, -tau * hinge.slope), margin: h)
  }
}
