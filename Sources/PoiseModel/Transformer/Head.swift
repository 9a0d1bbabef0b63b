/// What becomes of the rows of the last block, one block of whole groups at a time: a vocabulary's logits, or a score a response.
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

  /// Fills the head's output and the outcomes of the block's responses.
  func headForward(_ block: HeadBlock, _ w: Workspace, policy: Arena, reference: Arena?) {
    switch configuration.head {
    case .vocabulary: vocabularyHeadForward(block, w, policy: policy, reference: reference)
    case .scalar: scalarHeadForward(block, w, policy)
    }
  }

  /// Turns the head's output into its gradient and sends that through the head.
  func headBackward(_ block: HeadBlock, _ w: Workspace, policy p: Arena, reference: Bool, addingTo g: Arena) {
    switch configuration.head {
    case .vocabulary: vocabularyHeadSeed(block, w, reference: reference)
    case .scalar: scalarHeadSeed(block, w)
    }
    let a = w.activations
    let seed = a.matrix(w.plan.head.logits, rows: 0..<block.rows.count)
    multiply(seed, p.matrix(parameters.head), into: a.matrix(w.plan.gradients.headNormalized, rows: block.rows))
    multiply(seed.transposed, a.matrix(w.plan.head.norm.output, rows: block.rows), addingTo: g.matrix(parameters.head))
  }

  /// The scalar head: score = w·x of a response's last row.
  private func scalarHeadForward(_ block: HeadBlock, _ w: Workspace, _ p: Arena) {
    let (head, a) = (w.plan.head, w.activations)
    multiply(
      a.matrix(head.norm.output, rows: block.rows), p.matrix(parameters.head).transposed,
      into: a.matrix(head.logits, rows: 0..<block.rows.count))
    let scores = a[head.logits]
    for row in block.rows { w.outcomes[row].score = Double(scores[row - block.rows.lowerBound]) }
  }

  private func scalarHeadSeed(_ block: HeadBlock, _ w: Workspace) {
    let a = w.activations
    var seed = a[writing: w.plan.head.logits]
    for row in block.rows { seed[row - block.rows.lowerBound] = Float(w.outcomes[row].coefficient) }
  }
}

extension Workspace {
  func resetOutcomes() {
    outcomes.removeAll(keepingCapacity: true)
    elapsedLogRatios.removeAll(keepingCapacity: true)
    for (group, head) in batch.heads.enumerated() {
      for _ in head.responses {
        outcomes.append(ResponseOutcome(group: firstGroup + group))
        elapsedLogRatios.append(0)
      }
    }
  }

  func withResponses(of group: Int, _ body: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void) {
    outcomes.withUnsafeMutableBufferPointer {
      var responses = MutableSpan(_unsafeElements: $0.extracting(batch.heads[group].responses))
      body(&responses)
    }
  }
}
