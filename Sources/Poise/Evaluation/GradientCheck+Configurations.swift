import PoiseFiles
import PoiseModel

extension GradientCheck {
  /// Most that single precision may lose against the double-precision specification, relative to a gradient's size.
  public static let tolerance = 1e-3

  // Rows of 24 and 40 floats: whole vectors and a remainder.

  /// Every part that a Llama has: RMS norms, rotary positions, shared key-value heads, gated feed-forward, a head of its own.
  public static let llama = TransformerConfiguration(
    vocabularySize: 23, contextLength: 16, width: 24, blockCount: 2, headCount: 4, keyValueHeadCount: 2, feedForwardWidth: 40,
    tiesHead: false)

  /// Every part that a GPT-2 has: layer norms with biases, learned positions, GELU, biases, the embedding as head.
  public static let gpt2 = TransformerConfiguration(
    vocabularySize: 23, contextLength: 16, width: 24, blockCount: 2, headCount: 4, feedForwardWidth: 40, normalization: .layer,
    positions: .learned, activation: .gelu,
    biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true))

  /// Every part that a T5 v1.1 has: an encoder and a decoder that looks at it, relative positions, scores that are not scaled,
  /// GELU with a gate; and a head that is the scaled embedding, as in the first T5.
  public static let t5 = TransformerConfiguration(
    vocabularySize: 23, contextLength: TransformerConfiguration.unlimitedContext, width: 24, blockCount: 2,
    encoder: .init(blockCount: 2, startToken: 0), headCount: 4, feedForwardWidth: 40,
    positions: .relative(buckets: 8, maximumDistance: 7), scalesScores: false, activation: .geluGate, scalesHeadInput: true,
    initializationDeviation: 1)

  /// The Llama under a scalar head, as reward and preference models are.
  public static let judge: TransformerConfiguration = {
    var configuration = llama
    configuration.head = .scalar
    return configuration
  }()

  /// A model of the same parts with sizes for which finite differences take seconds: the ratio of heads to key-value heads is
  /// kept up to 3, and no size grows.
  public static func shrunk(_ configuration: TransformerConfiguration) -> TransformerConfiguration {
    var small = configuration
    let shared = configuration.headCount / configuration.keyValueHeadCount
    small.vocabularySize = min(configuration.vocabularySize, 23)
    small.contextLength = min(configuration.contextLength, 16)
    small.width = min(configuration.width, 24)
    small.blockCount = min(configuration.blockCount, 2)
    small.keyValueHeadCount = min(configuration.keyValueHeadCount, 2)
    small.headCount = small.keyValueHeadCount * min(shared, 3)
    small.headSize = min(configuration.headSize, 6)
    small.feedForwardWidth = min(configuration.feedForwardWidth, 40)
    if let encoder = configuration.encoder {
      small.encoder = .init(blockCount: min(encoder.blockCount, 2), startToken: min(encoder.startToken, small.vocabularySize - 1))
    }
    small.beginningOfSequence = nil
    small.endOfSequence = []
    return small
  }
}

/// A gradient that is not the derivative of the loss.
public struct WrongGradientError: ExplainedError, Equatable {
  public let model: String
  public let row: GradientCheck.Row

  /// The worst row of a check, where it is beyond the tolerance; nil where all gradients are right.
  public init?(_ model: String, _ rows: [GradientCheck.Row]) {
    // NaN is no smaller than anything: it counts as worst.
    guard let worst = rows.first(where: { !$0.relativeError.isFinite }) ?? rows.max(by: { $0.relativeError < $1.relativeError }),
      !(worst.relativeError <= GradientCheck.tolerance)
    else { return nil }
    self.model = model
    row = worst
  }

  public var category: FailureCategory { .internalFault }

  public var description: String {
    "The gradient of \(row.tensor) in the \(model) is wrong on this machine: its relative error is "
      + "\(row.relativeError.formatted(significantDigits: 3)), more than \(GradientCheck.tolerance). Try POISE_ISA=avx2 and another "
      + "OPENBLAS_CORETYPE; `poise doctor` prints what is in use."
  }
}
