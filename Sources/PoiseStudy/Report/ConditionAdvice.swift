import PoiseReport

/// What a study with several conditions says in all: who is best under which, and whom a change of condition harms least.
struct ConditionAdvice {
  private let study: Study
  private let results: StudyResults

  init(_ study: Study, _ results: StudyResults) { (self.study, self.results) = (study, results) }

  var paragraphs: [Prose] { [best, change].compactMap(\.self) }

  private var conditions: [String] { study.conditions.map(\.name) }

  /// The best of every condition, a method named once; whether it is alone there is said under each.
  private var best: Prose? {
    var places: [(method: String, conditions: [String])] = []
    for condition in conditions {
      guard let method = StudyAdvice(study, results, condition: condition).ranking.first?.method else { continue }
      if let known = places.firstIndex(where: { $0.method == method }) {
        places[known].conditions.append(condition)
      } else {
        places.append((method, [condition]))
      }
    }
    guard !places.isEmpty else { return nil }
    let names = Wording.list(places.map { "\($0.method) under \(Wording.list($0.conditions))" })
    return Prose("By mean win rate over the others the best is \(names).", .strong)
      + " Where the best cannot be told apart from others, that is said under its condition."
  }

  /// From the first condition to the last, which are its ends where conditions are degrees of one thing.
  private var change: Prose? {
    guard let first = conditions.first, let last = conditions.last, first != last else { return nil }
    let changes = study.methods.compactMap { method -> (method: String, before: Double, after: StudyResults.Standing)? in
      guard let before = results.standing(method.name, first), let after = results.standing(method.name, last) else { return nil }
      return (method.name, before.overSupervised.mean, after)
    }.sorted { $0.after.overSupervised.mean > $1.after.overSupervised.mean }
    guard let kept = changes.first, let lost = changes.last, changes.count > 1 else { return nil }
    func words(_ change: (method: String, before: Double, after: StudyResults.Standing)) -> String {
      "\(change.method), from \(Wording.share(change.before)) to \(Wording.share(change.after.overSupervised.mean)) "
        + "(\(Wording.interval(change.after.overSupervised.interval)))"
    }
    let useless = changes.filter { $0.after.overSupervised.interval.lowerBound <= 0.5 }.map(\.method)
    let surviving =
      useless.isEmpty
      ? "All methods are still better than the supervised policy under \(last), by more than the intervals leave to chance."
      : useless.count == changes.count
        ? "Under \(last) no method is shown to be better than the supervised policy."
        : "Under \(last) these are no longer shown to be better than the supervised policy: \(Wording.list(useless))."
    return Prose("What the change of condition does.", .strong)
      + Prose(
        " Win rates over the supervised policy from \(first) to \(last): highest in the end \(words(kept)); lowest "
          + "\(words(lost)). \(surviving)")
  }
}
