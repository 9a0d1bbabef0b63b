import ArgumentParser
import Poise
import PoiseFiles
import PoiseGames
import PoiseModel
import PoiseRandom

/// How far policies are from a Nash equilibrium under a judge. Of several policies by samples: the game between them. Of one by
/// enumeration of its responses: the regularised game against everything that could be said.
struct EmpiricalNash {
  let policies: [NamedModel]
  /// JSON Lines of prompts.
  let prompts: String
  let judge: String
  /// Seconds that an answer of a program may take.
  var patience = CommandAnnotator.defaultPatience
  /// Responses of each policy to a prompt; several policies only.
  let samples: Int
  /// Folder of the reference μ; one policy only.
  let reference: String?
  /// One policy only.
  let tau: Double?
  let chat: ChatFlags
  let sampling: SamplingFlags
  let output: OutputOptions
  let common: CommonOptions

  /// - Throws: `ValidationError` for options that do not go together, before anything is read.
  func validate() throws {
    guard let first = policies.first else { throw ValidationError("Give one policy or more.") }
    var names: Set<String> = []
    if let clash = policies.first(where: { !names.insert($0.name).inserted }) {
      throw ValidationError(
        "Two policies are called \(clash.name). Give them names: one=\(first.folder) other=\(clash.folder).")
    }
    if policies.count > 1 {
      guard reference == nil, tau == nil else {
        throw ValidationError("--reference and --tau belong to a single policy; the game between several has no regularisation.")
      }
    } else {
      guard reference != nil, tau != nil else {
        throw ValidationError(
          "A single policy is measured against its reference: give --reference MODEL and --tau, or two or more policies.")
      }
      guard SamplingOptions(maximumTokens: sampling.maxNewTokens) == sampling.options() else {
        throw ValidationError(
          "The responses of a single policy are enumerated, not sampled; of the sampling options only --max-new-tokens has a "
            + "meaning.")
      }
    }
  }

  func run() throws { Console.result(try report()) }

  /// What `run` prints: tables, or JSON Lines where the output options ask for them.
  func report() throws -> String {
    try validate()
    let pool = common.makePool()
    let judge = try Judge.annotator(judge, patience: patience, pool: pool)
    if policies.count > 1 {
      let game = try game(judge, pool)
      try judge.finish()
      return output.json ? game.jsonLines : EmpiricalGameTable(game: game).text
    }
    let standing = try standing(judge, pool)
    try judge.finish()
    return output.json ? standing.json(policy: policies[0].name).line : standing.table(policy: policies[0].name)
  }

  private func game(_ judge: any Annotator, _ pool: WorkerPool) throws -> EmpiricalGame {
    // Keyed by the name: P(π ≻ π′) is about responses that know nothing of each other, and the order of policies means nothing.
    let (contestants, prompts) = try ContestantSampling(
      policies: policies, prompts: prompts, samples: samples, chat: chat, sampling: sampling, common: common
    ).run(pool: pool) { SamplingKey(seed: common.seed, step: CounterGenerator.word(of: $0)) }
    return try EmpiricalGame(PreferenceTable(contestants, prompts: prompts, judge: judge), seed: common.seed)
  }

  private func standing(_ judge: any Annotator, _ pool: WorkerPool) throws -> EnumeratedStanding {
    let policy = try Policy(folder: policies[0].folder, chatTemplate: chat.chatTemplate)
    let reference = try Policy(folder: reference!)
    try policy.requireSameForm(reference)
    let prompts = try policy.prompts(prompts, responseTokens: sampling.maxNewTokens)
    let enumeration = try ResponseEnumeration(policy, maximumTokens: sampling.maxNewTokens, pool: pool)
    common.note(
      "Enumerating \(enumeration.responses.count) responses to \(prompts.count) \(prompts.count == 1 ? "prompt" : "prompts") …")
    return try enumeration.standing(
      of: policy.parameters, reference: reference.parameters, prompts: prompts, judge: judge, tau: tau!)
  }
}

extension EmpiricalGame {
  /// A line a policy, then one of the whole.
  fileprivate var jsonLines: String { (standings.map(\.json) + [summary]).map(\.line).joined(separator: "\n") }

  private var summary: JSON {
    [
      "cyclic_p_value": .init(scoreTest.pValue), "cyclic": .bool(isCyclic), "cyclic_triples": .array(cycles.map(\.json)),
      "nash_exploitability": .init(nashExploitability), "prompts": .init(promptCount),
    ]
  }
}

extension EmpiricalGame.Standing {
  fileprivate var json: JSON {
    [
      "policy": .string(name), "exploitability": .init(exploitability), "ci_low": .init(interval.lowerBound),
      "ci_high": .init(interval.upperBound), "best_opponent": .string(bestOpponent), "nash_weight": .init(nashWeight),
      "advantage": .init(advantage), "advantage_ci_low": .init(advantageInterval.lowerBound),
      "advantage_ci_high": .init(advantageInterval.upperBound), "nash_ci_low": .init(nashInterval.lowerBound),
      "nash_ci_high": .init(nashInterval.upperBound),
    ]
  }
}

extension EmpiricalGame.Cycle {
  fileprivate var json: JSON { ["policies": .array(names.map { .string($0) }), "margin": .init(margin)] }
}

extension EnumeratedStanding {
  fileprivate func json(policy: String) -> JSON {
    [
      "policy": .string(policy), "tau": .init(tau), "exploitability": .init(mean.exploitability),
      "duality_gap": .init(2 * mean.exploitability), "raw_exploitability": .init(mean.rawExploitability),
      "kl": .init(mean.divergence), "win_rate_vs_reference": .init(mean.winRate),
      "tv_to_nash": .init(mean.equilibriumDistance), "responses": .init(responseCount), "prompts": .init(promptCount),
    ]
  }

  fileprivate func table(policy: String) -> String {
    var table = TextTable(["\(policy), exactly", "mean of \(promptCount) \(promptCount == 1 ? "prompt" : "prompts")"])
    table.add(["exploitability at tau", mean.exploitability.formatted(decimals: 6)])
    table.add(["exploitability, unregularised", mean.rawExploitability.formatted(decimals: 6)])
    table.add(["KL from the reference, nats", mean.divergence.formatted(decimals: 6)])
    table.add(["win rate over the reference", mean.winRate.formatted(decimals: 6)])
    table.add(["total variation from the equilibrium", mean.equilibriumDistance.formatted(decimals: 6)])
    return table.text + "\n\n\(responseCount) responses to each prompt; tau = \(tau)."
  }
}

/// The game between policies for people.
struct EmpiricalGameTable {
  let game: EmpiricalGame

  var text: String { [preferences, standings, verdict].joined(separator: "\n\n") }

  private var preferences: String {
    var table = TextTable(["mean preference of row"] + game.names.map { "over \($0)" })
    for row in game.names { table.add([row] + game.names.map { cell(row, $0) }) }
    return table.text
  }

  private func cell(_ row: String, _ column: String) -> String {
    let pairing =
      game.pairings.first { $0.row == row && $0.column == column }
      ?? game.pairings.first { $0.row == column && $0.column == row }?.swapped
    return pairing.map { "\($0.preference.formatted(decimals: 3)) (\(range($0.interval)))" } ?? "–"
  }

  private var standings: String {
    var table = TextTable(
      ["policy", "exploitability", "95 % interval", "best opponent", "ahead by", "95 % interval", "in the Nash mixture", ""])
    for standing in game.standings {
      table.add([
        standing.name, standing.exploitability.formatted(decimals: 3), range(standing.interval), standing.bestOpponent,
        standing.advantage.formatted(decimals: 3), range(standing.advantageInterval),
        "\(standing.nashWeight.formatted(decimals: 3)) (\(range(standing.nashInterval)))", bar(standing.nashWeight),
      ])
    }
    return table.text
  }

  private func range(_ interval: ClosedRange<Double>) -> String {
    "\(interval.lowerBound.formatted(decimals: 3)) to \(interval.upperBound.formatted(decimals: 3))"
  }

  /// Twenty characters wide, so that all bars begin in one column.
  private func bar(_ share: Double) -> String {
    let length = Int((20 * share).rounded())
    return String(repeating: "█", count: length) + String(repeating: " ", count: 20 - length)
  }

  private var verdict: String {
    let prompts = "\(game.promptCount) \(game.promptCount == 1 ? "prompt" : "prompts")"
    let few = game.promptCount < 30 ? " With so few prompts all intervals are too narrow." : ""
    return
      "\(circles)\n\nIntervals speak of other prompts than these \(prompts).\(few) An exploitability is a largest value and as "
      + "such biased upwards; the best opponent's lead is of that opponent alone."
  }

  private var circles: String {
    guard game.names.count > 2 else { return "Two policies cannot go in a circle." }
    let test = game.scoreTest
    let pValue = "p = \(test.pValue.formatted(significantDigits: 2))"
    switch (test.isRejected, game.cycles.first) {
    case (true, let cycle?):
      return "Preferences are cyclic beyond chance (\(pValue)): no scores explain them, and \(told(cycle))."
    case (true, nil):
      return "No scores explain the preferences (\(pValue)), but no three policies go in a circle."
    case (false, let cycle?):
      return
        "Preferences are not cyclic beyond chance (\(pValue)): one score for each policy explains them, though \(told(cycle))."
    case (false, nil):
      return
        "Preferences are not cyclic: no three policies go in a circle, and one score for each policy explains them (\(pValue))."
    }
  }

  private func told(_ cycle: EmpiricalGame.Cycle) -> String {
    let more = game.cycles.count - 1
    let others = more == 0 ? "" : " (and \(more) \(more == 1 ? "triple" : "triples") more)"
    return (cycle.names + [cycle.names[0]]).joined(separator: " ≻ ")
      + " by \(cycle.margin.formatted(decimals: 3)) or more each\(others)"
  }
}
