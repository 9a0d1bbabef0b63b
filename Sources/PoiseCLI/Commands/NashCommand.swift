import ArgumentParser
import Foundation
import Poise
import PoiseFiles
import PoiseGames
import PoiseText

extension PreferenceGame.UnseenPairs: ExpressibleByArgument {}
extension ExpectedDynamics.Flow: ExpressibleByArgument {}

/// `poise nash`
struct NashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nash", abstract: "Exact analysis of a preference game, or of the game between trained policies.",
    discussion: """
      A game is a JSON file {"preferences": [[p(i ≻ j)]], "reference": [μ_i], "data": [ν_i], "rewards": [r_i], "actions": [name]}, \
      of which only the preferences (or "votes": [[how often i won against j]]) are needed; or a CSV file, a table with names in \
      its first row and column, or a list of comparisons with the columns first, second, preference or winner, loser. Or one of \
      the examples: \(GameExample.names).

      For every algorithm it says where its training ends, whether it settles there, and how far that is from the Nash \
      equilibrium of the game at temperature tau (E_tau: how much a best response wins by; E_0: the same without \
      regularisation). The leading eigenvalue is that of the plain gradient flow, in units of self-play's policy gradient.

      With --policies it measures the game between trained policies under a judge instead: win rates, their Nash mixture, how \
      exploitable each is by the others, and whether preferences go in circles beyond chance. One policy alone is compared with \
      all that could be said, where that can be enumerated.
      """)

  @Option(help: ArgumentHelp("The game, as JSON or CSV.", valueName: "file")) var game: String?
  @Option(help: ArgumentHelp("A game to start from: \(GameExample.names).", valueName: "name")) var example: GameExample?
  @Option(help: "What a pair means that votes or comparisons leave out: refused, or ties.")
  var unseen = PreferenceGame.UnseenPairs.refused
  @Option(help: ArgumentHelp("Temperature of the regularisation, above 0. (default: 0.1)", valueName: "tau")) var tau: Double?
  @Option(help: ArgumentHelp("Weight of the reference in the mixture of ipo-md and nash-md, in [0, 1].", valueName: "m"))
  var mixture = 0.125
  @Option(
    help: ArgumentHelp("all, or one of \(GameAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
  var algorithm = "all"

  @OptionGroup(title: "Trajectories") var trajectories: TrajectoryFlags
  @OptionGroup(title: "Trained policies") var empirical: EmpiricalFlags
  @OptionGroup(title: "Sampling") var sampling: SamplingFlags
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let tau { try requireRange("--tau", tau, 1e-9...1e9) }
    try requireRange("--mixture", mixture, 0...1)
    _ = try algorithms()
    guard [game != nil, example != nil, !empirical.policies.isEmpty].count(where: { $0 }) == 1 else {
      throw ValidationError("Give one of --game, --example and --policies.")
    }
    if !empirical.policies.isEmpty {
      if trajectories.isWanted { throw ValidationError("--trajectories and --draw belong to --game and --example.") }
      guard empirical.prompts != nil, empirical.judge != nil else {
        throw ValidationError("--policies needs --prompts and --judge.")
      }
      try empirical.nash(tau: tau, sampling: sampling, output: output, common: common).validate()
    }
    if empirical.policies.isEmpty, empirical.isGiven {
      throw ValidationError("--prompts, --judge, --reference, --samples and --chat-template belong to --policies.")
    }
  }

  func run() throws {
    if !empirical.policies.isEmpty {
      return try empirical.nash(tau: tau, sampling: sampling, output: output, common: common).run()
    }
    let named = try game.map { try GameFile.read($0, unseen: unseen) } ?? example!.make()
    try trajectories.check(named)
    let tau = tau ?? 0.1
    let learners = try algorithms().map { GameLearner($0, tau: tau, mixture: mixture) }
    let analysis = try GameAnalysis(named.game, learners: learners, tau: tau, findsNash: !output.json)
    if output.json {
      for (learner, outcome) in zip(learners, analysis.outcomes) { Console.result(Self.json(learner, outcome).line) }
    } else if let nash = analysis.nash {
      Console.result(GameReport(actions: named.actions, analysis: analysis, nash: nash).text)
    }
    try trajectories.write(named, analysis, title: example?.rawValue ?? game!, common: common)
  }

  private func algorithms() throws -> [GameAlgorithm] {
    if algorithm == "all" { return GameAlgorithm.allCases }
    guard let one = GameAlgorithm(rawValue: algorithm) else {
      let names = (["all"] + GameAlgorithm.allCases.map(\.rawValue)).joined(separator: ", ")
      throw ValidationError("--algorithm is \"\(algorithm)\"; it must be one of \(names).")
    }
    return [one]
  }

  private static func json(_ learner: GameLearner, _ outcome: Result<AlgorithmOutcome, GameError>) -> JSON {
    var object = JSON.Object()
    object["algorithm"] = .string(learner.algorithm.rawValue)
    switch outcome {
    case .success(let outcome):
      object["policy"] = .array(outcome.policy.map { .init($0) })
      object["settles"] = .bool(outcome.settles)
      object["exploitability"] = .init(outcome.standing.exploitability)
      object["raw_exploitability"] = .init(outcome.standing.rawExploitability)
      object["kl"] = .init(outcome.standing.divergence)
      object["win_rate_vs_reference"] = .init(outcome.standing.winRate)
      object["tv_to_nash"] = .init(outcome.standing.equilibriumDistance)
      object["leading_eigenvalue"] = outcome.leadingEigenvalue.map { [.init($0.real), .init($0.imaginary)] } ?? .null
      object["iterations"] = .init(outcome.iterations)
    case .failure(let error):
      object["policy"] = .null
      object["settles"] = .bool(false)
      object["reason"] = .string(error.description)
    }
    return .object(object)
  }
}

/// Games that need no file.
enum GameExample: String, CaseIterable, ExpressibleByArgument {
  case rockPaperScissors = "rock-paper-scissors"
  case skewed = "skewed-rock-paper-scissors"
  case dominated = "dominated-rock-paper-scissors"
  case voters = "three-voters"
  case dice
  case bradleyTerry = "bradley-terry"

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  func make() throws -> NamedGame {
    let hands = ["rock", "scissors", "paper"]
    switch self {
    case .rockPaperScissors: return NamedGame(game: try .rockPaperScissors(strength: 0.4), actions: hands)
    case .skewed: return NamedGame(game: try .rockPaperScissors(strength: 0.4, reference: [0.6, 0.3, 0.1]), actions: hands)
    case .dominated:
      let preferences = [[0.5, 0.9, 0.1, 0.8], [0.1, 0.5, 0.9, 0.8], [0.9, 0.1, 0.5, 0.8], [0.2, 0.2, 0.2, 0.5]]
      return NamedGame(game: try PreferenceGame(preferences: preferences), actions: hands + ["a sneeze"])
    case .voters: return NamedGame(game: try .voterTypes(epsilon: 0.1), actions: ["y1", "y2", "y3"])
    case .dice: return NamedGame(game: try .dice([[2, 4, 9], [1, 6, 8], [3, 5, 7]]), actions: ["2 4 9", "1 6 8", "3 5 7"])
    case .bradleyTerry:
      return NamedGame(game: try .bradleyTerry(scores: [0, log(9), log(2)]), actions: ["score 0", "score log 9", "score log 2"])
    }
  }
}

/// The game between trained policies.
struct EmpiricalFlags: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Folders of trained policies, each perhaps with a name before it.", valueName: "[name=]model"),
    transform: { argument in
      guard let model = NamedModel(argumentOrFolder: argument) else {
        throw ValidationError("\(argument) names no model folder.")
      }
      return model
    })
  var policies: [NamedModel] = []
  @Option(help: ArgumentHelp("JSON Lines of {\"prompt\"}.", valueName: "file")) var prompts: String?
  @Option(help: ArgumentHelp("Who prefers: \(Judge.kinds).", valueName: "judge")) var judge: String?
  @OptionGroup var annotating: AnnotatorFlags
  @Option(help: ArgumentHelp("Responses of each policy to a prompt, 1 or more. (default: 1)", valueName: "n")) var samples: Int?
  @Option(help: ArgumentHelp("Folder of the reference of a single policy.", valueName: "model")) var reference: String?
  @OptionGroup var chat: ChatFlags

  /// Whether anything was said that only policies need.
  var isGiven: Bool {
    prompts != nil || judge != nil || samples != nil || reference != nil || chat.chatTemplate != nil
  }

  func validate() throws { if let samples { try requireRange("--samples", samples, 1...10_000) } }

  /// - Precondition: prompts and judge are given.
  func nash(tau: Double?, sampling: SamplingFlags, output: OutputOptions, common: CommonOptions) -> EmpiricalNash {
    EmpiricalNash(
      policies: policies, prompts: prompts!, judge: judge!, patience: annotating.annotatorTimeout, samples: samples ?? 1,
      reference: reference, tau: tau,
      chat: chat, sampling: sampling, output: output, common: common)
  }
}

/// Ways to the end, written and drawn.
struct TrajectoryFlags: ParsableArguments {
  @Option(
    name: .customLong("trajectories"),
    help: ArgumentHelp("Write every algorithm's way from the start, a point a line, to this file.", valueName: "file.jsonl"))
  var path: String?
  @Option(help: ArgumentHelp("Draw the ways on the simplex of a game of three answers.", valueName: "file.svg")) var draw: String?
  @Option(help: "softmax, the plain gradient of the logits, or natural.") var flow = ExpectedDynamics.Flow.softmax
  @Option(help: ArgumentHelp("Updates, 1 or more.", valueName: "n")) var steps = 8_000
  @Option(help: ArgumentHelp("Learning rate, above 0.", valueName: "rate")) var learningRate = 0.05
  @Option(help: ArgumentHelp("Heavy-ball momentum, in [0, 1).", valueName: "beta")) var momentum = 0.0
  @Option(
    help: ArgumentHelp("Pairs sampled for an update, each a win or a loss; 0 is the expected gradient.", valueName: "n"))
  var pairs = 0
  @Option(help: ArgumentHelp("Probabilities to start from, with commas. (default: the reference)", valueName: "p,p,…"))
  var start: String?

  var isWanted: Bool { path != nil || draw != nil }

  func validate() throws {
    try requireRange("--steps", steps, 1...10_000_000)
    try requireRange("--learning-rate", learningRate, 1e-9...1e3)
    try requireRange("--momentum", momentum, 0...0.9999)
    try requireRange("--pairs", pairs, 0...1_000_000)
    if start != nil, !isWanted { throw ValidationError("--start belongs to --trajectories and --draw.") }
  }

  /// What can only be said once the game is known, before anything is printed.
  func check(_ named: NamedGame) throws {
    if draw != nil, named.game.count != 3 {
      throw ValidationError("--draw needs a game of three answers; this one has \(named.game.count).")
    }
    _ = try start(for: named)
  }

  /// Nothing where neither file is wanted.
  func write(_ named: NamedGame, _ analysis: GameAnalysis, title: String, common: CommonOptions) throws {
    guard isWanted else { return }
    let plan = TrajectoryPlan(
      steps: steps, learningRate: learningRate, momentum: momentum, pairs: pairs == 0 ? nil : pairs, seed: common.seed,
      recordEvery: max(1, steps / 800))
    let first = try start(for: named)
    let (nash, tau) = (analysis.equilibrium, analysis.equilibrium.tau)
    let ways = analysis.learners.compactMap { learner -> (GameLearner, [TrajectoryPoint])? in
      do throws(GameError) {
        return (learner, try ExpectedDynamics(learner, in: named.game, flow: flow).trajectory(from: first, plan))
      } catch {
        common.note("\(learner.algorithm.rawValue) has no way to follow. \(error.description)")
        return nil
      }
    }
    if let path {
      try JSONLines.write(
        ways.lazy.flatMap { learner, points in points.map { point in json(learner, point, named.game, nash) } }, to: path)
    }
    if let draw {
      let panels = ways.map { learner, points in
        SimplexDrawing.Panel(
          title: learner.algorithm.rawValue, note: note(points.last!.policy, named.game, tau: tau), path: points.map(\.policy))
      }
      let drawing = SimplexDrawing(
        title: "\(title), τ = \(tau.formatted(significantDigits: 3)), \(flow.rawValue) flow", actions: named.actions,
        nash: nash.policy, panels: panels)
      try Files.replace(draw, with: drawing.svg)
    }
  }

  private func note(_ policy: [Double], _ game: PreferenceGame, tau: Double) -> String {
    let exploitability = game.exploitability(of: policy, tau: tau).formatted(decimals: 4)
    return "last E_τ \(exploitability), E₀ \(game.rawExploitability(of: policy).formatted(decimals: 4))"
  }

  private func json(_ learner: GameLearner, _ point: TrajectoryPoint, _ game: PreferenceGame, _ nash: Equilibrium) -> JSON {
    [
      "algorithm": .string(learner.algorithm.rawValue), "flow": .string(flow.rawValue), "step": .init(point.step),
      "time": .init(point.time), "policy": .array(point.policy.map { .init($0) }),
      "exploitability": .init(game.exploitability(of: point.policy, tau: nash.tau)),
      "raw_exploitability": .init(game.rawExploitability(of: point.policy)), "kl": .init(game.divergence(of: point.policy)),
      "kl_from_nash": .init(nash.divergence(from: point.policy)),
    ]
  }

  private func start(for named: NamedGame) throws -> [Double] {
    guard let start else { return named.game.reference }
    let parts = start.split(separator: ",", omittingEmptySubsequences: false).map { Double($0.trimmed) }
    let sum = parts.reduce(0) { $0 + ($1 ?? .nan) }
    guard parts.count == named.game.count, parts.allSatisfy({ ($0 ?? 0) > 0 }), abs(sum - 1) < 1e-6 else {
      throw ValidationError(
        "--start is \"\(start)\"; it must be \(named.game.count) positive probabilities with commas between them, 1 in all.")
    }
    return parts.map { $0! / sum }
  }
}

extension Substring {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
