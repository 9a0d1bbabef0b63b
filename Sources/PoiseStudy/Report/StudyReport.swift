import Foundation
import PoiseFiles
import PoiseReport

/// What a study found, as a page of HTML, as Markdown, and as the data of every figure. It is made of the study's files alone.
public struct StudyReport {
  let study: Study
  let results: StudyResults
  let folder: StudyFolder
  let circumstances: StudyCircumstances

  /// - Parameter path: the study's folder.
  public init(_ study: Study, _ results: StudyResults, folder path: String, circumstances: StudyCircumstances) {
    (self.study, self.results, self.folder, self.circumstances) = (study, results, StudyFolder(path), circumstances)
  }

  /// Writes `report.html`, which needs no other file, `report.md`, figures and data in `report/`, and for TensorBoard `tensorboard/`.
  public func write() throws {
    let document = try document()
    try document.writeFiles(folder("report"))
    try document.writePage(folder("report"))
    try RunEvents(folder).write()
  }

  /// The answer and the tables that it comes from, for a terminal.
  public var summary: String {
    let tables = study.conditions.flatMap { condition in
      [sideBySideTable(condition.name), standingsTable(condition.name)].map { Document.Block.table($0) }
    }
    return Document(study.title, answer + tables).markdown(figures: "report")
  }

  func document() throws -> Document {
    var blocks = answer
    if study.conditions.count > 1 { blocks += acrossConditions }
    for condition in study.conditions { blocks += sideBySide(condition.name) }
    for condition in study.conditions { blocks += searched(condition.name) }
    blocks += properties
    blocks += try samples()
    blocks += try repetition()
    return Document(study.title, blocks)
  }

  /// What to do, for each condition.
  private var answer: [Document.Block] {
    let advice = study.conditions.flatMap { condition -> [Document.Block] in
      let heading: [Document.Block] = study.conditions.count > 1 ? [.heading(3, condition.name)] : []
      return heading + StudyAdvice(study, results, condition: condition.name).paragraphs.map { .paragraph($0) }
    }
    return advice + [.paragraph(Prose(protocolOfComparison))]
  }

  private var protocolOfComparison: String {
    let against = study.baseline.map { "against the best of \($0), which was chosen against the supervised policy" }
    let halving = "Settings were searched by successive halving: most of them did not run to the end."
    let parts = [
      "How this was found: settings and steps were chosen on \(study.task.validationCount) validation prompts,",
      "\(against ?? "against the supervised policy");",
      "what is compared is \(study.seedCount) further \(study.seedCount == 1 ? "seed" : "seeds") of each on",
      "\(study.task.testCount) other prompts. The judge is \(study.task.judge), asked in both orders; verdicts count,",
      "ties half. Intervals are of 95 %, over seeds and prompts.", study.search == .halving ? halving : "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  // MARK: Names

  /// After a heading, where there are several conditions.
  func suffix(_ condition: String) -> String { study.conditions.count > 1 ? ", \(condition)" : "" }

  /// Of a file.
  func name(_ figure: String, _ condition: String) -> String {
    study.conditions.count > 1 ? "\(figure)-\(condition)" : figure
  }

  /// Which colour and form a method has in every chart.
  func style(_ method: String) -> Int { study.methods.firstIndex { $0.name == method } ?? 0 }

  /// `tau 0.1, mixture 0.125`, or `as is`.
  func words(_ method: String, _ setting: String) -> String {
    let entries = study.method(method)?.setting(in: setting)?.entries ?? []
    return entries.isEmpty ? "as is" : entries.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
  }
}

/// Where and by what line a study was done.
public struct StudyCircumstances: Sendable {
  public struct Fact: Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// The machine and the program that made the report.
  public var facts: [Fact]
  /// The words after `poise`.
  public var arguments: [String]

  public init(facts: [Fact], arguments: [String]) { (self.facts, self.arguments) = (facts, arguments) }
}
