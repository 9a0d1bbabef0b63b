/// What is known of one response when a loss is computed. Sums over its tokens, end-of-sequence included, in nats.
public struct ResponseStatistics: Sendable, Equatable {
  /// log π(y | x)
  public var logProbability: Double
  /// log π_ref(y | x)
  public var referenceLogProbability: Double
  /// Tokens; only ``LogProbabilityReduction/mean`` looks at it.
  public var length: Int

  public init(logProbability: Double, referenceLogProbability: Double, length: Int = 1) {
    self.logProbability = logProbability
    self.referenceLogProbability = referenceLogProbability
    self.length = length
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

/// A loss of one pair and its derivatives.
public struct PairLoss: Sendable, Equatable {
  public var loss: Double
  /// ∂loss/∂log π(y), ∂loss/∂log π(y′).
  public var coefficients: (first: Double, second: Double)
  /// h as the loss saw it: after the reduction.
  public var margin: Double

  public init(loss: Double, coefficients: (first: Double, second: Double), margin: Double) {
    self.loss = loss
    self.coefficients = coefficients
    self.margin = margin
  }

  public static func == (a: PairLoss, b: PairLoss) -> Bool {
    a.loss == b.loss && a.coefficients == b.coefficients && a.margin == b.margin
  }
}

/// A loss on pairs of responses: numbers in, numbers out. It knows log-probabilities, never tokens.
public protocol PairObjective: Sendable {
  func evaluate(_ pair: Pair) -> PairLoss
}
