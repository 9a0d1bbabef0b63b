import Poise
import PoiseFiles
import PoiseReport

/// What is known of the methods, and what this study has to say about it.
extension StudyReport {
  var properties: [Document.Block] {
    let condition = study.conditions[0].name
    let rows = study.methods.map { method in
      [Prose(method.name), told(method), asked(method, condition), learns(method, condition), ends(method, condition)]
    }
    let heading = ["method", "is told", "answers come from", "learns", "where it ends"]
    return [
      .heading(2, "What theory says, and this study"),
      .paragraph(
        Prose(
          """
          After table 1 of Calandriello et al. 2024, with the ends that each algorithm's expected update has in games small enough to \
          be solved; what this study measured stands in bold. Theory is about exact updates of policies that can say anything; models \
          of finite size, trained for a finite time, need not get there.
          """ + (study.conditions.count > 1 ? " Measured under \(condition)." : ""))),
      .table(Document.Table(heading, rows, name: "properties", isNumeric: false)),
    ]
  }

  /// After what theory says.
  private func measured(_ text: String) -> Prose { ". " + Prose(text, .strong) }

  private func told(_ method: Study.Method) -> Prose {
    guard let signal = method.signal else { return "–" }
    if method.isOffline { return "recorded preferences" }
    let source: String?
    switch study.conditions[0].task.source {
    case .builtIn: source = signal == .rewards ? "a learned reward model" : "a learned preference model"
    case .given(let given): source = signal == .rewards ? given.reward : given.annotator
    }
    let kind: Prose =
      signal == .rewards ? "rewards r(y), which cannot say that preferences go in a circle" : "preferences p(y ≻ y′)"
    return kind + (source.map { measured("Here by \($0).") } ?? Prose())
  }

  /// Where its responses come from, and what a mixture was worth.
  private func asked(_ method: Study.Method, _ condition: String) -> Prose {
    guard let name = Algorithm.Name(rawValue: method.algorithm) else { return "–" }
    if method.isOffline { return "the recorded data; nothing is sampled" }
    let row = Algorithm.row(name)
    switch row.sampling {
    case .alike: return row.hasMixture ? "the mixture, both" + mixture(method, row, condition) : "the policy itself, both"
    case .against(0): return "the policy itself, both"
    case .against(1): return "the policy; its opponent's from the reference"
    case .against: return "the policy; its opponent's from the mixture" + mixture(method, row, condition)
    }
  }

  private func mixture(_ method: Study.Method, _ row: Algorithm.Row, _ condition: String) -> Prose {
    let chosen = results.choice(method.name, condition).flatMap { method.setting(in: $0.setting)?["mixture"] }
    let said = chosen ?? method.options["mixture"] ?? study.options["mixture"]
    let weight = said ?? row.sampling.mixture.formatted(significantDigits: 4)
    var text = "Here with \(weight) of the reference\(chosen == nil ? "" : ", chosen")"
    if row.name == .ipoMD, let plain = counterpart(of: method, algorithm: .ipo, isOffline: false),
      let pairing = results.pairing(method.name, over: plain, condition)
    {
      text += "; over \(plain) \(Wording.share(pairing.mean)) (\(Wording.interval(pairing.interval)))"
    }
    return measured(text + ".")
  }

  /// Online or offline, by pairs or by policy gradients, and what being online was worth.
  private func learns(_ method: Study.Method, _ condition: String) -> Prose {
    guard let name = Algorithm.Name(rawValue: method.algorithm) else { return "–" }
    let isContrastive: Bool
    switch name {
    case .ipo, .ipoMD, .dpo, .slic, .slicHF: isContrastive = true
    case .reinforce, .nashMD, .selfPlay, .bestResponse: isContrastive = false
    }
    let kind = isContrastive ? "from the margin of a pair (contrastive)" : "by policy gradient"
    let mode = method.isOffline ? "offline" : Algorithm.row(name).isOffline ? "online; could be offline" : "online only"
    let text = Prose("\(mode), \(kind)")
    guard let other = counterpart(of: method, algorithm: name, isOffline: !method.isOffline),
      let pairing = results.pairing(method.name, over: other, condition)
    else { return text }
    return text + measured("Over \(other) \(Wording.share(pairing.mean)) (\(Wording.interval(pairing.interval))).")
  }

  private func ends(_ method: Study.Method, _ condition: String) -> Prose {
    guard let name = Algorithm.Name(rawValue: method.algorithm) else { return "–" }
    let theory = Prose(Self.end(of: name, isOffline: method.isOffline))
    guard let standing = results.standing(method.name, condition) else { return theory }
    let divergence = standing.measures.map(\.divergence).mean.formatted(decimals: 2)
    let numbers = "Exploitability \(Wording.spread(standing.exploitability, 3)), \(divergence) nats from SFT."
    return theory + measured(numbers)
  }

  private static func end(of algorithm: Algorithm.Name, isOffline: Bool) -> String {
    switch (algorithm, isOffline) {
    case (.ipo, true): "the regularised best response to whoever wrote the data: no equilibrium"
    case (.ipo, false), (.selfPlay, _): "the Nash equilibrium of the game regularised by τ"
    case (.ipoMD, _), (.nashMD, _):
      "its mixture with the reference, of weight β, is the Nash equilibrium regularised by τ/(1 − β); the policy is the best response "
        + "to that"
    case (.dpo, true): "the optimum of Bradley–Terry rewards fitted to the data, regularised by τ"
    case (.dpo, false):
      "rewards fitted to its own pairs, and their optimum, agree; an equilibrium only for some preferences"
    case (.slic, _): "no regularised equilibrium: within its margin it is self-play without regularisation, and may circle"
    case (.slicHF, _): "not known to us: it has no reference in its margin"
    case (.reinforce, _): "the optimum of the reward, regularised by τ; an equilibrium where rewards explain the preferences"
    case (.bestResponse, _): "the regularised best response to the reference"
    }
  }

  /// The study's method of an algorithm, offline or not, other than the one itself.
  private func counterpart(of method: Study.Method, algorithm: Algorithm.Name, isOffline: Bool) -> String? {
    study.methods.first { $0.name != method.name && $0.algorithm == algorithm.rawValue && $0.isOffline == isOffline }?.name
  }
}
