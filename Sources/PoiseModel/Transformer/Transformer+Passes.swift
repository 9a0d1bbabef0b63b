import PoiseKernels

/// Whole passes over packed groups. `trunk` is everything between the tokens and the head's rows.
extension Transformer {
  /// Evaluates log π and entropy, with a reference log π_ref and divergence too, or the score, of every response of the batch.
  /// The workspace's outcomes hold the result.
  public func evaluate(_ workspace: Workspace, policy: Arena, reference: Arena? = nil) {
    let (policy, reference) = (weights(policy, workspace), reference.map { weights($0, workspace) })
    profiled(.forward) { forward(workspace, policy: policy, reference: reference) }
    for block in headBlocks(workspace) {
      profiled(.loss) { profiled(.head) { headForward(block, workspace, policy: policy, reference: reference) } }
    }
  }

  /// One shard's whole contribution: forward, `objective`, backward. Gradients of Σ coefficient · log π accumulate in
  /// `gradients`.
  ///
  /// - Parameter objective: called once a group with its responses, when their log π and log π_ref are known; it writes each
  ///   one's `coefficient` = ∂loss/∂log π(y).
  public func differentiate(
    _ workspace: Workspace, policy: Arena, reference: Arena?, addingTo gradients: Arena,
    objective: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void
  ) {
    let (policy, reference) = (weights(policy, workspace), reference.map { weights($0, workspace) })
    profiled(.forward) { forward(workspace, policy: policy, reference: reference) }
    for block in headBlocks(workspace) {
      profiled(.loss) {
        profiled(.head) { headForward(block, workspace, policy: policy, reference: reference) }
        for group in block.groups { workspace.withResponses(of: group, objective) }
      }
      profiled(.backward) {
        profiled(.head) { headBackward(block, workspace, policy: policy, reference: reference != nil, addingTo: gradients) }
      }
    }
    profiled(.backward) { backward(workspace, policy: policy, addingTo: gradients) }
  }

  private func weights(_ trained: Arena, _ w: Workspace) -> Weights { weights(trained, w.plan.adapters) }

  /// The reference goes first, so that the policy's activations are the ones the backward pass finds.
  private func forward(_ w: Workspace, policy: Weights, reference: Weights?) {
    precondition(reference == nil || w.batch.targetReferences.isEmpty, "the groups bring what the reference says")
    let head = w.plan.head
    if let reference {
      trunkForward(w, reference)
      headInputForward(w, reference)
      w.activations.copy(head.norm.output, to: head.referenceNormalized, rows: 0..<w.batch.headRows.count)
    }
    trunkForward(w, policy)
    headInputForward(w, policy)
    w.resetOutcomes()
  }

  func trunkForward(_ w: Workspace, _ weights: Weights) {
    let (plan, a, batch, p) = (w.plan, w.activations, w.batch, weights.parameters)
    let rows = batch.rowCount
    precondition(
      rows <= plan.decoder.block(0).input.rows && batch.memoryTokens.count <= plan.encoded.output.rows
        && batch.headRows.count <= w.capacity.headRows, "the workspace is too small")
    encoderForward(batch, weights, plan, a)
    embedForward(
      tokens: batch.tokens.span, positions: batch.positions.span, p, into: plan.decoder.block(0).input, rows: rows, a)
    relativeBiasesForward(parameters.decoder.relativeBiases, p, isCausal: true, into: plan.decoder.biases, a)
    for index in parameters.decoder.blocks.indices {
      let (block, own) = (parameters.decoder.blocks[index], plan.decoder.block(index))
      blockForward(
        block, weights, own, into: plan.decoder.blockOutput(index), layer: .block(index), rotations: plan.rotations,
        positions: batch.positions.span, rows: rows, a
      ) {
        attentionForward(
          batch.segments, isCausal: true, own.queryKeyValue, biases: plan.decoder.biases, into: own.attended, plan, a)
      } attendAcross: {
        lookAtEncoderForward(block, batch, weights, own, plan, a)
      }
    }
  }

  /// The rows that predict something, gathered and normalised.
  private func headInputForward(_ w: Workspace, _ weights: Weights) {
    let layer = LayerMark(.head)
    defer { layer.end() }
    let (head, a, headRows) = (w.plan.head, w.activations, w.batch.headRows)
    let rows = headRows.count
    let output = w.plan.decoder.blockOutput(configuration.blockCount - 1)
    kernels.embeddingForward(
      a[output], tokens: headRows.span, columns: configuration.width, into: a[writing: head.input, rows: 0..<rows])
    normForward(parameters.decoder.finalNorm, weights.parameters, x: head.input, into: head.norm, rows: rows, a)
    scaleHeadInput(head.norm.output, rows: rows, a)
  }

  /// Normalised rows as the head reads them, or their gradients.
  func scaleHeadInput(_ x: Tensor, rows: Int, _ a: Arena) {
    if let scale = configuration.headInputScale { kernels.scale(by: scale, updating: a[writing: x, rows: 0..<rows]) }
  }

  private func backward(_ w: Workspace, policy: Weights, addingTo g: Arena) {
    let (plan, a, batch) = (w.plan, w.activations, w.batch)
    let (d, rows, headRows) = (plan.gradients, batch.rowCount, batch.headRows.count)
    profiled(.head) {
      scaleHeadInput(d.headNormalized, rows: headRows, a)
      normBackward(
        parameters.decoder.finalNorm, policy, g, dY: d.headNormalized, x: plan.head.input, y: plan.head.norm, adding: false,
        to: d.headInput,
        rows: headRows, a)
    }
    a.clear(d.residual, rows: 0..<rows)
    kernels.embeddingBackward(
      a[d.headInput, rows: 0..<headRows], tokens: batch.headRows.span, columns: configuration.width,
      addingTo: a[writing: d.residual])
    a.clear(d.encoded, rows: 0..<batch.memoryTokens.count)
    a.clear(plan.decoder.dBiases, rows: 0..<plan.decoder.dBiases.rows)
    for index in parameters.decoder.blocks.indices.reversed() {
      let (block, own) = (parameters.decoder.blocks[index], plan.decoder.block(index))
      blockBackward(
        block, policy, g, own, d, layer: .block(index), rotations: plan.rotations,
        positions: batch.positions.span, rows: rows, a
      ) {
        attentionBackward(
          batch.segments, isCausal: true, dY: d.attended, x: own.queryKeyValue, biases: plan.decoder.biases,
          into: d.queryKeyValue, rows: rows, addingTo: plan.decoder.dBiases, plan, a)
      } attendAcrossBackward: {
        lookAtEncoderBackward(block, batch, policy, g, own, plan, a)
      }
    }
    relativeBiasesBackward(parameters.decoder.relativeBiases, policy, g, dBiases: plan.decoder.dBiases, isCausal: true, a)
    embedBackward(tokens: batch.tokens.span, positions: batch.positions.span, policy, g, dX: d.residual, rows: rows, a)
    encoderBackward(batch, policy, g, plan, a)
  }
}
