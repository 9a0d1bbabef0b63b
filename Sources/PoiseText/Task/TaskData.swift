import PoiseFiles

/// The built-in task as records of JSON Lines, the form in which every command reads data.
public enum TaskData {
  public enum Kind: String, CaseIterable, Sendable {
    /// `{"prompt": …, "completion": …}`: a summary of mixed quality.
    case sft
    /// `{"prompt": …}`
    case prompts
    /// `{"prompt": …, "chosen": …, "rejected": …, "preference": p(chosen ≻ rejected) ≥ ½}`: two different summaries of
    /// mixed quality and the rubric's opinion.
    case preferences
  }

  /// The first `count` records of a split. Records of different kinds with one seed are about the same posts.
  public static func records(
    kind: Kind, split: TaskSplit, count: Int, seed: UInt64, mixture: SummaryMixture = .typical, rubric: Rubric = Rubric()
  ) -> [JSON] {
    let generator = TaskGenerator(seed: seed)
    return (0..<count).map { index in
      let post = generator.post(index, split: split)
      let prompt = JSON.string(TaskGenerator.prompt(for: post))
      switch kind {
      case .prompts: return ["prompt": prompt]
      case .sft: return ["prompt": prompt, "completion": .string(" " + generator.summary(of: post, index: 0, mixture: mixture))]
      case .preferences:
        let (chosen, rejected, preference) = pair(of: post, generator, mixture, rubric)
        return [
          "prompt": prompt, "chosen": .string(" " + chosen), "rejected": .string(" " + rejected),
          "preference": JSON(preference),
        ]
      }
    }
  }

  /// Two summaries, the preferred one first. A perfect summary may have no rival in a mixture of perfect ones within a few
  /// draws; then the pair is a tie.
  private static func pair(
    of post: Post, _ generator: TaskGenerator, _ mixture: SummaryMixture, _ rubric: Rubric
  ) -> (chosen: String, rejected: String, preference: Double) {
    let first = generator.summary(of: post, index: 0, mixture: mixture)
    let rivals = (1...8).lazy.map { generator.summary(of: post, index: $0, mixture: mixture) }
    let second = rivals.first { $0 != first } ?? first
    let preference = rubric.preference(first, over: second, post: post)
    return preference >= 0.5 ? (first, second, preference) : (second, first, 1 - preference)
  }
}
