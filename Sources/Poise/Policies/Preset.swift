import PoiseModel

/// Sizes of models made from scratch: Llamas, and a T5, so that Hugging Face transformers loads what comes out.
public enum Preset: String, CaseIterable, Sendable {
  /// One wide block, about 5 M parameters with a vocabulary of 4,000: a judge that learns which words count from a thousand
  /// comparisons. Depth wants more data, and width makes what is learnt depend less on where it started.
  case shallow
  /// About 0.9 M parameters with a vocabulary of 1,024: learns the built-in task in a minute or two on two cores.
  case tiny
  /// About 5 M parameters.
  case small
  /// About 1.5 M parameters with a vocabulary of 1,024: an encoder and a decoder of four blocks each.
  case tinyT5 = "tiny-t5"

  public var family: ModelFamily { self == .tinyT5 ? .t5 : .llama }

  /// - Parameters:
  ///   - contextLength: most tokens of prompt and response; a T5 has no limit of its own.
  ///   - blockCount: instead of the preset's own number of blocks; a T5 has as many in its encoder as in its decoder.
  public func configuration(
    vocabularySize: Int, endOfSequence: Int, contextLength: Int = 512, blockCount: Int? = nil
  ) -> TransformerConfiguration {
    let (width, ownBlockCount, heads, hidden) =
      switch self {
      case .shallow: (512, 1, 8, 1408)
      case .tiny, .tinyT5: (128, 4, 4, 352)
      case .small: (256, 6, 8, 704)
      }
    let blocks = blockCount ?? ownBlockCount
    // T5 v1.1. The token that ends a response begins the next.
    if self == .tinyT5 {
      return TransformerConfiguration(
        vocabularySize: vocabularySize, contextLength: TransformerConfiguration.unlimitedContext, width: width,
        blockCount: blocks, encoder: .init(blockCount: blocks, startToken: endOfSequence), headCount: heads,
        feedForwardWidth: hidden, epsilon: 1e-6, positions: .relative(buckets: 32, maximumDistance: 128), scalesScores: false,
        activation: .geluGate, tiesHead: false, endOfSequence: [endOfSequence], initializationDeviation: 1)
    }
    // 1/√C keeps the variance of rows through a product. The customary 0.02 is right for widths near 2,500; at 128 it starts
    // attention so flat that copying is learnt an order of magnitude later.
    return TransformerConfiguration(
      vocabularySize: vocabularySize, contextLength: contextLength, width: width, blockCount: blocks, headCount: heads,
      feedForwardWidth: hidden, tiesHead: true, endOfSequence: [endOfSequence],
      initializationDeviation: 1 / Float(width).squareRoot())
  }
}
