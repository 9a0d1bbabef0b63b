import PoiseKernels

/// The vocabulary head on one block of whole groups at a time: logits → log π → (objective) → seed → gradients of the hidden
/// rows and of the head, before the block is left. No matrix of [tokens × vocabulary] outlives its block.
extension Transformer {
  /// Fills logits, log-probabilities and the outcomes of the block's responses.
  func vocabularyHeadForward(_ block: HeadBlock, _ w: Workspace, policy: Arena, reference: Arena?) {
    let (head, a) = (w.plan.head, w.activations)
    logitsForward(
      block, w, policy, normalized: head.norm.output, logits: head.logits, logPartitions: head.logPartitions,
      logProbabilities: head.logProbabilities)
    let rows = 0..<block.rows.count
    kernels.entropies(
      a[head.logits, rows: rows], columns: configuration.vocabularySize, logPartitions: a[head.logPartitions, rows: rows],
      into: a[writing: head.entropies, rows: rows])
    if let reference {
      logitsForward(
        block, w, reference, normalized: head.referenceNormalized, logits: head.referenceLogits,
        logPartitions: head.referenceLogPartitions, logProbabilities: head.referenceLogProbabilities)
      kernels.divergences(
        policy: a[head.logits, rows: rows], policyLogPartitions: a[head.logPartitions, rows: rows],
        reference: a[head.referenceLogits, rows: rows], referenceLogPartitions: a[head.referenceLogPartitions, rows: rows],
        columns: configuration.vocabularySize, into: a[writing: head.divergences, rows: rows])
    }
    w.collectOutcomes(block, reference: reference != nil)
  }

  private func logitsForward(
    _ block: HeadBlock, _ w: Workspace, _ p: Arena, normalized: Tensor, logits: Tensor, logPartitions: Tensor,
    logProbabilities: Tensor
  ) {
    let (a, rows, targets) = (w.activations, 0..<block.rows.count, w.batch.targets)
    multiply(
      a.matrix(normalized, rows: block.rows), p.matrix(parameters.head).transposed, into: a.matrix(logits, rows: rows))
    kernels.logPartitions(
      a[logits, rows: rows], columns: configuration.vocabularySize, into: a[writing: logPartitions, rows: rows])
    kernels.targetLogProbabilities(
      a[logits, rows: rows], columns: configuration.vocabularySize, logPartitions: a[logPartitions, rows: rows],
      rows: w.blockTargetRows(block), targets: targets.span.extracting(block.targets),
      into: a[writing: logProbabilities, rows: block.targets])
  }

  /// Turns the block's logits into the seed Σ c·(onehot − softmax).
  func vocabularyHeadSeed(_ block: HeadBlock, _ w: Workspace, reference: Bool) {
    let (head, a, rows, targets) = (w.plan.head, w.activations, 0..<block.rows.count, w.batch.targets)
    w.spreadCoefficients(block, reference: reference)
    kernels.logProbabilityBackward(
      coefficients: a[head.coefficients, rows: block.targets], rows: w.blockTargetRows(block),
      targets: targets.span.extracting(block.targets), logPartitions: a[head.logPartitions, rows: rows],
      columns: configuration.vocabularySize, updating: a[writing: head.logits, rows: rows])
  }
}

extension Workspace {
  /// Rows of the block's targets, counted from the block's first.
  @_lifetime(borrow self)
  func blockTargetRows(_ block: Transformer.HeadBlock) -> Span<Int32> {
    blockRows.removeAll(keepingCapacity: true)
    for target in block.targets { blockRows.append(batch.targetRows[target] - Int32(block.rows.lowerBound)) }
    return _overrideLifetime(blockRows.span, borrowing: self)
  }

  /// What the reference says of a target of the block: brought by its group, or evaluated in this pass; nil without a reference.
  private func reference(_ target: Int, _ block: Transformer.HeadBlock, isEvaluated: Bool) -> TokenReference? {
    guard batch.targetReferences.isEmpty else { return batch.targetReferences[target] }
    guard isEvaluated else { return nil }
    let (head, a, row) = (plan.head, activations, Int(batch.targetRows[target]) - block.rows.lowerBound)
    return TokenReference(logProbability: a[head.referenceLogProbabilities][target], divergence: a[head.divergences][row])
  }

  /// Adds the block's targets up by response, in the order of the tokens, in double precision.
  func collectOutcomes(_ block: Transformer.HeadBlock, reference: Bool) {
    let (head, a, first) = (plan.head, activations, block.rows.lowerBound)
    let (logProbabilities, entropies) = (a[head.logProbabilities], a[head.entropies])
    for target in block.targets {
      let (row, response) = (Int(batch.targetRows[target]) - first, Int(batch.targetResponses[target]))
      outcomes[response].tokenCount += 1
      outcomes[response].logProbability += Double(logProbabilities[target])
      outcomes[response].entropy += Double(entropies[row])
      guard let reference = self.reference(target, block, isEvaluated: reference) else { continue }
      outcomes[response].referenceLogProbability += Double(reference.logProbability)
      outcomes[response].divergence += Double(reference.divergence)
    }
  }

  /// Gives every target of the block its coefficient: the response's, less κ times the log-ratio of the tokens before it.
  func spreadCoefficients(_ block: Transformer.HeadBlock, reference: Bool) {
    let (head, a) = (plan.head, activations)
    let logProbabilities = a[head.logProbabilities]
    var coefficients = a[writing: head.coefficients]
    for target in block.targets {
      let response = Int(batch.targetResponses[target])
      let outcome = outcomes[response]
      coefficients[target] = Float(outcome.coefficient - outcome.logRatioCoefficient * elapsedLogRatios[response])
      guard let reference = self.reference(target, block, isEvaluated: reference) else { continue }
      elapsedLogRatios[response] += Double(logProbabilities[target]) - Double(reference.logProbability)
    }
  }
}
