import PoiseReport

/// What policies said, beside each other.
extension StudyReport {
  /// Prompts that are shown: the first of the test split, which nobody chose.
  private static let sampleCount = 3

  func samples() throws -> [Document.Block] {
    let speakers = try speakers(study.conditions[0].name)
    let count = min(Self.sampleCount, speakers.map(\.answers.list.count).min() ?? 0)
    let answers = AnswersSideBySide(
      prompts: speakers[0].answers.list.prefix(count).map(\.prompt),
      speakers: speakers.map { .init(name: $0.name, answers: $0.answers.list.prefix(count).map(\.text)) })
    let introduction =
      "The first \(count) test prompts, and what the supervised policy and the first seed of every method answered"
      + (study.conditions.count > 1 ? " under \(study.conditions[0].name)." : ".")
    return [.heading(2, "What they say"), .paragraph(Prose(introduction))] + answers.blocks
  }

  private func speakers(_ condition: String) throws -> [(name: String, answers: Answers)] {
    let supervised = (name: "SFT", answers: try Answers(folder(study.condition(condition)!.task.supervisedAnswers(.test))))
    let others = try results.choices.filter { $0.condition == condition }.map { choice in
      let path = StudyCell(of: choice, seed: 1).answers(.test, step: choice.step)
      return (name: choice.method, answers: try Answers(folder(path)))
    }
    return [supervised] + others
  }
}
