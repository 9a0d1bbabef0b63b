import PoiseGames
import PoiseModel

/// Where one policy stands in the regularised preference game of a judge (Munos et al. 2023, arXiv 2312.00886), computed over all
/// responses and averaged over prompts. Best responses and equilibria are of each prompt.
public struct EnumeratedStanding: Sendable, Equatable {
  public let tau: Double
  public let promptCount: Int
  /// Responses to a prompt, all of which are in the game.
  public let responseCount: Int
  /// E_τ(π) = max P_τ(π′ ≻ π) − ½; zero at the equilibrium and only there, up to rounding. The duality gap is twice as large.
  public let exploitability: Double
  /// E₀(π): the same without regularisation, from 0 to ½.
  public let rawExploitability: Double
  /// KL(π | μ), in nats.
  public let divergence: Double
  /// P(π ≻ μ), from 0 to 1.
  public let winRate: Double
  /// Total variation between the policy and the equilibrium at τ, from 0 to 1.
  public let equilibriumDistance: Double

  /// The mean over prompts.
  fileprivate init(_ prompts: [EnumeratedStanding]) {
    func mean(_ value: (EnumeratedStanding) -> Double) -> Double { prompts.map(value).mean }
    tau = prompts[0].tau
    promptCount = prompts.count
    responseCount = prompts[0].responseCount
    exploitability = mean(\.exploitability)
    rawExploitability = mean(\.rawExploitability)
    divergence = mean(\.divergence)
    winRate = mean(\.winRate)
    equilibriumDistance = mean(\.equilibriumDistance)
  }

  /// At one prompt.
  fileprivate init(_ policy: [Double], in game: PreferenceGame, tau: Double) throws {
    let equilibrium = try game.regularizedNash(tau: tau).policy
    self.tau = tau
    promptCount = 1
    responseCount = game.count
    exploitability = game.exploitability(of: policy, tau: tau)
    rawExploitability = game.rawExploitability(of: policy)
    divergence = game.divergence(of: policy)
    winRate = game.preference(of: policy, over: game.reference)
    equilibriumDistance = zip(policy, equilibrium).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }
}

extension ResponseEnumeration {
  /// Where a policy stands, by enumeration.
  ///
  /// - Parameters:
  ///   - parameters: of π, and `reference` of μ; both of the policy's own form.
  ///   - prompts: at least one.
  ///   - tau: positive.
  /// - Throws: what the judge throws; `GameError`, `EnumerationError`.
  public func standing(
    of parameters: Arena, reference: Arena, prompts: [Prompt], judge: any Annotator, tau: Double
  ) throws -> EnumeratedStanding {
    precondition(!prompts.isEmpty)
    return EnumeratedStanding(
      try prompts.map { prompt in
        try EnumeratedStanding(
          distribution(parameters, prompt: prompt), in: game(prompt: prompt, reference: reference, judge: judge), tau: tau)
      })
  }
}
