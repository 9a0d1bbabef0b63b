/// Policy gradient on a reward, regularised towards the reference: the RL of Calandriello et al. 2024, arXiv 2403.08635, and the
/// RLHF of Munos et al. 2023, arXiv 2312.00886. Both responses are independent samples of the policy, each with a surrogate of
/// its own,
///
///     −w log π(y) − w′ log π(y′),  w = A(y) − τ l(y),
///
/// where A is the advantage, l(y) = log π(y)/π_ref(y), and the weights are frozen: the coefficients are −w and −w′. On average
/// that is twice the gradient of E r − τ KL(π ‖ π_ref), downhill. The preference is not looked at.
public struct RegularizedPolicyGradient: PairObjective, Equatable {
  /// τ > 0: the strength of regularisation towards the reference, in units of reward a nat.
  public var tau: Double

  public init(tau: Double) {
    precondition(tau > 0)
    self.tau = tau
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    let (first, second) = (weight(pair.first), weight(pair.second))
    return PairLoss(
      loss: -first * pair.first.logProbability - second * pair.second.logProbability, coefficients: (-first, -second),
      margin: pair.margin, logRatioCoefficients: (tau, tau))
  }

  private func weight(_ response: ResponseStatistics) -> Double { response.advantage - tau * response.logRatio }
}
