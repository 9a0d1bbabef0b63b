import Foundation
import Poise
import PoiseFiles
import PoiseRandom
import PoiseText

/// What the judges of a study say of pairs of answers, in both orders; asked once, then remembered in the study's folder.
final class Verdicts {
  private let folder: StudyFolder
  private let makeJudge: (String) throws -> any Annotator
  private var comparing: [String: SideBySide] = [:]
  private var answers: [String: Answers] = [:]

  /// - Parameter makeJudge: of a JUDGE; it is made when first there is something to ask it.
  init(_ folder: StudyFolder, makeJudge: @escaping (String) throws -> any Annotator) {
    (self.folder, self.makeJudge) = (folder, makeJudge)
  }

  func answers(_ path: String) throws -> Answers {
    if let known = answers[path] { return known }
    let read = try Answers(folder(path))
    answers[path] = read
    return read
  }

  /// p(row ≻ column) at every prompt.
  ///
  /// - Parameters:
  ///   - row: a file of answers, within the study.
  ///   - column: another, to the same prompts.
  ///   - judge: who is asked.
  func preferences(_ row: String, over column: String, by judge: String) throws -> [Double] {
    let path = file(row, column, judge)
    if Files.exists(path), let known = try Files.readJSON(path)["preferences"]?.array?.compactMap(\.double) { return known }
    let (rows, columns) = try (answers(row).list, answers(column).list)
    guard rows.map(\.prompt) == columns.map(\.prompt) else {
      throw DataError(folder(row), "these are answers to other prompts than those of \(folder(column)).")
    }
    let asked = try comparing[judge] ?? SideBySide(judge: makeJudge(judge))
    comparing[judge] = asked
    let preferences = try asked.preferences(
      rows.map { [$0.text] }, over: columns.map { [$0.text] }, prompts: rows.map { Question($0.prompt) }
    ).flatMap(\.self)
    let json: JSON = ["row": .string(row), "column": .string(column), "preferences": .init(preferences)]
    try Files.replace(path, with: json.line + "\n")
    return preferences
  }

  private func file(_ row: String, _ column: String, _ judge: String) -> String {
    let word = CounterGenerator.word(of: JSON.array([.string(judge), .string(row), .string(column)]).line)
    return folder("verdicts/\(String(word, radix: 16)).json")
  }
}
