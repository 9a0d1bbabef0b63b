import PoiseModel

/// How tokens are drawn from next-token distributions.
public struct SamplingOptions: Sendable, Equatable {
  /// Most tokens of a response, the end-of-sequence token included.
  public var maximumTokens: Int
  /// Divides the logits; 1 is the model itself. Training off 1 changes the game that is played (its opponent is the tempered
  /// policy).
  public var temperature: Double
  /// Only the k most probable tokens; 0 is all.
  public var topK: Int
  /// Only the most probable tokens that together have this probability; 1 is all.
  public var topP: Double
  /// Always the most probable token, the first of equals.
  public var isGreedy: Bool

  public init(
    maximumTokens: Int, temperature: Double = 1, topK: Int = 0, topP: Double = 1, isGreedy: Bool = false
  ) {
    self.maximumTokens = maximumTokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.isGreedy = isGreedy
  }

  /// The distribution drawn from is the model's or mixture's own.
  var isPlain: Bool { temperature == 1 && topK == 0 && topP == 1 }
}

/// A response as it was drawn. Log-probabilities are sums over its tokens, in nats.
public struct SampledResponse: Sendable, Equatable {
  public enum Finish: String, Sendable {
    /// It ended with an end-of-sequence token, which is its last.
    case eos
    /// It was cut at the most tokens allowed; it is a prefix.
    case length
  }

  public var tokens: [Int32] = []
  /// log π(y), without temperature or truncation.
  public var logProbability = 0.0
  /// Of every token; empty when no reference was decoded. Temperature and truncation have no part in it.
  public var references: [TokenReference] = []
  /// log μ(y); nil when no reference was decoded.
  public var referenceLogProbability: Double? {
    references.isEmpty ? nil : references.reduce(0) { $0 + Double($1.logProbability) }
  }
  /// Under the distribution that was drawn from.
  public var behaviourLogProbability = 0.0
  /// Σ_n log Z_n of the token-wise mixture: what separates it from the mixture of whole sequences.
  public var logMixturePartition = 0.0
  public var finish = Finish.length
}

/// What random numbers are drawn for: two uses with different keys are independent.
public struct SamplingKey: Sendable, Equatable {
  public var seed: UInt64
  /// The training step, or any other number that tells uses apart.
  public var step: UInt64

  public init(seed: UInt64, step: UInt64 = 0) {
    self.seed = seed
    self.step = step
  }
}
