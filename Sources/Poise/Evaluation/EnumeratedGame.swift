import PoiseGames
import PoiseModel

/// Where one policy stands in the regularised preference game of a judge (Munos et al. 2023, arXiv 2312.00886), computed over all
/// responses and averaged over prompts. Best responses and equilibria are of each prompt.
public struct EnumeratedStanding: Sendable, Equatable {
  public let tau: Double
  public let promptCount: Int
  /// Responses to a prompt, all of which are in the game.
  public let responseCount: Int
  /// The mean over prompts. The duality gap is twice the exploitability.
  public let mean: PolicyStanding
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
    let standings = try prompts.map { prompt in
      let game = try game(prompt: prompt, reference: reference, judge: judge)
      return PolicyStanding(
        try distribution(parameters, prompt: prompt), in: game, equilibrium: try game.regularizedNash(tau: tau))
    }
    return EnumeratedStanding(
      tau: tau, promptCount: prompts.count, responseCount: responses.count, mean: PolicyStanding(meanOf: standings))
  }
}
