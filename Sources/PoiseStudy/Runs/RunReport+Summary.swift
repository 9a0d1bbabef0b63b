import Poise
import PoiseFiles
import PoiseReport

/// What the runs are and how they ended, in words.
extension RunReport {
  /// As many runs as have a sentence each; of more, those that did not end.
  private static let mostSentences = 6

  var summary: [Document.Block] {
    let told = runs.count <= Self.mostSentences ? runs : runs.filter { $0.ending != .finished && $0.ending != .ended }
    let overview = runs.count > 1 ? [Document.Block.paragraph(Prose(self.overview))] : []
    return overview + told.map { .paragraph(Prose($0.name, .strong) + sentences($0)) }
  }

  private var overview: String {
    let kinds = self.kinds.map { kind in
      let count = runs(kind).count
      return "\(count) \(kind.words(count))"
    }
    let open = runs.count { $0.ending != .finished && $0.ending != .ended }
    let ending =
      switch open {
      case 0: "All of them finished."
      case runs.count: "None of them has made all its steps."
      case 1: "One of them has not made all its steps."
      default: "\(open) of them have not made all their steps."
      }
    return "\(runs.count) runs: \(Wording.list(kinds)). \(ending)"
  }

  private func sentences(_ run: RecordedRun) -> Prose {
    let command = run.command.map { ", as made by " + Prose("poise \($0)", .code) } ?? Prose()
    let results = results(run)
    return Prose(" is a \(run.kind.words(1))") + command + ". It " + progress(run) + "."
      + Prose(results.isEmpty ? "" : " \(results.joined(separator: "; ").capitalizedFirst).")
  }

  private func progress(_ run: RecordedRun) -> Prose {
    let steps = "\(run.steps) \(run.steps == 1 ? "step" : "steps")"
    let ofAll = run.plannedSteps.map { "\(run.steps) of its \($0) \($0 == 1 ? "step" : "steps")" } ?? steps
    switch run.ending {
    case .finished:
      return Prose(run.plannedSteps == run.steps && run.steps > 1 ? "made all its \(steps)" : "made \(steps)")
    case .ended:
      return Prose("ended after \(ofAll), as more did not help on held-out comparisons")
    case .stopped(let saved):
      let since = saved < run.steps ? "; its newest complete checkpoint is that of step \(saved)" : ""
      return Prose("has made \(ofAll)\(since). Its command, with ") + Prose("--resume", .code) + " at its end, goes on from there"
    case .unsaved:
      return Prose("recorded \(ofAll) and has no complete checkpoint: it is still at work, or was stopped before it wrote one")
    }
  }

  /// What its numbers were at the end, after those at the beginning.
  private func results(_ run: RecordedRun) -> [String] {
    func change(_ words: String, _ unit: String, _ decimals: Int, _ value: (StepRecord) -> Double?) -> String? {
      guard let means = run.history.window.means(value) else { return nil }
      let (first, last) = (means.first.formatted(decimals: decimals), means.last.formatted(decimals: decimals))
      return run.history.count == 1 ? "\(words) was \(last)\(unit)" : "\(words) went from \(first) to \(last)\(unit)"
    }
    switch run.kind {
    case .supervised: return [change("its loss", " nats a token", 3) { $0.loss }].compactMap(\.self)
    case .judge:
      let agreement = run.bestHeldOut.map {
        "it agreed with \(Wording.share($0.accuracy)) of held-out comparisons at its best, after step \($0.step)"
      }
      return [agreement ?? change("its loss", " nats a pair", 3) { $0.loss }].compactMap(\.self)
    case .policy:
      let win = run.history.lastLook?.look?.startWinRate.map { "it wins \(Wording.share($0)) against its start" }
      return [
        win, change("its reward", "", 3) { $0.sampling?.reward },
        change("KL to the reference", " nats a response", 2) { $0.sampling?.exactDivergence },
        change("the share of pairs that it ranks as they are labelled", "", 3) { $0.preference?.accuracy },
      ].compactMap(\.self)
    }
  }

  /// What the diagnosis of each policy says, as at the end of its training.
  var findings: [Document.Block] {
    let diagnosed = runs(.policy).map { (name: $0.name, findings: RunDiagnosis($0.history).findings) }
    let found = diagnosed.flatMap { run in
      run.findings.map { Document.Block.paragraph(Prose(run.name, .strong) + Prose(": \($0.text)")) }
    }
    let quiet = diagnosed.filter(\.findings.isEmpty).map(\.name)
    guard !diagnosed.isEmpty else { return [] }
    let nothing = quiet.isEmpty ? [] : [Document.Block.paragraph(Prose("Nothing unusual was seen in \(Wording.list(quiet))."))]
    return (found.isEmpty ? [] : [.heading(2, "What went wrong or was wasted")]) + found + nothing
  }
}
