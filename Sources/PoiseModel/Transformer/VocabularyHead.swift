import PoiseKernels

/// The vocabulary head: logits → log π → (objective) → seed → gradients of the hidden rows and of the head, before the block is
/// left. No matrix of [tokens × vocabulary] outlives its piece.
extension Transformer {
  /// Fills logits and log-probabilities and adds to the outcomes of the piece's responses.
  func vocabularyHeadForward(_ piece: HeadPiece, _ w: Workspace, policy: Weights, reference: Weights?) {
    let (head, a) = (w.plan.head, w.activations)
    logitsForward(piece, w, policy, normalized: head.norm.output, logits: head.logits)
    logProbabilitiesForward(
      piece, w, logits: head.logits, logPartitions: head.logPartitions, logProbabilities: head.logProbabilities)
    let rows = 0..<piece.rows.count
    kernels.entropies(
      a[head.logits, rows: rows], columns: configuration.vocabularySize,
      logPartitions: a[head.logPartitions, rows: piece.rows], into: a[writing: head.entropies, rows: rows])
    if let reference {
      logitsForward(piece, w, reference, normalized: head.referenceNormalized, logits: head.referenceLogits)
      logProbabilitiesForward(
        piece, w, logits: head.referenceLogits, logPartitions: head.referenceLogPartitions,
        logProbabilities: head.referenceLogProbabilities)
      kernels.divergences(
        policy: a[head.logits, rows: rows], policyLogPartitions: a[head.logPartitions, rows: piece.rows],
        reference: a[head.referenceLogits, rows: rows],
        referenceLogPartitions: a[head.referenceLogPartitions, rows: piece.rows],
        columns: configuration.vocabularySize, into: a[writing: head.divergences, rows: rows])
    }
    w.collectOutcomes(piece, reference: reference != nil)
  }

  /// Logits of one model, whose normalised rows are there.
  func logitsForward(_ piece: HeadPiece, _ w: Workspace, _ weights: Weights, normalized: Tensor, logits: Tensor) {
    let a = w.activations
    multiply(
      a.matrix(normalized, rows: piece.rows), weights.parameters.matrix(parameters.head).transposed,
      into: a.matrix(logits, rows: 0..<piece.rows.count))
  }

  /// log π of the piece's targets from logits.
  private func logProbabilitiesForward(
    _ piece: HeadPiece, _ w: Workspace, logits: Tensor, logPartitions: Tensor, logProbabilities: Tensor
  ) {
    let (a, rows, targets) = (w.activations, 0..<piece.rows.count, w.batch.targets)
    kernels.logPartitions(
      a[logits, rows: rows], columns: configuration.vocabularySize, into: a[writing: logPartitions, rows: piece.rows])
    kernels.targetLogProbabilities(
      a[logits, rows: rows], columns: configuration.vocabularySize, logPartitions: a[logPartitions, rows: piece.rows],
      rows: w.pieceTargetRows(piece), targets: targets.span.extracting(piece.targets),
      into: a[writing: logProbabilities, rows: piece.targets])
  }

  /// Turns the piece's logits into the seed Σ c·(onehot − softmax).
  func vocabularyHeadSeed(_ piece: HeadPiece, _ w: Workspace) {
    let (head, a, rows, targets) = (w.plan.head, w.activations, 0..<piece.rows.count, w.batch.targets)
    kernels.logProbabilityBackward(
      coefficients: a[head.coefficients, rows: piece.targets], rows: w.pieceTargetRows(piece),
      targets: targets.span.extracting(piece.targets), logPartitions: a[head.logPartitions, rows: piece.rows],
      columns: configuration.vocabularySize, updating: a[writing: head.logits, rows: rows])
  }
}

extension Workspace {
  /// Rows of the piece's targets, counted from its first.
  @_lifetime(borrow self)
  func pieceTargetRows(_ piece: Transformer.HeadPiece) -> Span<Int32> {
    pieceRows.removeAll(keepingCapacity: true)
    for target in piece.targets { pieceRows.append(batch.targetRows[target] - Int32(piece.rows.lowerBound)) }
    return _overrideLifetime(pieceRows.span, borrowing: self)
  }

  /// log π_ref of a target: brought by its group, or evaluated in this pass; nil without a reference.
  private func referenceLogProbability(_ target: Int, isEvaluated: Bool) -> Float? {
    guard batch.targetReferences.isEmpty else { return batch.targetReferences[target].logProbability }
    let a = activations
    return isEvaluated ? a[plan.head.referenceLogProbabilities][target] : nil
  }

  /// KL(π ‖ π_ref) of a target's place, where it has a reference.
  private func divergence(_ target: Int, row: Int) -> Float {
    guard batch.targetReferences.isEmpty else { return batch.targetReferences[target].divergence }
    let a = activations
    return a[plan.head.divergences][row]
  }

  /// Adds the piece's targets up by response, in the order of the tokens, in double precision.
  func collectOutcomes(_ piece: Transformer.HeadPiece, reference: Bool) {
    let (head, a, first) = (plan.head, activations, piece.rows.lowerBound)
    let (logProbabilities, entropies) = (a[head.logProbabilities], a[head.entropies])
    for target in piece.targets {
      let (row, response) = (Int(batch.targetRows[target]) - first, Int(batch.targetResponses[target]))
      outcomes[response].tokenCount += 1
      outcomes[response].logProbability += Double(logProbabilities[target])
      outcomes[response].entropy += Double(entropies[row])
      guard let logProbability = referenceLogProbability(target, isEvaluated: reference) else { continue }
      outcomes[response].referenceLogProbability += Double(logProbability)
      outcomes[response].divergence += Double(divergence(target, row: row))
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
      guard let reference = referenceLogProbability(target, isEvaluated: reference) else { continue }
      elapsedLogRatios[response] += Double(logProbabilities[target]) - Double(reference)
    }
  }
}
