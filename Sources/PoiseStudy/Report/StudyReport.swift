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
    let found = study.conditions.flatMap { condition -> [Document.Block] in
      let heading: [Document.Block] = study.conditions.count > 1 ? [.heading(2, condition.name)] : []
      let tables = [sideBySideTable(condition.name), standingsTable(condition.name)].map { Document.Block.table($0) }
      return heading + adviceUnder(condition.name) + tables
    }
    return Document(study.title, answer + found).markdown(figures: "report")
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

  /// What to do, in all, and how that was found.
  private var answer: [Document.Block] {
    let advice =
      study.conditions.count > 1
      ? ConditionAdvice(study, results).paragraphs : StudyAdvice(study, results, condition: study.conditions[0].name).paragraphs
    return (advice + [Prose(protocolOfComparison)]).map { .paragraph($0) }
  }

  /// What to do under one of several conditions; nothing where there is only one, for which the answer speaks.
  func adviceUnder(_ condition: String) -> [Document.Block] {
    guard study.conditions.count > 1 else { return [] }
    return StudyAdvice(study, results, condition: condition).paragraphs.map { .paragraph($0) }
  }

  private var protocolOfComparison: String {
    let against = study.baseline.map { "against the best of \($0), which was chosen against the supervised policy" }
    let halving = "Settings were searched by successive halving: most of them did not run to the end."
    let parts = [
      "How this was found: settings and steps were chosen on \(byTask(\.validationCount)) validation prompts,",
      "\(against ?? "against the supervised policy");",
      "what is compared is \(study.seedCount) further \(study.seedCount == 1 ? "seed" : "seeds") of each on",
      "\(byTask(\.testCount)) other prompts. The judge is \(byTask(\.judge)), asked in both orders; verdicts count,",
      "ties half. Intervals are of 95 %, over seeds and prompts.", study.search == .halving ? halving : "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// What all tasks have, or what each has.
  private func byTask(_ value: (StudyTask) -> some CustomStringConvertible) -> String {
    let values = study.tasks.map { "\(value($0))" }
    if Set(values).count == 1 { return values[0] }
    return Wording.list(zip(values, study.tasks).map { "\($0) (\($1.name))" })
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
