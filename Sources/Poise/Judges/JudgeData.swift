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
  public static func read(_ path: String, _ tokenizer: Tokenizer) throws -> [RecordedComparison] {
    let comparisons = try PreferenceRecord.read(path).map { record in
      RecordedComparison(
        Comparison(
          prompt: record.prompt.text(tokenizer), first: record.chosen.text(tokenizer), second: record.rejected.text(tokenizer)),
        preference: record.preference)
    }
    return comparisons
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

extension JudgeModel {
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
