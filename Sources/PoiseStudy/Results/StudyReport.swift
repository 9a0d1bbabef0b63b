import PoiseFiles

/// What a study found, as Markdown.
public struct StudyReport {
  private let study: Study
  private let results: StudyResults
  private let folder: String

  public init(_ study: Study, _ results: StudyResults, folder: String) {
    (self.study, self.results, self.folder) = (study, results, folder)
  }

  public var markdown: String {
    let sections = study.conditions.flatMap { condition -> [String] in
      let heading = study.conditions.count > 1 ? ["## \(condition.name)"] : []
      return heading + [choices(condition.name), sideBySide(condition.name), standings(condition.name)]
    }
    return (["# \(study.title)", introduction] + sections + [search]).joined(separator: "\n\n") + "\n"
  }

  private var introduction: String {
    let against = study.baseline.map { "against the best of \($0), which was chosen against the supervised policy" }
    return "Settings and steps were chosen on \(study.task.validationCount) validation prompts, "
      + "\(against ?? "against the supervised policy"); what follows is of \(study.seedCount) further seeds each on "
      + "\(study.task.testCount) other prompts. The judge is \(study.task.judge), asked in both orders."
      + (study.search == .halving ? " Settings were searched by successive halving: most of them did not run to the end." : "")
  }

  private func table(_ header: [String], _ rows: [[String]]) -> String {
    let lines = [header, header.indices.map { $0 == 0 ? "---" : "---:" }] + rows
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private func choices(_ condition: String) -> String {
    let rows = results.choices.filter { $0.condition == condition }.map {
      [$0.method, $0.setting.replacing("_", with: ", "), String($0.step), $0.rate.formatted(decimals: 3)]
    }
    return "### What was chosen\n\n" + table(["method", "setting", "steps", "win rate there"], rows)
  }

  private func sideBySide(_ condition: String) -> String {
    let methods = study.methods.map(\.name)
    let rows = methods.map { row in [row] + methods.map { cell(row, $0, condition) } }
    return "### Side by side\n\nWin rate of the row over the column: mean over all pairs of seeds (their standard deviation), "
      + "95 % interval over seeds and prompts.\n\n" + table([""] + methods, rows)
  }

  private func cell(_ row: String, _ column: String, _ condition: String) -> String {
    if row == column { return "–" }
    let own = results.pairings.filter { $0.condition == condition }
    func text(_ mean: Double, _ deviation: Double, _ interval: ClosedRange<Double>) -> String {
      "\(mean.formatted(decimals: 3)) (\(deviation.formatted(decimals: 3))) \(interval.lowerBound.formatted(decimals: 3))–"
        + interval.upperBound.formatted(decimals: 3)
    }
    if let pairing = own.first(where: { $0.row == row && $0.column == column }) {
      return text(pairing.mean, pairing.standardDeviation, pairing.interval)
    }
    guard let pairing = own.first(where: { $0.row == column && $0.column == row }) else { return "–" }
    return text(
      1 - pairing.mean, pairing.standardDeviation, 1 - pairing.interval.upperBound...1 - pairing.interval.lowerBound)
  }

  private func standings(_ condition: String) -> String {
    func spread(_ values: [Double], _ decimals: Int) -> String {
      "\(values.mean.formatted(decimals: decimals)) (\(values.standardDeviation.formatted(decimals: decimals)))"
    }
    let rows = results.standings.filter { $0.condition == condition }.map { standing in
      [
        standing.method, spread(standing.overSupervised, 3), spread(standing.measures.map(\.divergence), 2),
        spread(standing.measures.map(\.length), 1), spread(standing.measures.map(\.distinctPairs), 3),
        spread(standing.exploitability, 3),
      ]
    }
    return
      "### How they stand\n\nMean over seeds (standard deviation). KL is of responses, in nats; distinct pairs are different pairs of "
      + "neighbouring tokens among all; exploitability is the best other policy's lead, p − ½.\n\n"
      + table(["method", "over SFT", "KL to SFT", "tokens", "distinct pairs", "exploitability"], rows)
  }

  private var search: String {
    let rows = results.search.map { point in
      [
        point.cell.condition, point.cell.method, point.cell.setting.replacing("_", with: ", "), String(point.step),
        point.rate.map {
          "\($0.value.formatted(decimals: 3)) (\($0.interval.lowerBound.formatted(decimals: 3))–"
            + "\($0.interval.upperBound.formatted(decimals: 3)))"
        } ?? "diverged",
        point.measures.map { $0.divergence.formatted(decimals: 2) } ?? "",
        point.measures.map { $0.length.formatted(decimals: 1) } ?? "",
      ]
    }
    return "## The search\n\n" + table(["condition", "method", "setting", "steps", "win rate", "KL", "tokens"], rows)
  }
}
