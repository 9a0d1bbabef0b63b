/// What becomes of the rows of the last block, one block of whole groups at a time: a vocabulary's logits, or a score a response.
///
/// Whole groups, because a response's coefficient is known only when the log-probabilities of its whole group are. All the same,
/// logits exist for at most ``ActivationLayout/headBlockRows`` rows at once, whatever the length of responses: a group of more
/// rows is taken in pieces, twice. The pass forward finds the log-probabilities of all its responses; the objective gives
/// coefficients; the pass backward computes the logits of each piece anew, save the last, which are still there. A row of a
/// product does not depend on the rows beside it, so no cut into pieces changes a bit of a log-probability.
extension Transformer {
  /// Consecutive groups whose head rows fit the logits, or one group that has more rows.
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

  /// Rows of a block that have their logits at the same time, and what they predict.
  struct HeadPiece {
    var rows: Range<Int>
    var targets: Range<Int>
  }

  /// The pieces of a block, in order and as even as can be: the block itself, unless it has more rows than there are logits for.
  struct HeadPieces: RandomAccessCollection {
    let batch: PackedGroups
    let block: HeadBlock
    let runs: EvenRuns

    init(of block: HeadBlock, _ batch: PackedGroups, largest: Int) {
      self.batch = batch
      self.block = block
      runs = EvenRuns(of: block.rows.count, into: (block.rows.count + largest - 1) / largest)
    }

    var startIndex: Int { runs.startIndex }
    var endIndex: Int { runs.endIndex }
    subscript(index: Int) -> HeadPiece {
      let (first, run) = (block.rows.lowerBound, runs[index])
      let rows = first + run.lowerBound..<first + run.upperBound
      return HeadPiece(rows: rows, targets: batch.targets(ofHeadRows: rows))
    }
  }

  func headPieces(_ block: HeadBlock, _ w: Workspace) -> HeadPieces {
    HeadPieces(of: block, w.batch, largest: w.plan.headBlockRows)
  }

  /// Fills the outcomes of the block's responses; the head's output is left for the last piece.
  func headForward(_ block: HeadBlock, _ w: Workspace, policy: Weights, reference: Weights?) {
    for piece in headPieces(block, w) {
      switch configuration.head {
      case .vocabulary: vocabularyHeadForward(piece, w, policy: policy, reference: reference)
      case .scalar: scalarHeadForward(piece, w, policy.parameters)
      }
    }
  }

  /// Turns the head's output into its gradient and sends that through the head, from the last piece to the first.
  func headBackward(_ block: HeadBlock, _ w: Workspace, policy: Weights, reference: Bool, addingTo gradients: Arena) {
    if configuration.head == .vocabulary { w.spreadCoefficients(block, reference: reference) }
    for piece in headPieces(block, w).reversed() {
      switch configuration.head {
      case .vocabulary:
        if piece.rows.upperBound < block.rows.upperBound {
          logitsForward(piece, w, policy, normalized: w.plan.head.norm.output, logits: w.plan.head.logits)
        }
        vocabularyHeadSeed(piece, w)
      case .scalar: scalarHeadSeed(piece, w)
      }
      seedBackward(piece, w, policy, addingTo: gradients)
    }
  }

  /// dX ← seed·W and, unless the head is frozen, dW ← dW + seedᵀ·X, some words at a time: the second cache then holds what both
  /// products read of the seed.
  private func seedBackward(_ piece: HeadPiece, _ w: Workspace, _ policy: Weights, addingTo g: Arena) {
    let (a, plan, chunk) = (w.activations, w.plan, 256)
    a.clear(plan.gradients.headNormalized, rows: piece.rows)
    for first in stride(from: 0, to: configuration.headWidth, by: chunk) {
      let columns = first..<min(first + chunk, configuration.headWidth)
      let seed = a.matrix(plan.head.logits, rows: 0..<piece.rows.count, columns: columns)
      multiply(
        seed, policy.parameters.matrix(parameters.head, rows: columns),
        addingTo: a.matrix(plan.gradients.headNormalized, rows: piece.rows))
      guard policy.adapters == nil else { continue }
      multiply(
        seed.transposed, a.matrix(plan.head.norm.output, rows: piece.rows),
        addingTo: g.matrix(parameters.head, rows: columns))
    }
  }

  /// The scalar head: score = w·x of a response's last row.
  private func scalarHeadForward(_ piece: HeadPiece, _ w: Workspace, _ p: Arena) {
    let (head, a) = (w.plan.head, w.activations)
    multiply(
      a.matrix(head.norm.output, rows: piece.rows), p.matrix(parameters.head).transposed,
      into: a.matrix(head.logits, rows: 0..<piece.rows.count))
    let scores = a[head.logits]
    for row in piece.rows { w.outcomes[row].score = Double(scores[row - piece.rows.lowerBound]) }
  }

  private func scalarHeadSeed(_ piece: HeadPiece, _ w: Workspace) {
    let a = w.activations
    var seed = a[writing: w.plan.head.logits]
    for row in piece.rows { seed[row - piece.rows.lowerBound] = Float(w.outcomes[row].coefficient) }
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
