import PoiseFiles
import PoiseModel

/// How one policy fares against another under a judge.
public struct PairResult: Sendable, Equatable {
  public var row: String
  public var column: String
  /// Judged pairs of responses in which the row was preferred, neither, the column.
  public var wins: Int
  public var ties: Int
  public var losses: Int
  /// (wins + ties/2)/n
  public var winRate: Double
  /// 95 % interval of the win rate over prompts.
  public var interval: ClosedRange<Double>
  /// Mean of the judge's p(row ≻ column).
  public var meanPreference: Double

  public var count: Int { wins + ties + losses }

  public var json: JSON {
    [
      "row": .string(row), "column": .string(column), "win_rate": .init(winRate), "ci_low": .init(interval.lowerBound),
      "ci_high": .init(interval.upperBound), "wins": .init(wins), "ties": .init(ties), "losses": .init(losses),
      "n": .init(count), "mean_preference": .init(meanPreference),
    ]
  }

  /// The same result told by the column.
  public var swapped: PairResult {
    PairResult(
      row: column, column: row, wins: losses, ties: ties, losses: wins, winRate: 1 - winRate,
      interval: 1 - interval.upperBound...1 - interval.lowerBound, meanPreference: 1 - meanPreference)
  }
}

/// The responses of a policy to the prompts of an evaluation.
public struct Contestant: Sendable {
  public var name: String
  /// By prompt, then by sample.
  public var responses: [[SampledResponse]]
  public var texts: [[String]]
  /// Mean tokens of a response.
  public var meanLength: Double {
    let all = responses.flatMap(\.self)
    return all.reduce(0) { $0 + Double($1.tokens.count) } / Double(max(all.count, 1))
  }

  /// Samples `count` responses to every prompt, `batchSize` prompts at a time.
  public init(
    _ name: String, _ policy: Policy, prompts: [Prompt], count: Int, sampling: SamplingOptions, key: SamplingKey,
    pool: WorkerPool, batchSize: Int = 32
  ) {
    self.name = name
    responses = Sampler(policy.transformer, options: sampling, pool: pool)
      .sample(prompts, count: count, policy: policy.parameters, key: key, batchSize: batchSize)
    texts = responses.map { $0.map { policy.text(of: $0.tokens) } }
  }
}

extension Sampler {
  /// Prompts of a list that are answered at a time.
  static var listBatchSize: Int { 32 }

  /// `count` responses of the policy to every prompt of a list of any length, `batchSize` prompts at a time.
  func sample(
    _ prompts: [Prompt], count: Int, policy: Arena, key: SamplingKey, batchSize: Int = Sampler.listBatchSize
  ) -> [[SampledResponse]] {
    stride(from: 0, to: prompts.count, by: batchSize).flatMap { start in
      let batch = prompts[start..<min(start + batchSize, prompts.count)].map(\.tokens)
      return sample(batch, count: count, policy: policy, key: key, firstPrompt: start)
    }
  }
}

/// Side-by-side evaluation: every unordered pair of policies once, every pair of responses in both orders, so the table is
/// antisymmetric to the last bit.
public struct SideBySide {
  public let judge: any Annotator

  public init(judge: any Annotator) { self.judge = BothOrders.symmetrizing(judge) }

  /// Results of all pairs, rows before columns in the given order.
  public func compare(_ contestants: [Contestant], prompts: [Prompt]) throws -> [PairResult] {
    try contestants.indices.flatMap { row in
      try (row + 1..<contestants.count).map { try compare(contestants[row], contestants[$0], prompts: prompts) }
    }
  }

  private func compare(_ row: Contestant, _ column: Contestant, prompts: [Prompt]) throws -> PairResult {
    let preferences = try preferences(row.texts, over: column.texts, prompts: prompts.map(\.question)).flatMap(\.self)
    let verdicts = preferences.map(Self.verdict)
    let winRate = verdicts.reduce(0, +) / Double(max(verdicts.count, 1))
    return PairResult(
      row: row.name, column: column.name, wins: verdicts.count { $0 == 1 }, ties: verdicts.count { $0 == 0.5 },
      losses: verdicts.count { $0 == 0 }, winRate: winRate, interval: Self.wilsonInterval(winRate, count: prompts.count),
      meanPreference: preferences.reduce(0, +) / Double(max(preferences.count, 1)))
  }

  /// The judge's p(row ≻ column), by prompt and by sample.
  ///
  /// - Parameter row: texts by prompt, then by sample; each is compared with the column's of the same number.
  public func preferences(_ row: [[String]], over column: [[String]], prompts: [Question]) throws -> [[Double]] {
    precondition(row.count == prompts.count && column.map(\.count) == row.map(\.count))
    let comparisons = prompts.indices.flatMap { prompt in
      zip(row[prompt], column[prompt]).map { Comparison(prompts[prompt], first: $0, second: $1) }
    }
    var answers = try judge.preferences(comparisons)[...]
    return row.map { texts in
      defer { answers.removeFirst(texts.count) }
      return Array(answers.prefix(texts.count))
    }
  }

  /// 1 for a preference, 0 for one of the other, ½ for none.
  package static func verdict(_ preference: Double) -> Double { preference > 0.5 ? 1 : preference < 0.5 ? 0 : 0.5 }

  /// The score interval of a proportion (Wilson 1927), 95 %. Prompts are counted, not responses: answers to one prompt are not
  /// independent, so counting them would promise too much.
  package static func wilsonInterval(_ proportion: Double, count: Int) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let n = Double(count)
    let z = 1.959963984540054
    let center = (proportion + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (proportion * (1 - proportion) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, center - half)...min(1, center + half)
  }
}
