import PoiseFiles
import PoiseReport
import PoiseText

/// What policies said, beside each other.
extension StudyReport {
  /// Prompts that are shown: the first of the test split, which nobody chose.
  private static let sampleCount = 3

  func samples() throws -> [Document.Block] {
    let speakers = try speakers(study.conditions[0].name)
    let count = min(Self.sampleCount, speakers.map(\.answers.list.count).min() ?? 0)
    let prompts = (0..<count).map { speakers[0].answers.list[$0].prompt }
    let posts = prompts.map { try? TaskGenerator.post(fromPrompt: $0) }
    let legend: [Document.Block] = posts.contains { $0 != nil } ? [.paragraph(Self.legend)] : []
    let shown = (0..<count).flatMap { index -> [Document.Block] in
      let prompt = posts[index]?.text ?? prompts[index].shortened(to: 600)
      return [
        .heading(3, "Prompt \(index + 1)"), .paragraph(Prose(prompt)),
        .table(table(speakers.map { ($0.name, $0.answers.list[index].text) }, about: posts[index])),
      ]
    }
    let introduction =
      "The first \(count) test prompts, and what the supervised policy and the first seed of every method answered"
      + (study.conditions.count > 1 ? " under \(study.conditions[0].name)." : ".")
    return [.heading(2, "What they say"), .paragraph(Prose(introduction))] + legend + shown
  }

  private static let legend =
    Prose("said rightly", .right) + ", " + Prose("of the post, but beside the matter", .aside) + ", "
    + Prose("invented or said twice", .wrong) + ". The score is the rubric's; a perfect summary has 6."

  private func speakers(_ condition: String) throws -> [(name: String, answers: Answers)] {
    let supervised = (name: "SFT", answers: try Answers(folder(study.condition(condition)!.task.supervisedAnswers(.test))))
    let others = try results.choices.filter { $0.condition == condition }.map { choice in
      let path = StudyCell(of: choice, seed: 1).answers(.test, step: choice.step)
      return (name: choice.method, answers: try Answers(folder(path)))
    }
    return [supervised] + others
  }

  private func table(_ said: [(name: String, text: String)], about post: Post?) -> Document.Table {
    guard let post else {
      return Document.Table(["policy", "answer"], said.map { [Prose($0.name), Prose($0.text)] }, isNumeric: false)
    }
    let rubric = Rubric()
    let rows = said.map { name, text -> [Prose] in
      let score = rubric.score(summary: text, of: post)
      let missing = Fact.allCases.filter { !score.covered.contains($0) }.map { "\($0)" }
      return [
        Prose(name), Prose(text, remarks: rubric.remarks(on: text, of: post)), Prose(score.total.formatted(decimals: 1)),
        Prose(missing.isEmpty ? "nothing" : missing.joined(separator: ", ")),
      ]
    }
    return Document.Table(["policy", "answer", "score", "misses"], rows, isNumeric: false)
  }
}

extension Prose {
  /// A summary with what it gets right and wrong.
  init(_ summary: String, remarks: [SummaryRemark]) {
    self.init()
    var position = summary.startIndex
    for remark in remarks {
      let style: Style
      switch remark.kind {
      case .fact: style = .right
      case .part: continue
      case .aside: style = .aside
      case .invention, .repetition: style = .wrong
      }
      self = self + Prose(String(summary[position..<remark.range.lowerBound])) + Prose(String(summary[remark.range]), style)
      position = remark.range.upperBound
    }
    self = self + Prose(String(summary[position...]))
  }
}

extension String {
  fileprivate func shortened(to count: Int) -> String { self.count <= count ? self : prefix(count - 1) + "…" }
}
