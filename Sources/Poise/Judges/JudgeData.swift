import PoiseFiles
import PoiseRandom
import PoiseText

/// A recorded comparison as text, the chosen response first.
public struct RecordedComparison: Sendable, Equatable {
  public var comparison: Comparison
  /// p(chosen ≻ rejected) in [0, 1].
  public var preference: Double

  public init(_ comparison: Comparison, preference: Double) {
    self.comparison = comparison
    self.preference = preference
  }

  /// The comparisons of a JSON Lines file.
  ///
  /// - Parameter judge: its tokenizer turns token ids, where a line gives those, into text, and its chat template must be able to
  ///   write the conversations.
  /// - Throws: `DataError` naming file and line of what cannot be used.
  public static func read(_ path: String, for judge: some TokenizedJudge) throws -> [RecordedComparison] {
    try PreferenceRecord.read(path).map { record in
      try locating(path, record.line) {
        let comparison = Comparison(
          try judge.question(record.prompt), first: try judge.tokenizer.text(of: record.chosen),
          second: try judge.tokenizer.text(of: record.rejected))
        var isCut = false
        if comparison.question.conversation != nil { _ = try judge.group(comparison, isCut: &isCut) }
        return RecordedComparison(comparison, preference: record.preference)
      }
    }
  }
}

extension TokenizedJudge {
  /// A conversation asks for a chat template here: who trains a judge on conversations means them to be read as its model knows them.
  fileprivate func question(_ prompt: PromptContent) throws -> Question {
    switch prompt {
    case .text(let text): return Question(text)
    case .tokens(let ids): return Question(try tokenizer.text(of: .tokens(ids)))
    case .conversation(let conversation):
      guard chatTemplate != nil else { throw ChatTemplateError.missing }
      return Question(conversation)
    }
  }
}

extension Tokenizer {
  /// The text itself, or what ids spell. Ids of another tokenizer would spell something else, or nothing.
  fileprivate func text(of content: TextOrTokens) throws(PolicyError) -> String {
    if case .tokens(let ids) = content, let outside = ids.first(where: { token(of: $0) == nil }) {
      throw .tokenOutside(token: outside, vocabularySize: vocabularySize)
    }
    return content.text(self)
  }
}

/// Recorded comparisons in two parts that share no prompt.
public struct JudgeData: Sendable {
  public var training: [RecordedComparison]
  public var validation: [RecordedComparison]

  /// - Parameters:
  ///   - share: of the prompts that go to validation, in [0, 1); drawn by prompt and seed.
  public init(_ comparisons: [RecordedComparison], validationShare share: Double, seed: UInt64) {
    func isValidation(_ comparison: RecordedComparison) -> Bool {
      var generator = CounterGenerator(
        seed, 0x7661_6C69_64, CounterGenerator.word(of: comparison.comparison.prompt))  // "valid"
      return generator.uniform() < share
    }
    (training, validation) = ([], [])
    for comparison in comparisons {
      if isValidation(comparison) { validation.append(comparison) } else { training.append(comparison) }
    }
  }
}

extension TokenizedJudge {
  /// Comparisons as this judge reads them, and how many had to be cut to its context.
  ///
  /// - Throws: `ChatTemplateError`.
  public func examples(_ comparisons: [RecordedComparison]) throws -> (examples: [PreferenceExample], cut: Int) {
    var cut = 0
    let examples = try comparisons.map { recorded in
      var isCut = false
      let group = try group(recorded.comparison, isCut: &isCut)
      if isCut { cut += 1 }
      return PreferenceExample(group: group, preference: recorded.preference)
    }
    return (examples, cut)
  }
}
