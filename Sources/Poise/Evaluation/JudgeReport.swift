import PoiseFiles

/// How good a judge is on pairs that it did not learn from, beside two that need no transformer: one who only looks at length,
/// and one who only knows words.
public struct JudgeReport: Sendable, Equatable {
  /// Judged pairs, those included on which people are undecided.
  public let pairs: Int
  /// Different ones.
  public let prompts: Int
  /// The share of decided pairs (label not ½) on which the verdict is people's, a prediction of ½ counting half. Nil where no pair
  /// is decided.
  public let accuracy: BootstrapInterval?
  /// The same of "the longer answer wins", which needs no judge.
  public let longerWins: BootstrapInterval?
  /// `accuracy` less `longerWins`, pair by pair.
  public let gainOverLength: BootstrapInterval?
  /// The accuracy of ``BagOfWordsJudge``, learnt from the judge's own training pairs; nil where there is none to compare with.
  public let bagOfWords: BootstrapInterval?
  /// `accuracy` less `bagOfWords`, pair by pair.
  public let gainOverBagOfWords: BootstrapInterval?
  /// Mean of −y log p − (1 − y) log(1 − p), in nats.
  public let logLoss: Double
  /// Mean of (p − y)² (Brier 1950).
  public let brierScore: Double
  /// See `Calibration`.
  public let calibrationError: Double
  /// Mean of |p(a ≻ b) + p(b ≻ a) − 1| over raw answers; nil where none were given.
  public let meanAsymmetry: Double?
  /// The share of triples with cyclic preferences; nil where none were given.
  public let cyclicShare: Double?

  /// - Parameters:
  ///   - pairs: one or more.
  ///   - bagOfWords: the predictions of a bag-of-words judge for the same pairs.
  ///   - bothOrders: the judge's raw answers, before they are averaged over both orders.
  ///   - triples: preferences among three answers to one prompt.
  ///   - seed: of the intervals' resamples.
  public init(
    _ pairs: [JudgedPair], bagOfWords: [Double] = [], bothOrders: [BothOrdersPrediction] = [], triples: [PreferenceTriple] = [],
    seed: UInt64 = 0
  ) {
    precondition(!pairs.isEmpty && (bagOfWords.isEmpty || bagOfWords.count == pairs.count))
    func mean(_ value: (JudgedPair) -> Double) -> Double { pairs.reduce(0) { $0 + value($1) } / Double(pairs.count) }
    let decided = pairs.filter { $0.label != 0.5 }
    func interval(_ value: (JudgedPair) -> Double?) -> BootstrapInterval? {
      BootstrapInterval(decided.compactMap(value), prompts: decided.map(\.prompt), seed: seed)
    }
    self.pairs = pairs.count
    prompts = Set(pairs.map { ExactString($0.prompt) }).count
    accuracy = interval(\.correctness)
    longerWins = interval(\.correctnessOfLength)
    gainOverLength = interval { pair in
      pair.correctness.flatMap { own in pair.correctnessOfLength.map { own - $0 } }
    }
    let words = zip(pairs, bagOfWords).map { pair, prediction in
      var pair = pair
      pair.prediction = prediction
      return pair
    }
    let decidedWords = words.filter { $0.label != 0.5 }
    self.bagOfWords = BootstrapInterval(
      decidedWords.compactMap(\.correctness), prompts: decidedWords.map(\.prompt), seed: seed)
    gainOverBagOfWords = words.isEmpty ? nil : .difference(pairs, over: words, seed: seed)
    logLoss = mean(\.logLoss)
    brierScore = mean(\.squaredError)
    calibrationError = Calibration(pairs).expectedError
    meanAsymmetry = JudgeConsistency.meanAsymmetry(bothOrders)
    cyclicShare = JudgeConsistency.cyclicShare(triples)
  }

  /// One object with all figures, for programs.
  public var json: JSON {
    [
      "pairs": JSON(pairs), "prompts": JSON(prompts), "accuracy": Self.json(accuracy), "longer_wins": Self.json(longerWins),
      "gain_over_length": Self.json(gainOverLength), "bag_of_words": Self.json(bagOfWords),
      "gain_over_bag_of_words": Self.json(gainOverBagOfWords), "log_loss": JSON(logLoss), "brier": JSON(brierScore),
      "calibration/ece": JSON(calibrationError), "asymmetry": meanAsymmetry.map { JSON($0) } ?? .null,
      "cyclic_triples": cyclicShare.map { JSON($0) } ?? .null,
    ]
  }

  private static func json(_ interval: BootstrapInterval?) -> JSON { interval?.json ?? .null }
}

extension BootstrapInterval {
  /// One object, for programs.
  public var json: JSON {
    [
      "mean": JSON(mean), "ci_low": JSON(range.lowerBound), "ci_high": JSON(range.upperBound),
      "resampled": .string(unit.rawValue),
      "units": JSON(unitCount),
    ]
  }
}
