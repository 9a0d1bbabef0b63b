import PoiseKernels

/// What an encoder makes of the prompts, and how the decoder's blocks look at it (Raffel et al. 2020). Without an encoder there
/// is nothing to do.
extension Transformer {
  /// `plan.encoded` ← the prompts' rows after all blocks of the encoder, normalised.
  func encoderForward(_ batch: PackedGroups, _ weights: some LinearWeights, _ plan: ActivationLayout, _ a: Arena) {
    guard let encoder = parameters.encoder else { return }
    let (stack, p, rows) = (plan.encoder, weights.parameters, batch.memoryTokens.count)
    embedForward(tokens: batch.memoryTokens.span, positions: Span(), p, into: stack.block(0).input, rows: rows, a)
    relativeBiasesForward(encoder.relativeBiases, p, isCausal: false, into: stack.biases, a)
    for index in encoder.blocks.indices {
      let own = stack.block(index)
      blockForward(
        encoder.blocks[index], weights, own, into: stack.blockOutput(index), layer: .encoder, rotations: plan.rotations,
        positions: Span(), rows: rows, a
      ) {
        attentionForward(
          batch.memorySegments, isCausal: false, own.queryKeyValue, biases: stack.biases, into: own.attended, plan, a)
      }
    }
    let layer = LayerMark(.encoder)
    defer { layer.end() }
    normForward(
      encoder.finalNorm, p, x: stack.blockOutput(encoder.blocks.count - 1), into: plan.encoded, rows: rows, a)
  }

  /// `d.encoded` is what the decoder's blocks sent back.
  func encoderBackward(_ batch: PackedGroups, _ w: Weights, _ g: Arena, _ plan: ActivationLayout, _ a: Arena) {
    guard let encoder = parameters.encoder else { return }
    let (stack, d, rows) = (plan.encoder, plan.gradients, batch.memoryTokens.count)
    a.clear(stack.dBiases, rows: 0..<stack.dBiases.rows)
    profiled(.encoder) {
      normBackward(
        encoder.finalNorm, w, g, dY: d.encoded, x: stack.blockOutput(encoder.blocks.count - 1), y: plan.encoded, adding: false,
        to: d.residual, rows: rows, a)
    }
    for index in encoder.blocks.indices.reversed() {
      let own = stack.block(index)
      blockBackward(
        encoder.blocks[index], w, g, own, d, layer: .encoder, rotations: plan.rotations, positions: Span(), rows: rows, a
      ) {
        attentionBackward(
          batch.memorySegments, isCausal: false, dY: d.attended, x: own.queryKeyValue, biases: stack.biases,
          into: d.queryKeyValue, rows: rows, addingTo: stack.dBiases, plan, a)
      }
    }
    relativeBiasesBackward(encoder.relativeBiases, w, g, dBiases: stack.dBiases, isCausal: false, a)
    embedBackward(tokens: batch.memoryTokens.span, positions: Span(), w, g, dX: d.residual, rows: rows, a)
  }

  /// The cross-attention of one block: keys and values of `plan.encoded`, which every block has of its own, and
  /// `a.cross.attended`.
  func lookAtEncoderForward(
    _ block: ParameterLayout.Block, _ batch: PackedGroups, _ weights: some LinearWeights, _ own: ActivationLayout.Block,
    _ plan: ActivationLayout, _ a: Arena
  ) {
    guard let cross = block.cross, let own = own.cross else { return }
    linearForward(
      cross.keyValue, weights, x: plan.encoded.output, into: own.keyValue, rows: batch.memoryTokens.count, a)
    crossAttentionForward(batch.segments, queries: own.query, keyValue: own.keyValue, into: own.attended, plan, a)
  }

  /// Reads `d.attended`, overwrites `d.crossQuery` and adds to `d.encoded`.
  func lookAtEncoderBackward(
    _ block: ParameterLayout.Block, _ batch: PackedGroups, _ w: Weights, _ g: Arena, _ own: ActivationLayout.Block,
    _ plan: ActivationLayout, _ a: Arena
  ) {
    guard let cross = block.cross, let own = own.cross else { return }
    let d = plan.gradients
    crossAttentionBackward(
      batch, dY: d.attended, queries: own.query, keyValue: own.keyValue, into: d.crossQuery, into: d.crossKeyValue, plan, a)
    linearBackward(
      cross.keyValue, w, g, dY: d.crossKeyValue, x: plan.encoded.output, addingTo: d.encoded, rows: batch.memoryTokens.count, a)
  }
}
