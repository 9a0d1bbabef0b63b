/// What is known of one response when a loss is computed. Sums over its tokens, end-of-sequence included, in nats.
public struct ResponseStatistics: Sendable, Equatable {
  /// log π(y | x)
  public var logProbability: Double
  /// log π_ref(y | x)
  public var referenceLogProbability: Double
  /// Tokens; only ``LogProbabilityReduction/mean`` looks at it.
  public var length: Int
  /// r(y) − b, the reward above its baseline; only ``RegularizedPolicyGradient`` looks at it.
  public var advantage: Double

  public init(logProbability: Double, referenceLogProbability: Double, length: Int = 1, advantage: Double = 0) {
    self.logProbability = logProbability
    self.referenceLogProbability = referenceLogProbability
    self.length = length
    self.advantage = advantage
  }

  /// log π(y)/π_ref(y)
  public var logRatio: Double { logProbability - referenceLogProbability }
}

/// Two responses to one prompt and how often the first is preferred.
public struct Pair: Sendable, Equatable {
  public var first: ResponseStatistics
  public var second: ResponseStatistics
  /// p(first ≻ second) in [0, 1].
  public var preference: Double

  public init(first: ResponseStatistics, second: ResponseStatistics, preference: Double) {
    self.first = first
    self.second = second
    self.preference = preference
  }

  /// The same pair told the other way round.
  public var swapped: Pair { Pair(first: second, second: first, preference: 1 - preference) }

  /// h = log π(y)/π_ref(y) − log π(y′)/π_ref(y′).
  public var margin: Double { first.logRatio - second.logRatio }
}

/// A loss of one pair and its derivatives. Of a policy gradient it is the surrogate, with its weights frozen.
public struct PairLoss: Sendable, Equatable {
  public var loss: Double
  /// ∂loss/∂log π(y), ∂loss/∂log π(y′).
  public var coefficients: (first: Double, second: Double)
  /// h after the reduction.
  public var margin: Double
  /// Of a coefficient c, the part κ·l that is the sequence's whole log-ratio l = Σ_n ρ_n, with ρ_n = log π/π_ref of token n.
  /// The log-ratio of earlier tokens is no consequence of token n, so that its own coefficient in the return-to-go form is
  /// c − κ Σ_{m<n} ρ_m: on average the same gradient, with less variance. κ = 0 where the loss is a function of whole sequences,
  /// as contrastive losses are.
  public var logRatioCoefficients: (first: Double, second: Double)

  public init(
    loss: Double, coefficients: (first: Double, second: Double), margin: Double,
    logRatioCoefficients: (first: Double, second: Double) = (0, 0)
  ) {
    self.loss = loss
    self.coefficients = coefficients
    self.margin = margin
    self.logRatioCoefficients = logRatioCoefficients
  }

  public static func == (a: PairLoss, b: PairLoss) -> Bool {
    a.loss == b.loss && a.coefficients == b.coefficients && a.margin == b.margin
      && a.logRatioCoefficients == b.logRatioCoefficients
  }
}

/// A loss on pairs of responses: numbers in, numbers out. It knows log-probabilities, preferences and rewards, never tokens.
public protocol PairObjective: Sendable {
  func evaluate(_ pair: Pair) -> PairLoss
}
