import PoiseFiles
import PoiseReport
import PoiseText

/// What several policies said to the same prompts, beside each other: on the built-in task with what each got right and wrong.
struct AnswersSideBySide {
  struct Speaker {
    let name: String
    /// One to a prompt.
    let answers: [String]
  }

  let prompts: [String]
  let speakers: [Speaker]

  var blocks: [Document.Block] {
    let posts = prompts.map { try? TaskGenerator.post(fromPrompt: $0) }
    let legend: [Document.Block] = posts.contains { $0 != nil } ? [.paragraph(Self.legend)] : []
    return legend
      + prompts.indices.flatMap { index -> [Document.Block] in
        let prompt = posts[index]?.text ?? prompts[index].shortened(to: 600)
        return [.heading(3, "Prompt \(index + 1)"), .paragraph(Prose(prompt)), .table(table(index, about: posts[index]))]
      }
  }

  private static let legend =
    Prose("said rightly", .right) + ", " + Prose("of the post, but beside the matter", .aside) + ", "
    + Prose("invented or said twice", .wrong) + ". The score is the rubric's; a perfect summary has 6."

  private func table(_ index: Int, about post: Post?) -> Document.Table {
    guard let post else {
      let rows = speakers.map { [Prose($0.name), Prose($0.answers[index])] }
      return Document.Table(["policy", "answer"], rows, isNumeric: false)
    }
    let rubric = Rubric()
    let rows = speakers.map { speaker -> [Prose] in
      let text = speaker.answers[index]
      let score = rubric.score(summary: text, of: post)
      let missing = Fact.allCases.filter { !score.covered.contains($0) }.map { "\($0)" }
      return [
        Prose(speaker.name), Prose(text, remarks: rubric.remarks(on: text, of: post)), Prose(score.total.formatted(decimals: 1)),
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
