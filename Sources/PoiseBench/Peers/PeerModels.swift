import PoiseModel
import PoiseRandom

/// The GPT-2s of the step workloads.
struct PeerModel: Sendable {
  let name: String
  let blocks: Int
  let width: Int
  let heads: Int
  /// T: tokens of a training sequence.
  let length: Int
  /// Sequences of a training batch; pairs of a preference batch.
  let batch: Int
  /// Prompts of an online step.
  let onlineBatch: Int
  let vocabulary: Int

  static let all = [
    PeerModel(name: "tiny", blocks: 4, width: 128, heads: 4, length: 128, batch: 16, onlineBatch: 16, vocabulary: 256),
    PeerModel(name: "small", blocks: 6, width: 384, heads: 6, length: 256, batch: 8, onlineBatch: 8, vocabulary: 4096),
  ]

  func transformer(contextLength: Int? = nil, head: TransformerConfiguration.Head = .vocabulary) -> Transformer {
    Transformer(
      TransformerConfiguration(
        vocabularySize: vocabulary, contextLength: contextLength ?? length, width: width, blockCount: blocks,
        headCount: heads, feedForwardWidth: 4 * width, normalization: .layer, positions: .learned, activation: .gelu,
        biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true), head: head))
  }

  /// Multiplications and additions of a forward pass over sequences of `length` tokens: matrix products, the visible half of
  /// attention, and the head on `headTokens` tokens.
  func forwardOperations(tokens: Double, length: Double, headTokens: Double) -> Double {
    let (blocks, width, vocabulary) = (Double(blocks), Double(width), Double(vocabulary))
    return 2 * tokens * 12 * blocks * width * width + 4 * tokens * (length + 1) / 2 * width * blocks
      + 2 * headTokens * width * vocabulary
  }

  /// Multiplications and additions of decoding `new` tokens behind prompts, `count` sequences at once.
  func decodingOperations(count: Int, prompt: Int, new: Int) -> Double {
    let (blocks, wide, count) = (Double(blocks), Double(width), Double(count))
    let prefill = forwardOperations(tokens: count * Double(prompt), length: Double(prompt), headTokens: count)
    let products = Double(new - 1) * 2 * count * (12 * blocks * wide * wide + wide * Double(vocabulary))
    let attention = (prompt + 1..<prompt + new).reduce(0.0) { $0 + 4 * Double($1) * wide * blocks }
    return prefill + products + count * attention
  }

  /// Token ids that repeat from run to run.
  func tokens(_ count: Int, _ key: UInt64) -> [Int32] {
    var generator = CounterGenerator(0x7065_6572, key)  // "peer"
    return (0..<count).map { _ in Int32(2 + generator.uniform() * Double(vocabulary - 2)) }
  }
}
