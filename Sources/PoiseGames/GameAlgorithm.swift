/// A training algorithm as the exact analysis of a game knows it: by what its updates are on average.
public enum GameAlgorithm: String, Sendable, CaseIterable {
  /// The regularised Nash equilibrium itself, and the flow of self-play towards it.
  case nash
  case onlineIPO = "online-ipo"
  case ipoMD = "ipo-md"
  case nashMD = "nash-md"
  /// The policy gradient against the policy itself: Nash-MD-PG without a mixture.
  case selfPlay = "self-play"
  /// The policy gradient against the reference: Nash-MD-PG with nothing but the reference in the mixture.
  case bestResponse = "best-response"
  case offlineIPO = "offline-ipo"
  case onlineDPO = "online-dpo"
  case offlineDPO = "offline-dpo"
  /// The normalised hinge loss on the policy's own pairs.
  case onlineSLiC = "online-slic"
  /// The regularised policy gradient on rewards.
  case reinforce = "rl"

  /// Whether the weight of a mixture means anything to it.
  public var hasMixture: Bool { self == .ipoMD || self == .nashMD }
}

/// An algorithm with what it is told.
public struct GameLearner: Sendable, Equatable {
  public let algorithm: GameAlgorithm
  /// The algorithm's own τ, positive: 1/τ is the size of the hinge's box for SLiC, and an exponent of the policy for DPO.
  public let tau: Double
  /// m, the weight of the reference in the mixture, from 0 to 1; only for algorithms that have one.
  public let mixture: Double

  public init(_ algorithm: GameAlgorithm, tau: Double, mixture: Double = 0) {
    precondition(tau > 0 && tau.isFinite && (0...1).contains(mixture))
    self.algorithm = algorithm
    self.tau = tau
    self.mixture = algorithm.hasMixture ? mixture : 0
  }
}

extension PreferenceGame {
  /// The distribution of offline pairs: the data's, or the reference where the game has no data of its own.
  public var offlineDistribution: [Double] { data ?? reference }

  /// The rewards that RL maximises: the game's own, or those that the Bradley–Terry model fits to pairs of the reference.
  /// - Throws: where the game has none and none can be fitted; see ``bradleyTerryFit(pairsFrom:)``.
  public func rewardsOrFit() throws(GameError) -> [Double] {
    if let rewards { return rewards }
    return try bradleyTerryFit(pairsFrom: reference).scores
  }
}
