import Poise
import PoiseFiles
import PoiseReport

/// How the runs ended and what they were told, in tables.
extension RunReport {
  // MARK: Outcome

  private struct Column: Sendable {
    let title: String
    /// What the title does not say.
    let note: String?
    let cell: @Sendable (RecordedRun) -> String?

    init(_ title: String, _ note: String? = nil, _ cell: @escaping @Sendable (RecordedRun) -> String?) {
      (self.title, self.note, self.cell) = (title, note, cell)
    }

    /// A mean of the last steps.
    init(_ title: String, _ note: String? = nil, decimals: Int, _ value: @escaping @Sendable (StepRecord) -> Double?) {
      self.init(title, note) { $0.history.window.means(value)?.last.formatted(decimals: decimals) }
    }
  }

  private static let columns: [Column] = [
    Column("steps") { run in run.plannedSteps.map { "\(run.steps) of \($0)" } ?? String(run.steps) },
    Column("tokens", "tokens are those of responses that were learnt from") { String($0.last.tokenCount) },
    Column("seconds") { $0.seconds.formatted(decimals: 1) },
    Column("loss", decimals: 4) { $0.loss },
    Column("KL", "KL is in nats a response, over the whole vocabulary at every token", decimals: 3) {
      $0.sampling?.exactDivergence
    },
    Column("reward", decimals: 3) { $0.sampling?.reward },
    Column("win rate", "the win rate is that over the start, at the last look") {
      $0.history.lastLook?.look?.startWinRate.map { Wording.share($0) }
    },
    Column("ranked", "ranked is the share of pairs that the policy ranks as they are labelled", decimals: 3) {
      $0.preference?.accuracy
    },
    Column("length", "length is tokens a response", decimals: 1) { $0.preference == nil ? nil : $0.responseLength },
    Column("held-out agreement", "held-out agreement is that of the best look") {
      $0.bestHeldOut.map { Wording.share($0.accuracy) }
    },
    Column("checkpoint", "checkpoint is the step of the newest complete one") { $0.checkpoints.last.map { String($0.step) } },
    Column("best checkpoint") { run in
      run.best.map { "\($0.checkpoint.step), \($0.criterion.rawValue) \($0.value.formatted(decimals: 3))" }
    },
  ]

  private func columns(of runs: [RecordedRun]) -> [Column] {
    Self.columns.filter { column in runs.contains { column.cell($0) != nil } }
  }

  var outcome: [Document.Block] {
    let notes = columns(of: runs).compactMap(\.note).joined(separator: "; ").capitalizedFirst
    let means =
      "What every step records is given as its mean over the last steps, up to twenty and not more than a quarter of the run."
    var blocks: [Document.Block] = [.heading(2, "How \(runs.count == 1 ? "it" : "they") ended")]
    for kind in kinds {
      blocks += heading(kind)
      blocks.append(.table(outcome(kind)))
      if kind == .judge { blocks += verdicts }
    }
    blocks.append(.paragraph(Prose("\(means) \(notes).")))
    return blocks
  }

  private func outcome(_ kind: RecordedRun.Kind) -> Document.Table {
    let runs = runs(kind)
    let shown = columns(of: runs)
    let rows = runs.map { run in [Prose(run.name)] + shown.map { Prose($0.cell(run) ?? "–") } }
    return Document.Table(["run"] + shown.map(\.title), rows, name: fileName("runs", kind))
  }

  /// What judges are worth on pairs that they have not seen, beside what needs no transformer.
  private var verdicts: [Document.Block] {
    let judged = runs(.judge).compactMap { run in run.verdict.map { (name: run.name, verdict: $0) } }
    guard !judged.isEmpty else { return [] }
    func number(_ json: JSON?, _ decimals: Int) -> Prose { json?.double.map { Prose($0.formatted(decimals: decimals)) } ?? "–" }
    let rows = judged.map { name, verdict in
      let accuracy = verdict["accuracy"]
      let interval = accuracy?["ci_low"]?.double.flatMap { low in accuracy?["ci_high"]?.double.map { (low, $0) } }
      return [
        Prose(name), number(verdict["pairs"], 0), number(accuracy?["mean"], 3),
        interval.map { Prose("\(Wording.share($0.0))–\(Wording.share($0.1))") } ?? "–",
        number(verdict["longer_wins"]?["mean"], 3), number(verdict["bag_of_words"]?["mean"], 3), number(verdict["log_loss"], 4),
        number(verdict["calibration/ece"], 4), number(verdict["asymmetry"], 4),
      ]
    }
    return [
      .paragraph("On comparisons that they have not learnt from, beside two that need no transformer:"),
      .table(
        Document.Table(
          [
            "judge", "pairs", "agreement", "95 %", "longer wins", "bag of words", "log loss", "calibration error", "antisymmetry",
          ], rows, name: "judges")),
    ]
  }

  // MARK: Settings

  private struct Setting {
    let name: String
    /// By run; nil where a run has no such setting.
    let values: [String?]
    var isShared: Bool { values.allSatisfy { $0 == values[0] } }
  }

  /// What differs among runs of a kind beside each other, and what is the same once.
  var settings: [Document.Block] {
    [.heading(2, "Settings")] + kinds.flatMap { kind in heading(kind) + settings(kind) }
  }

  private func settings(_ kind: RecordedRun.Kind) -> [Document.Block] {
    let silent = runs(kind).filter(\.settings.isEmpty).map(\.name)
    let runs = runs(kind).filter { !$0.settings.isEmpty }
    let all = Self.settings(of: runs)
    let different = all.filter { !$0.isShared }
    let shared = all.filter(\.isShared).map { [Prose($0.name), Prose($0.values[0] ?? "–")] }
    var blocks: [Document.Block] = []
    if !silent.isEmpty { blocks.append(.paragraph(Prose("Not recorded by \(Wording.list(silent))."))) }
    if !different.isEmpty { blocks.append(.table(table(different, of: runs, kind))) }
    guard !shared.isEmpty else { return blocks }
    let title = runs.count == 1 ? "All settings of \(runs[0].name)" : "What is the same in all of them"
    let table = Document.Table(["setting", "value"], shared, name: fileName("settings", kind), isNumeric: false)
    return blocks + [.details(title, [.table(table)])]
  }

  /// Taller than wide.
  private func table(_ different: [Setting], of runs: [RecordedRun], _ kind: RecordedRun.Kind) -> Document.Table {
    let name = fileName("differences", kind)
    let (names, cells) = (different.map(\.name), different.map { $0.values.map { Prose($0 ?? "–") } })
    if runs.count > different.count {
      let rows = runs.enumerated().map { index, run in [Prose(run.name)] + cells.map { $0[index] } }
      return Document.Table(["run"] + names, rows, name: name, isNumeric: false)
    }
    let rows = zip(names, cells).map { [Prose($0)] + $1 }
    return Document.Table(["setting"] + runs.map(\.name), rows, name: name, isNumeric: false)
  }

  /// In the order in which the runs name them.
  private static func settings(of runs: [RecordedRun]) -> [Setting] {
    let settings = runs.map(\.settings)
    var (names, seen): ([String], Set<String>) = ([], [])
    for name in settings.flatMap({ $0.map(\.name) }) where seen.insert(name).inserted { names.append(name) }
    let values = settings.map { Dictionary($0.map { ($0.name, $0.value) }) { first, _ in first } }
    return names.map { name in Setting(name: name, values: values.map { $0[name] }) }
  }
}

extension RecordedRun {
  /// Options as a command line spells them; files with the beginning of their SHA-256.
  fileprivate var settings: [(name: String, value: String)] {
    let known = description["data_sha256"]?.object?.members ?? []
    let digests = Dictionary(known.map { ($0.key, $0.value) }) { first, _ in first }
    let options = (description["options"]?.object?.members ?? []).filter { !$0.value.isNull }.map { name, value in
      let digest = digests[name]?.string.map { " (SHA-256 \($0.prefix(12))…)" } ?? ""
      return (name: name.replacing("_", with: "-"), value: Self.words(value) + digest)
    }
    let others = ["command", "seed"].map { name in description[name].map { [(name: name, value: Self.words($0))] } ?? [] }
    return others[0] + options + others[1]
  }

  private static func words(_ value: JSON) -> String {
    switch value {
    case .string(let text): text
    case .number(let number): number.int.map(String.init) ?? number.double.map { "\($0)" } ?? number.text
    default: value.line
    }
  }
}
