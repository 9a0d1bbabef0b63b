import PoiseKernelCases
import PoiseModel

/// What passes of a transformer cannot do without: products and exponentials, and every parameter once a pass. Norms, rotations
/// and residual sums are left out.
struct TransformerWork {
  let configuration: TransformerConfiguration
  let parameterCount: Int

  /// What a pass goes through.
  struct Rows {
    var count = 0
    /// Keys that the rows look at, all rows together.
    var visible = 0
    /// Rows that become logits.
    var head = 0

    /// A prompt, and responses that share it; the last token of a response is only predicted.
    init(groups: Int, prompt: Int, responses: Int, length: Int) {
      let own = responses * (length - 1)
      count = groups * (prompt + own)
      visible = groups * (prompt * (prompt + 1) / 2 + own * prompt + responses * length * (length - 1) / 2)
      head = groups * (own + 1)
    }
  }

  init(_ transformer: Transformer) {
    configuration = transformer.configuration
    parameterCount = transformer.parameterLayout.count
  }

  var parameterBytes: Double { Double(parameterCount * MemoryLayout<Float>.stride) }

  func forward(_ rows: Rows) -> Work {
    let c = configuration
    let queries = c.headCount * c.headSize
    let gates = c.activation.isGated ? 2 : 1
    let weights = c.width * (2 * queries + 2 * c.keyValueHeadCount * c.headSize + (gates + 1) * c.feedForwardWidth)
    let blocks = c.blockCount * (rows.count * weights + 2 * rows.visible * queries)
    let exponentials =
      c.blockCount * (rows.visible * c.headCount + rows.count * c.feedForwardWidth) + rows.head * c.vocabularySize
    return Work(
      read: parameterBytes, exponentials: Double(exponentials),
      operations: 2 * Double(blocks + rows.head * c.width * c.vocabularySize))
  }

  /// Forward and backward; a product has two gradients.
  func forwardAndBackward(_ rows: Rows) -> Work {
    var work = forward(rows)
    work.operations *= 3
    work.read *= 2
    work.written += parameterBytes
    return work
  }

  /// AdamW.
  var update: Work { Work(read: 4 * parameterBytes, written: 3 * parameterBytes, updated: 3 * parameterBytes) }
}
