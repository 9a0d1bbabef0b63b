import Poise
import PoiseFiles
import PoiseReport

/// Which method to use, with which setting, and how sure that is: in words, and only as far as the results carry.
struct StudyAdvice {
  private let study: Study
  private let results: StudyResults
  private let condition: String
  /// Methods by their mean win rate over the others, the best first.
  let ranking: [(method: String, mean: Double)]

  init(_ study: Study, _ results: StudyResults, condition: String) {
    (self.study, self.results, self.condition) = (study, results, condition)
    let methods = study.methods.map(\.name).filter { results.standing($0, condition) != nil }
    let means = methods.map { method in
      let rates = methods.compactMap { results.pairing(method, over: $0, condition)?.mean }
      return (method: method, mean: rates.mean)
    }
    // Of equal means the one that the study names first.
    ranking = means.enumerated().sorted { ($1.element.mean, $0.offset) < ($0.element.mean, $1.offset) }.map(\.element)
  }

  var paragraphs: [Prose] {
    guard let best = ranking.first, let choice = results.choice(best.method, condition) else { return [] }
    return [recommendation(best, choice), setting(choice), byData, certainty].filter { !$0.spans.isEmpty }
  }

  // MARK: Which method

  private func recommendation(_ best: (method: String, mean: Double), _ choice: StudyResults.Choice) -> Prose {
    let others = ranking.dropFirst().compactMap { results.pairing(best.method, over: $0.method, condition) }
    let beaten = others.filter { $0.interval.lowerBound > 0.5 }
    let even = others.filter { $0.interval.contains(0.5) }
    let better = others.filter { $0.interval.upperBound < 0.5 }
    let setting = described(choice)
    let isUndecided = even.count == others.count
    let helps = ranking.contains { results.standing($0.method, condition)!.overSupervised.interval.lowerBound > 0.5 }
    let advice =
      if !helps {
        "Keep the policy that training started from: no method is shown to be better than it. If one must be chosen: \(best.method) "
          + "with \(setting)."
      } else if isUndecided {
        "This study cannot tell its methods apart. If one must be chosen: \(best.method) with \(setting)."
      } else {
        "Use \(best.method) with \(setting)."
      }
    var sentences = ["Its mean win rate over the other methods is the highest, \(Wording.share(best.mean))."]
    if !beaten.isEmpty {
      let names = Wording.list(beaten.map { "\($0.column) (\(Wording.share($0.mean)))" })
      sentences.append("It is better than \(names), by more than the intervals leave to chance.")
    }
    if !even.isEmpty {
      let names = Wording.list(even.map { "\($0.column) (\(Wording.share($0.mean)), \(Wording.interval($0.interval)))" })
      let verdict =
        even.count == 1
        ? "the interval holds ½, and this study does not say which of the two is better"
        : "the intervals hold ½, and this study does not say which of them is better"
      sentences.append("It cannot be told apart from \(names): \(verdict).")
      if let closest = closest(among: [best.method] + even.map(\.column)) { sentences.append(closest) }
    }
    if !better.isEmpty {
      let names = Wording.list(better.map { "\($0.column) (\(Wording.share($0.mean)))" })
      let isCircle = better.contains { leads(from: best.method, to: $0.column) }
      sentences.append(
        isCircle
          ? "Yet it loses to \(names): the judge's preferences go in a circle here, and no method is the best."
          : "Yet it loses to \(names), and has the higher mean by winning more clearly elsewhere: between the two, take the winner."
      )
    }
    sentences.append(overSupervised(best.method))
    return Prose(advice, .strong) + Prose(" " + sentences.joined(separator: " "))
  }

  /// Whether a way of wins, each beyond its interval, leads from one method to another.
  private func leads(from first: String, to last: String) -> Bool {
    var (reached, open) = (Set([first]), [first])
    while let method = open.popLast() {
      let beaten = ranking.map(\.method).filter { other in
        (results.pairing(method, over: other, condition)?.interval.lowerBound ?? 0) > 0.5
      }
      open += beaten.filter { reached.insert($0).inserted }
    }
    return reached.contains(last)
  }

  /// Of what is equally good, what changed the model least.
  private func closest(among methods: [String]) -> String? {
    let divergences = methods.compactMap { method in
      results.standing(method, condition).map { (method: method, value: $0.measures.map(\.divergence).mean) }
    }
    guard let least = divergences.min(by: { $0.value < $1.value }), divergences.count > 1 else { return nil }
    let distance = least.value.formatted(decimals: 2)
    return "Of these \(least.method) stays closest to the supervised policy, at \(distance) nats a response."
  }

  private func overSupervised(_ method: String) -> String {
    guard let standing = results.standing(method, condition) else { return "" }
    let numbers = "\(Wording.share(standing.overSupervised.mean)) (\(Wording.interval(standing.overSupervised.interval)))"
    let pleased = standing.overSupervisedByAnnotator.map(\.mean) ?? 0
    let deception =
      pleased > standing.overSupervised.interval.upperBound
      ? " The model that it learnt from would have it at \(Wording.share(pleased)): the rest pleases that model alone." : ""
    if standing.overSupervised.interval.lowerBound > 0.5 {
      return "Over the supervised policy, from which it started, its win rate is \(numbers).\(deception)"
    }
    if standing.overSupervised.interval.upperBound < 0.5 {
      return "But its win rate over the supervised policy, from which it started, is only \(numbers): training made it worse."
        + deception
    }
    return "But its win rate over the supervised policy, from which it started, is \(numbers): this study does not show that "
      + "its training helps.\(deception)"
  }

  // MARK: With which setting

  private func described(_ choice: StudyResults.Choice) -> String {
    let method = study.method(choice.method)
    let entries = method?.setting(in: choice.setting)?.entries ?? []
    let fixed = entries.contains { $0.name == "tau" } ? nil : tau(choice).map { "tau \($0)" }
    let parts = [fixed].compactMap(\.self) + entries.map { "\($0.name) \($0.value)" }
    let steps = "\(choice.step) steps"
    return parts.isEmpty ? steps : parts.joined(separator: ", ") + " and \(steps)"
  }

  /// As the study says, or as the algorithm has it where nobody says anything.
  private func tau(_ choice: StudyResults.Choice) -> String? {
    guard let method = study.method(choice.method), let condition = study.condition(condition)
    else { return nil }
    let setting = method.setting(in: choice.setting) ?? RunOptions()
    if let said = study.options(of: method, setting: setting, under: condition)["tau"] { return said }
    return Algorithm.Name(rawValue: method.algorithm).flatMap { Algorithm.row($0).tau }?.formatted(significantDigits: 4)
  }

  private func setting(_ choice: StudyResults.Choice) -> Prose {
    let others = [atTheEnds(except: choice.method), "What was chosen of the others stands below, with all that was searched."]
    guard let method = study.method(choice.method), let sweep = method.swept.first(where: { $0.option == "tau" }),
      sweep.values.count > 1, let chosen = method.setting(in: choice.setting)?["tau"]
    else {
      let only = tau(choice).map { "τ of \(choice.method) was not searched: \($0) is all that was tried." }
      return Prose("Which τ.", .strong) + Prose(" " + ([only] + others).compactMap(\.self).joined(separator: " "))
    }
    let best = sweep.values.compactMap { value in
      results.bestPoint(choice.method, condition) { method.setting(in: $0)?["tau"] == value }
        .flatMap { point in point.rate.map { (value: value, rate: $0) } }
    }
    guard let own = best.first(where: { $0.value == chosen })?.rate else { return Prose() }
    let near = best.filter { $0.value != chosen && $0.rate.interval.upperBound >= own.interval.lowerBound }
    var sentences = ["τ of \(choice.method) was searched among \(Wording.list(sweep.values)); \(chosen) was best on validation."]
    if near.isEmpty {
      sentences.append("The others were worse by more than their intervals.")
    } else {
      let names = Wording.list(near.map { "\($0.value) (\(Wording.share($0.rate.value)))" })
      sentences.append(
        "\(names) came close enough to \(Wording.share(own.value)) that the intervals overlap: the choice among them may be chance."
      )
    }
    if let end = sweep.end(chosen) {
      sentences.append("It is the \(end.rawValue) that was tried; a \(end.beyond) one may be better still.")
    }
    sentences.append("τ means something else to every loss: do not carry it from one method to another.")
    sentences += others.compactMap(\.self)
    return Prose("Which τ.", .strong) + Prose(" " + sentences.joined(separator: " "))
  }

  /// Methods that a wider search may do more for than for the one that is recommended.
  private func atTheEnds(except best: String) -> String? {
    let found = study.methods.filter { $0.name != best }.compactMap { method -> String? in
      guard let choice = results.choice(method.name, condition), let sweep = method.swept.first(where: { $0.option == "tau" }),
        let chosen = method.setting(in: choice.setting)?["tau"], let end = sweep.end(chosen)
      else { return nil }
      return "\(method.name) (\(chosen), the \(end.rawValue))"
    }
    guard !found.isEmpty else { return nil }
    return "Of the others these were best at an end of what was tried, and may do better beyond it: \(Wording.list(found))."
  }

  // MARK: For which data

  private var byData: Prose {
    let kinds: [(when: String, holds: (Study.Method) -> Bool)] = [
      ("a judge that compares can be asked while training", { !$0.isOffline && $0.signal == .preferences }),
      ("only recorded preferences are at hand", { $0.isOffline }),
      ("only rewards are at hand", { $0.signal == .rewards }),
    ]
    let found = kinds.compactMap { kind -> String? in
      guard let best = ranking.first(where: { study.method($0.method).map(kind.holds) ?? false }) else { return nil }
      return "where \(kind.when), \(best.method) did best on average"
    }
    var sentences = found.count > 1 ? [found.joined(separator: "; ").capitalizedFirst + "."] : []
    let standings = results.standings.filter { $0.condition == condition }
    if let hardest = standings.min(by: { $0.exploitability.mean < $1.exploitability.mean }) {
      sentences.append(
        "Where what matters is not to be beaten by anything, \(hardest.method) was the hardest to beat: the best other policy of this "
          + "study leads its seeds by \(Wording.spread(hardest.exploitability, 3)).")
    }
    if let byTexts { sentences.append(byTexts) }
    guard !sentences.isEmpty else { return Prose() }
    return Prose("For which data.", .strong) + Prose(" " + sentences.joined(separator: " "))
  }

  // MARK: How sure

  private var certainty: Prose {
    let pairs = ranking.count * (ranking.count - 1) / 2
    let seeds = study.seedCount
    var sentences: [String] = []
    if seeds == 1 {
      sentences.append(
        "One seed a method says nothing about how much chance there is in training: a difference may be the seed's.")
    } else {
      sentences.append(
        "\(seeds) seeds a method say little about others; the intervals take them into account as well as that goes.")
    }
    if pairs > 1 {
      sentences.append("An interval of 95 % misses one time in twenty, and \(pairs) pairs are compared here.")
    }
    if let leadByChance { sentences.append(leadByChance) }
    sentences.append(
      "All of this is what \(study.condition(condition)!.task.judge) says of answers to prompts like these, by models of this size: "
        + "for your data, run the study on them.")
    return Prose("How sure that is.", .strong) + Prose(" " + sentences.joined(separator: " "))
  }

  // MARK: What validation prompts say

  /// What the same policies win over the supervised one on the prompts that settings were chosen by: the best method, and those that are
  /// ahead of it there, the best first.
  private var onValidation: (best: MethodRates, ahead: [MethodRates])? {
    let rates = ranking.map { (method: $0.method, own: results.standing($0.method, condition)!.overSupervisedOnValidation) }
    return rates.first.map { best in
      (best, rates.filter { $0.own.mean > best.own.mean }.sorted { $0.own.mean > $1.own.mean })
    }
  }

  private typealias MethodRates = (method: String, own: StudyResults.SeedRates)

  private func named(_ rates: MethodRates) -> String { "\(rates.method) (\(Wording.share(rates.own.mean)))" }

  /// Where another method is ahead by more than an interval.
  private var byTexts: String? {
    guard let (best, ahead) = onValidation, let first = ahead.first, first.own.mean > best.own.interval.upperBound else {
      return nil
    }
    return
      "Which method is best depends on the texts: on the validation prompts \(named(first)) wins more often over the supervised "
      + "policy than \(named(best)), with the same seeds."
  }

  /// Where others are ahead by less.
  private var leadByChance: String? {
    guard byTexts == nil, let (best, ahead) = onValidation, !ahead.isEmpty else { return nil }
    return "On the validation prompts \(Wording.list(ahead.map(named))) \(ahead.count == 1 ? "wins" : "win") more often over the "
      + "supervised policy than \(named(best)), with the same seeds: who leads is partly chance."
  }
}

extension StudyResults {
  /// The search's best point of a method among settings; nil where every run diverged.
  func bestPoint(_ method: String, _ condition: String, where holds: (_ setting: String) -> Bool) -> SearchPoint? {
    search.filter { $0.cell.method == method && $0.cell.condition == condition && $0.rate != nil && holds($0.cell.setting) }
      .max { $0.rate!.value < $1.rate!.value }
  }
}

extension Study.Method.Sweep {
  /// An end of what was tried, which what is best may lie beyond.
  fileprivate enum End: String {
    case smallest, largest

    var beyond: String { self == .smallest ? "smaller" : "larger" }
  }

  /// Nil for a value between others, and where nothing else was tried.
  fileprivate func end(_ value: String) -> End? {
    let numbers = values.compactMap(Double.init)
    guard numbers.count > 1, let number = Double(value) else { return nil }
    return number == numbers.min() ? .smallest : number == numbers.max() ? .largest : nil
  }
}

extension Study.Method {
  /// Whether it learns from recorded preferences.
  var isOffline: Bool { options["offline"] == "true" }

  /// What it is told; nil for an algorithm that is not known.
  var signal: Algorithm.Signal? { Algorithm.Name(rawValue: algorithm).map { Algorithm.row($0).signal } }
}
