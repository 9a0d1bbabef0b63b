import Poise
import PoiseReport

/// What made the runs, and how to make them again.
extension RunReport {
  var repetition: [Document.Block] {
    let commands = runs.map { run -> (name: String, command: RecordedCommand?) in
      var command = RecordedCommand(run.description)
      command?.removeOccasion()
      return (run.name, command)
    }
    let silent = commands.filter { $0.command == nil }.map(\.name)
    var lines: [String] = []
    var folder: String?
    for command in commands.compactMap(\.command) {
      if let own = command.workingDirectory, own != folder {
        lines.append("cd \(Wording.shell([own]))")
        folder = own
      }
      let line = "poise \(Wording.shell(command.arguments))"
      if !lines.contains(line) { lines.append(line) }
    }
    let facts = StudyCircumstances.Fact.recorded(by: runs.map(\.description)).map { [Prose($0.name), Prose($0.value)] }
    var blocks: [Document.Block] = [.heading(2, "To do it again")]
    if !lines.isEmpty {
      blocks += [
        .paragraph(
          Prose(
            """
            Where a folder holds a run already, choose another --out. A run gives the same bits again with the same version and the \
            same files, on any number of threads; 
            """) + Prose("poise verify-run RUN", .code) + " makes its last steps again and compares them."),
        .code(lines.joined(separator: "\n")),
      ]
    }
    if !silent.isEmpty { blocks.append(.paragraph(Prose("What made \(Wording.list(silent)) is not recorded."))) }
    if !facts.isEmpty { blocks.append(.table(Document.Table(["", ""], facts, isNumeric: false))) }
    return blocks
  }
}
