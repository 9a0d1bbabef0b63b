import PoiseObjectives

/// An online algorithm is a row of a table: an objective, and where its responses are sampled.
public struct OnlineAlgorithm: Sendable {
  /// Weight of the reference in the policy that both responses are drawn from.
  public let mixture: Double
  public let objective: any PairObjective
  public let labels: PreferenceLabels
  /// τ, for the record.
  public let tau: Double

  /// Online IPO (Calandriello et al. 2024): both responses from the policy itself.
  public static func onlineIPO(
    tau: Double, form: IdentityPreferenceOptimization.Form = .code, reduction: LogProbabilityReduction = .sum,
    labels: PreferenceLabels = .soft
  ) -> OnlineAlgorithm {
    OnlineAlgorithm(
      mixture: 0,
      objective: Reduced(IdentityPreferenceOptimization(tau: tau, form: form), reduction: reduction), labels: labels, tau: tau)
  }
}
