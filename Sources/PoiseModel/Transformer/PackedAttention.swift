import PoiseKernels

/// Causal attention within packed groups (Vaswani et al. 2017; grouped queries, Ainslie et al. 2023). Scores exist for sixteen rows of
/// one head at a time; the backward pass computes them again rather than keep them.
extension Transformer {
  /// y ← attention of the rotated x (T, queries | keys | values); y (T, H·D).
  func attentionForward(_ batch: PackedGroups, _ x: Tensor, into y: Tensor, _ plan: ActivationLayout, _ a: Arena) {
    for segment in batch.segments {
      for head in 0..<configuration.keyValueHeadCount {
        kernels.attentionForward(
          a[x], columns: x.columns, rows: segment.rows, prefix: segment.prefix, queries: queryColumns(sharing: head),
          keys: keyColumn(head), values: valueColumn(head), headSize: configuration.headSize, scale: attentionScale,
          scratch: a[writing: plan.attentionScratch], into: a[writing: y], stride: y.columns)
      }
    }
  }

  /// dX is overwritten. Keys and values of a prompt collect what all its responses send back.
  func attentionBackward(
    _ batch: PackedGroups, dY: Tensor, x: Tensor, into dX: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    a.clear(dX, rows: 0..<batch.rowCount)
    for segment in batch.segments {
      for head in 0..<configuration.keyValueHeadCount {
        kernels.attentionBackward(
          a[dY], stride: dY.columns, x: a[x], columns: x.columns, rows: segment.rows, prefix: segment.prefix,
          queries: queryColumns(sharing: head), keys: keyColumn(head), values: valueColumn(head),
          headSize: configuration.headSize, scale: attentionScale, scratch: a[writing: plan.attentionScratch],
          addingTo: a[writing: dX])
      }
    }
  }

  var attentionScale: Float { 1 / Float(configuration.headSize).squareRoot() }

  /// Columns, in a fused row, of the query heads that share one head of keys and values.
  func queryColumns(sharing head: Int) -> Range<Int> {
    let width = configuration.headCount / configuration.keyValueHeadCount * configuration.headSize
    return head * width..<(head + 1) * width
  }

  /// First column, in a fused row, of a head's keys and of its values.
  func keyColumn(_ head: Int) -> Int { configuration.queryWidth + head * configuration.headSize }
  func valueColumn(_ head: Int) -> Int { keyColumn(head) + configuration.keyValueWidth }
}
