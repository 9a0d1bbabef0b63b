/// Where online DPO comes to rest.
public struct OnlineDPOEquilibrium: Sendable, Equatable {
  /// π with p(y ≻ π) = Σ_y′ π(y′) σ(τ h(y, y′)) for every action y.
  public let policy: [Double]
  public let tau: Double
  /// max over actions of the difference between the two sides.
  public let residual: Double
  /// Newton steps, over all temperatures on the way to τ.
  public let iterations: Int
}

extension PreferenceGame {
  /// The stationary point of online DPO with soft labels (Calandriello et al. 2024, arXiv 2403.08635, appendix F, lemma F.3):
  /// τ log π/μ is the Bradley–Terry reward of pairs drawn from π itself, so that fitting a reward on the policy's own pairs
  /// and solving RLHF for it changes nothing. It exists, and is unique, exactly where `bradleyTerryFit(pairsFrom:)` exists for
  /// a distribution that leaves no action out.
  /// - Precondition: `tau` is positive and finite.
  /// - Throws: `.unboundedScores` where online DPO never comes to rest; `.notSolved` and `.notFitted` where a Double is too
  ///   short.
  public func onlineDPOEquilibrium(tau: Double) throws(GameError) -> OnlineDPOEquilibrium {
    let rewards = try bradleyTerryFit(pairsFrom: reference).scores
    var search = EqualizerSearch(LogisticLink.self, in: self, margins: rewards)
    try search.descend(to: tau)
    return OnlineDPOEquilibrium(policy: search.policy, tau: tau, residual: search.residual, iterations: search.iterations)
  }
}
