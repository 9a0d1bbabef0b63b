/// Nash-MD-PG (Munos et al. 2023, arXiv 2312.00886): policy gradient on the preference over an opponent. The first
/// response is the policy's, the second the opponent's, drawn from the geometric mixture of the policy and the reference;
/// only the first learns. Its surrogate is
///
///     −w log π(y),  w = p − ½ − τ l(y),
///
/// where l(y) = log π(y)/π_ref(y), ½ is the baseline (what a response wins against itself), and the weight is frozen: the
/// coefficients are −w and 0.
public struct NashMirrorDescent: PairObjective, Equatable {
  /// τ > 0: the strength of regularisation towards the reference, in units of win rate a nat.
  public var tau: Double

  public init(tau: Double) {
    precondition(tau > 0)
    self.tau = tau
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    let weight = pair.preference - 0.5 - tau * pair.first.logRatio
    return PairLoss(
      loss: -weight * pair.first.logProbability, coefficients: (-weight, 0), margin: pair.margin,
      logRatioCoefficients: (tau, 0))
  }
}
