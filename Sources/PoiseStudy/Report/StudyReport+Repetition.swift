import PoiseFiles
import PoiseReport

/// Where it was done, and how to do it again.
extension StudyReport {
  func repetition() throws -> [Document.Block] {
    let entries = try StudyJournal.entries(folder.journal)
    let facts = (circumstances.facts + (try facts(ofRuns: entries))).map { [Prose($0.name), Prose($0.value)] }
    let commands = entries.map { "poise " + Wording.shell($0.arguments) }
    let seconds = entries.reduce(0) { $0 + $1.seconds }
    return [
      .heading(2, "To do it again"),
      .paragraph("This line does all of it; where it is stopped, the same line goes on."),
      .code("poise " + Wording.shell(circumstances.arguments)),
      .paragraph(
        Prose(
          """
          It consists of \(entries.count) commands, which took \((seconds / 60).formatted(decimals: 1)) minutes one after the other. A \
          run gives the same bits again with the same version, on any number of threads.
          """)),
      .details("All \(commands.count) commands, in the order in which they ended", [.code(commands.joined(separator: "\n"))]),
      .heading(3, "Circumstances"), .table(Document.Table(["", ""], facts, isNumeric: false)),
      .paragraph(
        """
        The data of every figure and of every table are beside this page, in report/*.csv; what every run recorded at every step is in \
        its metrics.jsonl, and for TensorBoard in tensorboard/.
        """),
    ]
  }

  private func facts(ofRuns entries: [StudyJournal.Entry]) throws -> [StudyCircumstances.Fact] {
    let runs = try RunEvents.runs(in: folder).map { folder("\($0)/poise_run.json") }.filter(Files.exists).map(Files.readJSON)
    let failures = entries.count { $0.failure != nil }
    return StudyCircumstances.Fact.recorded(by: runs)
      + (failures == 0 ? [] : [StudyCircumstances.Fact("commands that diverged", String(failures))])
  }
}

extension StudyCircumstances.Fact {
  /// What runs say that they were made by: more than one value where they were made by different programs or machines.
  ///
  /// - Parameter descriptions: `poise_run.json` of each.
  static func recorded(by descriptions: [JSON]) -> [Self] {
    let names = [
      ("poise_version", "version of the runs"), ("instruction_set", "kernels of the runs"), ("blas", "BLAS of the runs"),
    ]
    return names.compactMap { key, name in
      let values = Set(descriptions.compactMap { $0[key]?.string }).sorted()
      return values.isEmpty ? nil : Self(name, values.joined(separator: "; "))
    }
  }
}
