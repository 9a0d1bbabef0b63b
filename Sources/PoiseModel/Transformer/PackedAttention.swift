import PoiseKernels

/// Causal attention within packed groups (Vaswani et al. 2017; grouped queries, Ainslie et al. 2023). Scores exist for one head
/// of one segment at a time; the backward pass computes them again rather than keep them.
extension Transformer {
  /// y ← attention of the rotated x (T, queries | keys | values); y (T, H·D).
  func attentionForward(_ batch: PackedGroups, _ x: Tensor, into y: Tensor, _ plan: ActivationLayout, _ a: Arena) {
    for segment in batch.segments {
      for head in 0..<configuration.headCount {
        probabilitiesForward(segment, head, x, plan, a)
        let output = a.matrix(y, rows: segment.rows, columns: queryColumns(head))
        let values = valueColumns(head)
        multiply(
          segment.tile(plan.scores, segment.ownColumns, a), a.matrix(x, rows: segment.rows, columns: values), into: output)
        guard !segment.prefix.isEmpty else { continue }
        multiply(
          segment.tile(plan.scores, segment.prefixColumns, a), a.matrix(x, rows: segment.prefix, columns: values),
          addingTo: output)
      }
    }
  }

  /// dX is overwritten. Keys and values of a prompt collect what all its responses send back.
  func attentionBackward(
    _ batch: PackedGroups, dY: Tensor, x: Tensor, into dX: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    a.clear(dX, rows: 0..<batch.rowCount)
    for segment in batch.segments {
      for head in 0..<configuration.headCount {
        probabilitiesForward(segment, head, x, plan, a)
        valuesBackward(segment, head, segment.ownColumns, of: segment.rows, dY: dY, x: x, addingTo: dX, plan, a)
        valuesBackward(segment, head, segment.prefixColumns, of: segment.prefix, dY: dY, x: x, addingTo: dX, plan, a)
        kernels.causalSoftmaxBackward(
          probabilities: a[plan.scores, rows: 0..<segment.tileCount], columns: segment.visibleCount,
          firstVisible: segment.prefix.count + 1, scale: attentionScale,
          updating: a[writing: plan.scoreGradients, rows: 0..<segment.tileCount])
        keysBackward(segment, head, segment.ownColumns, of: segment.rows, x: x, addingTo: dX, plan, a)
        keysBackward(segment, head, segment.prefixColumns, of: segment.prefix, x: x, addingTo: dX, plan, a)
      }
    }
  }

  /// The tile of scores ← softmax(Q·Kᵀ/√D), the prefix's columns first.
  private func probabilitiesForward(
    _ segment: PackedGroups.Segment, _ head: Int, _ x: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    let queries = a.matrix(x, rows: segment.rows, columns: queryColumns(head))
    let keys = keyColumns(head)
    multiply(
      queries, a.matrix(x, rows: segment.prefix, columns: keys).transposed,
      into: segment.tile(plan.scores, segment.prefixColumns, a))
    multiply(
      queries, a.matrix(x, rows: segment.rows, columns: keys).transposed, into: segment.tile(plan.scores, segment.ownColumns, a))
    kernels.causalSoftmaxForward(
      columns: segment.visibleCount, firstVisible: segment.prefix.count + 1, scale: attentionScale,
      updating: a[writing: plan.scores, rows: 0..<segment.tileCount])
  }

  /// dP ← dO·Vᵀ and dV ← dV + Pᵀ·dO, for the visible rows that stand in `columns` of the tile.
  private func valuesBackward(
    _ segment: PackedGroups.Segment, _ head: Int, _ columns: Range<Int>, of visible: Range<Int>, dY: Tensor, x: Tensor,
    addingTo dX: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    guard !visible.isEmpty else { return }
    let dOutput = a.matrix(dY, rows: segment.rows, columns: queryColumns(head))
    let values = valueColumns(head)
    multiply(
      dOutput, a.matrix(x, rows: visible, columns: values).transposed, into: segment.tile(plan.scoreGradients, columns, a))
    multiply(
      segment.tile(plan.scores, columns, a).transposed, dOutput, addingTo: a.matrix(dX, rows: visible, columns: values))
  }

  /// dQ ← dQ + dS·K and dK ← dK + dSᵀ·Q.
  private func keysBackward(
    _ segment: PackedGroups.Segment, _ head: Int, _ columns: Range<Int>, of visible: Range<Int>, x: Tensor,
    addingTo dX: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    guard !visible.isEmpty else { return }
    let dScores = segment.tile(plan.scoreGradients, columns, a)
    let (queries, keys) = (queryColumns(head), keyColumns(head))
    multiply(
      dScores, a.matrix(x, rows: visible, columns: keys), addingTo: a.matrix(dX, rows: segment.rows, columns: queries))
    multiply(
      dScores.transposed, a.matrix(x, rows: segment.rows, columns: queries),
      addingTo: a.matrix(dX, rows: visible, columns: keys))
  }

  var attentionScale: Float { 1 / Float(configuration.headSize).squareRoot() }

  /// Columns of a fused row that query head `head` reads, and those of the key and value head that it shares.
  func queryColumns(_ head: Int) -> Range<Int> { columns(of: head, from: 0) }
  func keyColumns(_ head: Int) -> Range<Int> { columns(of: sharedHead(head), from: configuration.queryWidth) }
  func valueColumns(_ head: Int) -> Range<Int> {
    columns(of: sharedHead(head), from: configuration.queryWidth + configuration.keyValueWidth)
  }

  func sharedHead(_ head: Int) -> Int { head / (configuration.headCount / configuration.keyValueHeadCount) }

  private func columns(of head: Int, from start: Int) -> Range<Int> {
    start + head * configuration.headSize..<start + (head + 1) * configuration.headSize
  }
}

extension PackedGroups.Segment {
  /// Rows of the tile are the segment's; its columns are the prefix's rows, then the segment's own.
  var visibleCount: Int { prefix.count + rows.count }
  var prefixColumns: Range<Int> { 0..<prefix.count }
  var ownColumns: Range<Int> { prefix.count..<visibleCount }
  var tileCount: Int { rows.count * visibleCount }

  @_lifetime(borrow a)
  func tile(_ scratch: Tensor, _ columns: Range<Int>, _ a: Arena) -> Matrix {
    a.matrix(scratch: scratch, rows: 0..<rows.count, columns: columns, stride: visibleCount)
  }
}
