import PoiseKernels

/// One transformer block and its mirror image. What rows attend to is the caller's: packed groups in training and prefill,
/// caches in decoding.
extension Transformer {
  /// output ← block(input). `attend` reads `a.queryKeyValue` and writes `a.attended`; where the block looks at an encoder's rows,
  /// `attendAcross` reads `a.cross.query` and writes `a.cross.attended`.
  func blockForward(
    _ block: ParameterLayout.Block, _ weights: some LinearWeights, _ a: ActivationLayout.Block, into output: Tensor,
    layer: Layer, rotations: ActivationLayout.Rotations, positions: Span<Int32>, rows: Int, _ arena: Arena, attend: () -> Void,
    attendAcross: () -> Void = {}
  ) {
    let layer = LayerMark(layer)
    defer { layer.end() }
    let p = weights.parameters
    normForward(block.attentionNorm, p, x: a.input, into: a.attentionNorm, rows: rows, arena)
    linearForward(block.queryKeyValue, weights, x: a.attentionNorm.output, into: a.queryKeyValue, rows: rows, arena)
    rotateForward(a.queryKeyValue, rotations, positions: positions, rows: rows, arena)
    attend()
    arena.copy(a.input, to: a.middle, rows: 0..<rows)
    linearForward(block.attentionOutput, weights, x: a.attended, addingTo: a.middle, rows: rows, arena)

    if let cross = block.cross, let own = a.cross {
      normForward(cross.norm, p, x: a.middle, into: own.norm, rows: rows, arena)
      linearForward(cross.query, weights, x: own.norm.output, into: own.query, rows: rows, arena)
      attendAcross()
      arena.copy(a.middle, to: own.middle, rows: 0..<rows)
      linearForward(cross.output, weights, x: own.attended, addingTo: own.middle, rows: rows, arena)
    }

    normForward(block.feedForwardNorm, p, x: a.feedForwardInput, into: a.feedForwardNorm, rows: rows, arena)
    linearForward(block.hidden, weights, x: a.feedForwardNorm.output, into: a.hidden, rows: rows, arena)
    activationForward(a.hidden, into: a.activated, rows: rows, arena)
    arena.copy(a.feedForwardInput, to: output, rows: 0..<rows)
    linearForward(block.down, weights, x: a.activated, addingTo: output, rows: rows, arena)
  }

  /// d.residual holds the gradient of the block's output and becomes that of its input. `attendBackward` reads `d.attended`
  /// and writes `d.queryKeyValue`; `attendAcrossBackward` reads it and writes `d.crossQuery`.
  func blockBackward(
    _ block: ParameterLayout.Block, _ w: Weights, _ g: Arena, _ a: ActivationLayout.Block, _ d: ActivationLayout.Gradients,
    layer: Layer, rotations: ActivationLayout.Rotations, positions: Span<Int32>, rows: Int, _ arena: Arena,
    attendBackward: () -> Void, attendAcrossBackward: () -> Void = {}
  ) {
    let layer = LayerMark(layer)
    defer { layer.end() }
    linearBackward(block.down, w, g, dY: d.residual, x: a.activated, into: d.activated, rows: rows, arena)
    activationBackward(dY: d.activated, x: a.hidden, into: d.hidden, rows: rows, arena)
    linearBackward(block.hidden, w, g, dY: d.hidden, x: a.feedForwardNorm.output, into: d.normalized, rows: rows, arena)
    normBackward(
      block.feedForwardNorm, w, g, dY: d.normalized, x: a.feedForwardInput, y: a.feedForwardNorm, adding: true, to: d.residual,
      rows: rows, arena)

    if let cross = block.cross, let own = a.cross {
      linearBackward(cross.output, w, g, dY: d.residual, x: own.attended, into: d.attended, rows: rows, arena)
      attendAcrossBackward()
      linearBackward(cross.query, w, g, dY: d.crossQuery, x: own.norm.output, into: d.normalized, rows: rows, arena)
      normBackward(
        cross.norm, w, g, dY: d.normalized, x: a.middle, y: own.norm, adding: true, to: d.residual, rows: rows, arena)
    }

    linearBackward(block.attentionOutput, w, g, dY: d.residual, x: a.attended, into: d.attended, rows: rows, arena)
    attendBackward()
    rotateBackward(d.queryKeyValue, rotations, positions: positions, rows: rows, arena)
    linearBackward(
      block.queryKeyValue, w, g, dY: d.queryKeyValue, x: a.attentionNorm.output, into: d.normalized, rows: rows, arena)
    normBackward(
      block.attentionNorm, w, g, dY: d.normalized, x: a.input, y: a.attentionNorm, adding: true, to: d.residual,
      rows: rows, arena)
  }
}
