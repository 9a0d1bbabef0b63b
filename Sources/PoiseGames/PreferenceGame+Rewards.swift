import Foundation

extension PreferenceGame {
  /// Where RL ends: the policy that maximises E r − τ KL(π|μ), which is μ exp(r/τ) / Z (Rafailov et al. 2023, arXiv
  /// 2305.18290, equation 4). It does not ask for preferences; `bestResponse(to:tau:)` is the case r = p(· ≻ opponent).
  /// - Precondition: `tau` is positive.
  public func optimalPolicy(rewards: [Double], tau: Double) -> [Double] {
    precondition(rewards.count == count && tau > 0)
    return softmax(zip(reference, rewards).map { log($0) + $1 / tau })
  }

  /// The same for the Bradley–Terry reward of pairs drawn independently from a distribution: where offline DPO with soft
  /// labels ends when the distribution is that of the data, and RL when its reward model was trained on such pairs.
  /// - Precondition: `tau` is positive.
  /// - Throws: where there is no such reward or many; see `bradleyTerryFit(pairsFrom:)`.
  public func optimalPolicy(rewardFittedOn distribution: [Double], tau: Double) throws(GameError) -> [Double] {
    optimalPolicy(rewards: try bradleyTerryFit(pairsFrom: distribution).scores, tau: tau)
  }
}
