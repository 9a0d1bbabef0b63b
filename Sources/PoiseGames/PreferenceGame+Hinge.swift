import Foundation

/// Online SLiC with the normalised hinge loss (Zhao et al. 2023, arXiv 2305.10425; Liu et al. 2023, arXiv 2309.06657), which
/// has no resting point that a formula gives when there are more than two actions.
extension PreferenceGame {
  /// Where it ends when there are two actions: h = sign(p − ½)/τ, as far for a narrow preference as for a wide one. Without
  /// any preference it stays at the reference, although it might rest elsewhere in the box.
  /// - Precondition: the game has two actions; `tau` is positive.
  public func onlineSLiCOfTwoActions(tau: Double) -> [Double] {
    precondition(count == 2 && tau > 0)
    let preference = self[0, 1]
    let margin = preference > 0.5 ? 1 / tau : preference < 0.5 ? -1 / tau : 0
    return softmax([log(reference[0]) + margin, log(reference[1])])
  }

  /// Whether |τ h| < 1 for every pair of actions. There the hinge loss regularises nothing and its expected gradient is that
  /// of self-play without a reference, so that an unregularised equilibrium of full support in the box is circled, neither
  /// approached nor left.
  /// - Precondition: `tau` is positive.
  public func isInsideHingeBox(_ policy: [Double], tau: Double) -> Bool {
    precondition(policy.count == count && tau > 0)
    let logRatios = zip(policy, reference).map { log($0 / $1) }
    return tau * (logRatios.max()! - logRatios.min()!) < 1
  }
}
