import PoiseKernels

/// Whole passes over packed groups. `trunk` is everything between the tokens and the head's rows.
extension Transformer {
  /// Evaluates log π and entropy, with a reference log π_ref and divergence too, or the score, of every response of the batch.
  /// The workspace's outcomes hold the result.
  public func evaluate(_ workspace: Workspace, policy: Arena, reference: Arena? = nil) {
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

  /// The reference goes first, so that the policy's activations are the ones the backward pass finds.
  private func forward(_ w: Workspace, policy: Arena, reference: Arena?) {
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

  func trunkForward(_ w: Workspace, _ p: Arena) {
    let (plan, a, batch) = (w.plan, w.activations, w.batch)
    let rows = batch.rowCount
    precondition(rows <= w.capacity.rows && batch.headRows.count <= w.capacity.headRows, "the workspace is too small")
    embedForward(
      tokens: batch.tokens.span, positions: batch.positions.span, p, into: plan.blocks[0].input, rows: rows, a)
    for index in 0..<configuration.blockCount {
      let block = plan.block(index)
      blockForward(
        index, p, block, into: plan.blockOutput(index), positions: batch.positions.span, rows: rows, a
      ) { attentionForward(batch, block.queryKeyValue, into: block.attended, plan, a) }
    }
  }

  /// The rows that predict something, gathered and normalised.
  private func headInputForward(_ w: Workspace, _ p: Arena) {
    let layer = LayerMark(.head)
    defer { layer.end() }
    let (head, a, headRows) = (w.plan.head, w.activations, w.batch.headRows)
    let rows = headRows.count
    let output = w.plan.blockOutput(configuration.blockCount - 1)
    kernels.embeddingForward(
      a[output], tokens: headRows.span, columns: configuration.width, into: a[writing: head.input, rows: 0..<rows])
    normForward(parameters.finalNorm, p, x: head.input, into: head.norm, rows: rows, a)
  }

  private func backward(_ w: Workspace, policy p: Arena, addingTo g: Arena) {
    let (plan, a, batch) = (w.plan, w.activations, w.batch)
    let (d, rows, headRows) = (plan.gradients, batch.rowCount, batch.headRows.count)
    profiled(.head) {
      normBackward(
        parameters.finalNorm, p, g, dY: d.headNormalized, x: plan.head.input, y: plan.head.norm, adding: false, to: d.headInput,
        rows: headRows, a)
    }
    a.clear(d.residual, rows: 0..<rows)
    kernels.embeddingBackward(
      a[d.headInput, rows: 0..<headRows], tokens: batch.headRows.span, columns: configuration.width,
      addingTo: a[writing: d.residual])
    for index in (0..<configuration.blockCount).reversed() {
      let block = plan.blocks[index]
      blockBackward(index, p, g, block, d, positions: batch.positions.span, rows: rows, a) {
        attentionBackward(batch, dY: d.attended, x: block.queryKeyValue, into: d.queryKeyValue, plan, a)
      }
    }
    embedBackward(tokens: batch.tokens.span, positions: batch.positions.span, g, dX: d.residual, rows: rows, a)
  }
}
