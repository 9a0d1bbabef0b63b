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
  /// - Parameter tokenizer: turns token ids, where a line gives those, into text.
  /// - Throws: `DataError` naming file and line of what cannot be used.
  public static func read(_ path: String, _ tokenizer: Tokenizer) throws -> [RecordedComparison] {
    try PreferenceRecord.read(path).map { record in
      try locating(path, record.line) {
        RecordedComparison(
          Comparison(
            prompt: try tokenizer.text(of: record.prompt), first: try tokenizer.text(of: record.chosen),
            second: try tokenizer.text(of: record.rejected)), preference: record.preference)
      }
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
  public func examples(_ comparisons: [RecordedComparison]) -> (examples: [PreferenceExample], cut: Int) {
    var cut = 0
    let examples = comparisons.map { recorded in
      var isCut = false
      let asked = recorded.comparison
      let group = group(prompt: asked.prompt, first: asked.first, second: asked.second, isCut: &isCut)
      if isCut { cut += 1 }
      return PreferenceExample(group: group, preference: recorded.preference)
    }
    return (examples, cut)
  }
}
