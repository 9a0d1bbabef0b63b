import PoiseFiles
import PoiseGames

/// What `poise nash` says to people: the game, its equilibrium with certificates, and where every algorithm ends.
struct GameReport {
  let actions: [String]
  let analysis: GameAnalysis
  /// Without regularisation.
  let nash: NashEquilibrium

  var text: String { [equilibrium, bars, ends, distances, reasons].filter { !$0.isEmpty }.joined(separator: "\n\n") }

  private var equilibrium: String {
    let regularized = analysis.equilibrium
    let gap = analysis.game.dualityGap(of: regularized.policy, tau: regularized.tau)
    return """
      \(analysis.game.count) actions, temperature \(regularized.tau.formatted(significantDigits: 4)).
      Regularised Nash equilibrium: E_τ \(short(regularized.exploitability)), duality gap \(short(gap)), residual \(short(regularized.residual)), \
      \(regularized.iterations) Newton steps.
      Nash equilibrium without regularisation: E₀ \(short(nash.exploitability)) on \(nash.support.count) \
      \(nash.support.count == 1 ? "action" : "actions").
      """
  }

  /// Policies of at most this many actions are drawn whole; of larger ones, the likeliest actions of the equilibrium.
  private static let mostBars = 12

  private var bars: String {
    let regularized = analysis.equilibrium
    let shown = Array(
      regularized.policy.indices.sorted { (regularized.policy[$0], -$0) > (regularized.policy[$1], -$1) }.prefix(Self.mostBars)
    ).sorted()
    var table = TextTable(["action", "reference", "", "Nash(τ)", "", "Nash", ""], leftColumns: 1)
    for action in shown {
      let probabilities = [analysis.game.reference[action], regularized.policy[action], nash.policy[action]]
      table.add([actions[action]] + probabilities.flatMap { [$0.formatted(decimals: 4), bar($0)] })
    }
    let rest = analysis.game.count - shown.count
    return table.text + (rest > 0 ? "\n… and \(rest) actions that are less likely at the equilibrium." : "")
  }

  private var ends: String {
    var table = TextTable(["algorithm", "where it ends", "how it gets there"], leftColumns: 3)
    for (learner, outcome) in successes {
      table.add([name(learner), policy(outcome.policy), motion(outcome)])
    }
    return table.text
  }

  private var distances: String {
    var table = TextTable(["algorithm", "E_τ", "E₀", "KL to reference", "wins over reference", "TV to Nash(τ)"])
    for (learner, outcome) in successes {
      table.add([
        name(learner), number(outcome.standing.exploitability), number(outcome.standing.rawExploitability),
        number(outcome.standing.divergence), outcome.standing.winRate.formatted(decimals: 4),
        number(outcome.standing.equilibriumDistance),
      ])
    }
    return table.text
  }

  private var reasons: String {
    zip(analysis.learners, analysis.outcomes).compactMap { learner, outcome in
      guard case .failure(let error) = outcome else { return nil }
      return "\(learner.algorithm.rawValue) has no end. \(error.description)"
    }.joined(separator: "\n")
  }

  private var successes: [(GameLearner, AlgorithmOutcome)] {
    zip(analysis.learners, analysis.outcomes).compactMap { learner, outcome in (try? outcome.get()).map { (learner, $0) } }
  }

  private func name(_ learner: GameLearner) -> String {
    guard learner.algorithm.hasMixture else { return learner.algorithm.rawValue }
    return "\(learner.algorithm.rawValue) (\(learner.mixture.formatted(significantDigits: 3)))"
  }

  private func policy(_ policy: [Double]) -> String {
    let shown = policy.prefix(6).map { String($0.formatted(decimals: 4).drop { $0 == "0" }) }.joined(separator: " ")
    return policy.count > 6 ? shown + " …" : shown
  }

  private func motion(_ outcome: AlgorithmOutcome) -> String {
    switch outcome.leadingEigenvalue?.motion {
    case .settles(let time): "settles; by e in \(duration(time))"
    case .spiralsIn(let time, let period): "spirals in; by e in \(duration(time)), around in \(duration(period))"
    case .orbits(let period): "orbits for ever, around in \(duration(period))"
    case .runsAway(let time): "does not stay; away by e in \(duration(time))"
    case .some(.none): "rests where it is"
    case nil: outcome.settles ? "settles" : "does not settle; the policy is its average"
    }
  }

  private func duration(_ time: Double) -> String { time.formatted(significantDigits: 3) }

  /// Exploitabilities are zero up to rounding of either sign.
  private func number(_ x: Double) -> String { (abs(x) < 5e-6 ? 0 : x).formatted(decimals: 5) }

  private func short(_ x: Double) -> String { x.formatted(significantDigits: 2) }

  private func bar(_ probability: Double) -> String {
    let eighths = Int((probability * 96).rounded())
    let tail = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let filled = String(repeating: "█", count: eighths / 8) + tail
    return filled + String(repeating: " ", count: 12 - filled.count)
  }
}
