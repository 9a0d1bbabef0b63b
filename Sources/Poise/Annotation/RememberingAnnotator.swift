import PoiseFiles
import PoiseRandom

/// Asks what has not been answered yet. Steps that a resumed run repeats ask the same questions, since samples are keyed by the step;
/// their answers are taken from the run's ``AnnotationMemory``, and nobody is asked, or paid, twice.
public struct RememberingAnnotator: Annotator {
  let annotator: any IncrementalAnnotator
  /// The annotator's description: another's answers are not its own.
  let name: String
  let memory: AnnotationMemory

  public var isAntisymmetric: Bool { annotator.isAntisymmetric }

  /// The annotator itself where its answers cost nothing and never vary.
  public static func remembering(_ annotator: any Annotator, name: String, in memory: AnnotationMemory) -> any Annotator {
    guard let annotator = annotator as? any IncrementalAnnotator else { return annotator }
    return RememberingAnnotator(annotator: annotator, name: name, memory: memory)
  }

  public func preferences(_ comparisons: [Comparison]) throws -> [Double] {
    let keys = comparisons.map(key)
    var answers = try memory.recall(keys)
    let open = answers.indices.filter { answers[$0] == nil }
    do {
      try annotator.answer(open.map { comparisons[$0] }) { index, preference in
        answers[open[index]] = preference
        try memory.keep(preference, for: keys[open[index]])
      }
    } catch let error as CommandAnnotatorError where error.discreditsEarlierAnswers {
      memory.clear()
      throw error
    }
    return answers.map { $0! }
  }

  public func finish() throws {
    do { try annotator.finish() } catch let error as CommandAnnotatorError where error.discreditsEarlierAnswers {
      memory.clear()
      throw error
    }
  }

  private func key(_ comparison: Comparison) -> AnnotationMemory.Key {
    let parts = [name, comparison.prompt, comparison.first, comparison.second].map { JSON.string($0) }
    return CounterGenerator.word(of: JSON.array(parts + [comparison.question.conversation?.json ?? .null]).line)
  }
}
