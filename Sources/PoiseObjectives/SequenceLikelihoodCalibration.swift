/// SLiC-HF (Zhao et al. 2023, arXiv 2305.10425) as it was first published: a hinge on log-probabilities themselves,
/// without a reference model, and a term that keeps the policy able to say what it should say,
///
///     max(0, δ − log π(y₊) + log π(y₋)) − λ log π(y_ref)
///
/// The soft label p weighs both directions. Preference data hold no other target than the preferred response, so that is y_ref,
/// and the second term is −λ(p log π(y) + (1 − p) log π(y′)). With m = log π(y) − log π(y′) the coefficients are
///
///     c  = −(p [m < δ] − (1 − p) [m > −δ]) − λp
///     c′ = +(p [m < δ] − (1 − p) [m > −δ]) − λ(1 − p)
///
/// and sum to −λ: unlike the other contrastive losses they are equal and opposite only at λ = 0. On a kink the subgradient is
/// that of the flat side, as in ``HingeNorm``.
public struct SequenceLikelihoodCalibration: PairObjective, Equatable {
  /// δ ≥ 0, in nats: how far log π of the preferred response should be ahead.
  public var margin: Double
  /// λ ≥ 0: the weight of the preferred response's log π.
  public var regularization: Double

  public init(margin: Double = 1, regularization: Double) {
    precondition(margin >= 0 && regularization >= 0)
    self.margin = margin
    self.regularization = regularization
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    let (first, second, p) = (pair.first.logProbability, pair.second.logProbability, pair.preference)
    let hinge = Hinge(gap: first - second, width: margin, preference: p)
    return PairLoss(
      loss: hinge.loss - regularization * (p * first + (1 - p) * second),
      coefficients: (hinge.slope - regularization * p, -hinge.slope - regularization * (1 - p)), margin: pair.margin)
  }
}
