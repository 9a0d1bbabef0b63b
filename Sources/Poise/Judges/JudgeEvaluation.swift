import PoiseFiles
import PoiseModel
import PoiseRandom

/// A trained judge on comparisons that it has not seen.
public struct JudgeEvaluation: Sendable {
  public let report: JudgeReport

  /// Most triples of answers that are looked at for cycles.
  private static let mostTriples = 300

  /// - Parameters:
  ///   - training: what the bag-of-words judge beside it learns from.
  ///   - test: at least one comparison.
  ///   - seed: of resamples and of the choice of triples.
  public init(
    _ judge: JudgeModel, training: [RecordedComparison], test: [RecordedComparison], seed: UInt64, pool: WorkerPool
  ) throws {
    let comparisons = test.map(\.comparison)
    let asked = try Self.ask(judge, comparisons, pool)
    let words = BagOfWordsJudge(training.map(\.comparison), preferences: training.map(\.preference))
    let pairs = zip(test, asked.preferences).map { recorded, prediction in
      JudgedPair(
        prediction: prediction, label: recorded.preference, chosen: recorded.comparison.first,
        rejected: recorded.comparison.second, prompt: recorded.comparison.prompt)
    }
    let triples = Self.triples(comparisons, seed: seed)
    let answers = try Self.ask(judge, triples.flatMap(\.self), pool).preferences
    report = JudgeReport(
      pairs, bagOfWords: words.preferences(comparisons), bothOrders: asked.raw,
      triples: triples.indices.map {
        PreferenceTriple(ab: answers[3 * $0], bc: answers[3 * $0 + 1], ca: answers[3 * $0 + 2])
      }, seed: seed)
  }

  /// Preferences, and of a preference model the raw answers to both orders.
  private static func ask(
    _ judge: JudgeModel, _ comparisons: [Comparison], _ pool: WorkerPool
  ) throws -> (preferences: [Double], raw: [BothOrdersPrediction]) {
    switch judge.kind {
    case .reward: return (try RewardAnnotator(RewardModelRewarder(judge, pool: pool)).preferences(comparisons), [])
    case .preference:
      let raw = try PreferenceModelAnnotator(judge, pool: pool).predictions(comparisons)
      return (raw.map(\.preference), raw)
    }
  }

  /// (a, b), (b, c), (c, a) of three different answers to one prompt: of every prompt the first ones met, prompts in random order
  /// where there are too many.
  private static func triples(_ comparisons: [Comparison], seed: UInt64) -> [[Comparison]] {
    var questions: [Question] = []
    var responses: [ExactString: [String]] = [:]
    for comparison in comparisons {
      let prompt = ExactString(comparison.prompt)
      if responses[prompt] == nil { questions.append(comparison.question) }
      for response in [comparison.first, comparison.second] where !responses[prompt, default: []].contains(response) {
        responses[prompt, default: []].append(response)
      }
    }
    var generator = CounterGenerator(seed, 0x7472_6970_6C65)  // "triple"
    let rich = questions.filter { responses[ExactString($0.text)]!.count >= 3 }
    guard !rich.isEmpty else { return [] }
    let perPrompt = max(1, mostTriples / rich.count)
    return generator.shuffled(rich.indices).prefix(mostTriples).flatMap { index in
      let all = responses[ExactString(rich[index].text)]!
      return (0..<min(perPrompt, all.count / 3)).map { triple in
        let (a, b, c) = (all[3 * triple], all[3 * triple + 1], all[3 * triple + 2])
        return [(a, b), (b, c), (c, a)].map { Comparison(rich[index], first: $0.0, second: $0.1) }
      }
    }
  }
}
