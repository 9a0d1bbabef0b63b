/// How far a policy is from the regularised Nash equilibrium of a game.
public struct PolicyStanding: Sendable, Equatable {
  /// E_τ(π) = max P_τ(π′ ≻ π) − ½ at the equilibrium's temperature; zero there and only there, up to rounding.
  public let exploitability: Double
  /// E₀(π): the same without regularisation, from 0 to ½.
  public let rawExploitability: Double
  /// KL(π|μ), in nats.
  public let divergence: Double
  /// P(π ≻ μ), from 0 to 1.
  public let winRate: Double
  /// Total variation to the equilibrium, from 0 to 1.
  public let equilibriumDistance: Double

  /// - Parameters:
  ///   - policy: n probabilities.
  ///   - game: of n actions.
  ///   - equilibrium: of the game.
  public init(_ policy: [Double], in game: PreferenceGame, equilibrium: Equilibrium) {
    exploitability = game.exploitability(of: policy, tau: equilibrium.tau)
    rawExploitability = game.rawExploitability(of: policy)
    divergence = game.divergence(of: policy)
    winRate = game.preference(of: policy, over: game.reference)
    equilibriumDistance = zip(policy, equilibrium.policy).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }

  /// The mean over several games.
  /// - Precondition: `standings` is not empty.
  public init(meanOf standings: [PolicyStanding]) {
    precondition(!standings.isEmpty)
    func mean(_ value: (PolicyStanding) -> Double) -> Double {
      standings.reduce(0) { $0 + value($1) } / Double(standings.count)
    }
    exploitability = mean(\.exploitability)
    rawExploitability = mean(\.rawExploitability)
    divergence = mean(\.divergence)
    winRate = mean(\.winRate)
    equilibriumDistance = mean(\.equilibriumDistance)
  }
}
