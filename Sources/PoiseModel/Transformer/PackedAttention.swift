import PoiseKernels

/// Attention within packed groups (Vaswani et al. 2017; grouped queries, Ainslie et al. 2023). Scores exist for sixteen rows of
/// one head at a time; the backward pass computes them again rather than keep them.
extension Transformer {
  /// y ← attention of the rotated x (T, queries | keys | values) within segments; y (T, H·D).
  ///
  /// - Parameter biases: (H, distances), or empty.
  func attentionForward(
    _ segments: [PackedGroups.Segment], isCausal: Bool, _ x: Tensor, biases: Tensor, into y: Tensor, _ plan: ActivationLayout,
    _ a: Arena
  ) {
    let heads = configuration.keyValueHeadCount
    for segment in segments {
      for head in 0..<heads {
        kernels.attentionForward(
          a[x], columns: x.columns, rows: segment.rows, prefix: segment.prefix, isCausal: isCausal,
          queries: queryColumns(sharing: head), keys: keyColumn(head), values: valueColumn(head),
          headSize: configuration.headSize, scale: configuration.attentionScale, biases: a[biases, part: head, of: heads],
          scratch: a[writing: plan.attentionScratch], into: a[writing: y], stride: y.columns)
      }
    }
  }

  /// dX is overwritten, dBiases added to. Keys and values of a prompt collect what all its responses send back.
  func attentionBackward(
    _ segments: [PackedGroups.Segment], isCausal: Bool, dY: Tensor, x: Tensor, biases: Tensor, into dX: Tensor, rows: Int,
    addingTo dBiases: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    let heads = configuration.keyValueHeadCount
    a.clear(dX, rows: 0..<rows)
    for segment in segments {
      for head in 0..<heads {
        kernels.attentionBackward(
          a[dY], stride: dY.columns, x: a[x], columns: x.columns, rows: segment.rows, prefix: segment.prefix,
          isCausal: isCausal, queries: queryColumns(sharing: head), keys: keyColumn(head), values: valueColumn(head),
          headSize: configuration.headSize, scale: configuration.attentionScale, biases: a[biases, part: head, of: heads],
          scratch: a[writing: plan.attentionScratch], addingTo: a[writing: dX],
          addingTo: a[writing: dBiases, part: head, of: heads])
      }
    }
  }

  /// y ← attention of queries (T, H·D) to their prompts' keys and values (E, 2·K·D); y (T, H·D).
  func crossAttentionForward(
    _ segments: [PackedGroups.Segment], queries: Tensor, keyValue: Tensor, into y: Tensor, _ plan: ActivationLayout, _ a: Arena
  ) {
    for segment in segments {
      for head in 0..<configuration.keyValueHeadCount {
        kernels.crossAttentionForward(
          a[queries], columns: queries.columns, rows: segment.rows, queries: queryColumns(sharing: head), memory: a[keyValue],
          memoryColumns: keyValue.columns, memoryRows: segment.memory, keys: memoryKeyColumn(head),
          values: memoryValueColumn(head), headSize: configuration.headSize, scale: configuration.attentionScale,
          scratch: a[writing: plan.attentionScratch], into: a[writing: y], stride: y.columns)
      }
    }
  }

  /// Both gradients are overwritten. Keys and values of a prompt collect what all its responses send back.
  func crossAttentionBackward(
    _ batch: PackedGroups, dY: Tensor, queries: Tensor, keyValue: Tensor, into dQueries: Tensor, into dKeyValue: Tensor,
    _ plan: ActivationLayout, _ a: Arena
  ) {
    a.clear(dQueries, rows: 0..<batch.rowCount)
    a.clear(dKeyValue, rows: 0..<batch.memoryTokens.count)
    for segment in batch.segments {
      for head in 0..<configuration.keyValueHeadCount {
        kernels.crossAttentionBackward(
          a[dY], stride: dY.columns, x: a[queries], columns: queries.columns, rows: segment.rows,
          queries: queryColumns(sharing: head), memory: a[keyValue], memoryColumns: keyValue.columns, memoryRows: segment.memory,
          keys: memoryKeyColumn(head), values: memoryValueColumn(head), headSize: configuration.headSize,
          scale: configuration.attentionScale, scratch: a[writing: plan.attentionScratch], addingTo: a[writing: dQueries],
          addingTo: a[writing: dKeyValue])
      }
    }
  }

  /// Columns, in a fused row, of the query heads that share one head of keys and values.
  func queryColumns(sharing head: Int) -> Range<Int> {
    let width = configuration.headCount / configuration.keyValueHeadCount * configuration.headSize
    return head * width..<(head + 1) * width
  }

  /// First column, in a fused row, of a head's keys and of its values.
  func keyColumn(_ head: Int) -> Int { configuration.queryWidth + memoryKeyColumn(head) }
  func valueColumn(_ head: Int) -> Int { configuration.queryWidth + memoryValueColumn(head) }

  /// First column, in a row of the memory's keys and values, of a head's keys and of its values.
  func memoryKeyColumn(_ head: Int) -> Int { head * configuration.headSize }
  func memoryValueColumn(_ head: Int) -> Int { configuration.keyValueWidth + head * configuration.headSize }
}
