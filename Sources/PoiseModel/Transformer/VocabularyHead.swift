import PoiseKernels

/// The vocabulary head on one block of whole groups at a time: logits → log π → (objective) → seed → gradients of the hidden
/// rows and of the head, before the block is left. No matrix of [tokens × vocabulary] outlives its block.
extension Transformer {
  /// Consecutive groups whose head rows fit one block of logits.
  struct HeadBlock {
    var groups: Range<Int>
    var rows: Range<Int>
    var targets: Range<Int>
  }

  /// The blocks of a batch, in order. A sequence without storage: a step allocates nothing.
  struct HeadBlocks: Sequence, IteratorProtocol {
    let batch: PackedGroups
    let largest: Int
    var group = 0

    mutating func next() -> HeadBlock? {
      guard group < batch.groupCount else { return nil }
      let first = batch.heads[group]
      var last = first
      let start = group
      repeat {
        last = batch.heads[group]
        group += 1
      } while group < batch.groupCount && batch.heads[group].rows.upperBound - first.rows.lowerBound <= largest
      return HeadBlock(
        groups: start..<group, rows: first.rows.lowerBound..<last.rows.upperBound,
        targets: first.targets.lowerBound..<last.targets.upperBound)
    }
  }

  func headBlocks(_ w: Workspace) -> HeadBlocks { HeadBlocks(batch: w.batch, largest: w.plan.headBlockRows) }

  /// Fills logits, log-probabilities and the outcomes of the block's responses.
  func headForward(_ block: HeadBlock, _ w: Workspace, policy: Arena, reference: Arena?) {
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

  /// Turns the block's logits into the seed Σ c·(onehot − softmax) and sends it through the head.
  func headBackward(_ block: HeadBlock, _ w: Workspace, policy p: Arena, addingTo g: Arena) {
    let (head, a, rows, targets) = (w.plan.head, w.activations, 0..<block.rows.count, w.batch.targets)
    w.spreadCoefficients(block)
    kernels.logProbabilityBackward(
      coefficients: a[head.coefficients, rows: block.targets], rows: w.blockTargetRows(block),
      targets: targets.span.extracting(block.targets), logPartitions: a[head.logPartitions, rows: rows],
      columns: configuration.vocabularySize, updating: a[writing: head.logits, rows: rows])
    let seed = a.matrix(head.logits, rows: rows)
    multiply(seed, p.matrix(parameters.head), into: a.matrix(w.plan.gradients.headNormalized, rows: block.rows))
    multiply(seed.transposed, a.matrix(head.norm.output, rows: block.rows), addingTo: g.matrix(parameters.head))
  }
}

extension Workspace {
  func resetOutcomes() {
    outcomes.removeAll(keepingCapacity: true)
    for (group, head) in batch.heads.enumerated() {
      for _ in head.responses { outcomes.append(ResponseOutcome(group: firstGroup + group, tokenCount: 0)) }
    }
  }

  /// Rows of the block's targets, counted from the block's first.
  @_lifetime(borrow self)
  func blockTargetRows(_ block: Transformer.HeadBlock) -> Span<Int32> {
    blockRows.removeAll(keepingCapacity: true)
    for target in block.targets { blockRows.append(batch.targetRows[target] - Int32(block.rows.lowerBound)) }
    return _overrideLifetime(blockRows.span, borrowing: self)
  }

  /// Adds the block's targets up by response, in the order of the tokens, in double precision.
  func collectOutcomes(_ block: Transformer.HeadBlock, reference: Bool) {
    let (head, a, first) = (plan.head, activations, block.rows.lowerBound)
    let (logProbabilities, entropies) = (a[head.logProbabilities], a[head.entropies])
    let (references, divergences) = (a[head.referenceLogProbabilities], a[head.divergences])
    for target in block.targets {
      let (row, response) = (Int(batch.targetRows[target]) - first, Int(batch.targetResponses[target]))
      outcomes[response].tokenCount += 1
      outcomes[response].logProbability += Double(logProbabilities[target])
      outcomes[response].entropy += Double(entropies[row])
      guard reference else { continue }
      outcomes[response].referenceLogProbability += Double(references[target])
      outcomes[response].divergence += Double(divergences[row])
    }
  }

  func withResponses(of group: Int, _ body: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void) {
    outcomes.withUnsafeMutableBufferPointer {
      var responses = MutableSpan(_unsafeElements: $0.extracting(batch.heads[group].responses))
      body(&responses)
    }
  }

  func spreadCoefficients(_ block: Transformer.HeadBlock) {
    let a = activations
    var coefficients = a[writing: plan.head.coefficients]
    for target in block.targets {
      coefficients[target] = Float(outcomes[Int(batch.targetResponses[target])].coefficient)
    }
  }
}
