import PoiseKernels

/// What follows from logits.
extension ProfiledKernels {
  package func logSumExp(_ x: Span<Float>) -> Float {
    let call = mark(.logSumExp, floats: x.count, operations: 3 * x.count, exponentials: x.count)
    defer { call.end() }
    return table.logSumExp(x)
  }

  package func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>) {
    let call = mark(.logPartitions, floats: logits.count, operations: 3 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.logPartitions(logits, columns: columns, into: logPartitions)
  }

  package func logSoftmax(_ logits: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    let call = mark(.logSoftmax, floats: 2 * logits.count, operations: 4 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.logSoftmax(logits, columns: columns, into: y)
  }

  package func logSoftmax(columns: Int, updating logits: consuming MutableSpan<Float>) {
    let call = mark(.logSoftmax, floats: 2 * logits.count, operations: 4 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.logSoftmax(columns: columns, updating: logits)
  }

  package func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, rows: Span<Int32>, targets: Span<Int32>,
    into logProbabilities: consuming MutableSpan<Float>
  ) {
    let call = mark(.targetLogProbabilities, floats: 5 * targets.count, operations: targets.count)
    defer { call.end() }
    table.targetLogProbabilities(
      logits, columns: columns, logPartitions: logPartitions, rows: rows, targets: targets, into: logProbabilities)
  }

  package func logProbabilityBackward(
    coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>, columns: Int,
    updating logits: consuming MutableSpan<Float>
  ) {
    let count = logits.count
    let call = mark(.logProbabilityBackward, floats: 2 * count, operations: 2 * count, exponentials: count)
    defer { call.end() }
    table.logProbabilityBackward(
      coefficients: coefficients, rows: rows, targets: targets, logPartitions: logPartitions, columns: columns,
      updating: logits)
  }

  package func logProbabilityBackward(
    _ logits: Span<Float>, coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>,
    columns: Int, into dLogits: consuming MutableSpan<Float>
  ) {
    let count = logits.count
    let call = mark(.logProbabilityBackward, floats: 2 * count, operations: 2 * count, exponentials: count)
    defer { call.end() }
    table.logProbabilityBackward(
      logits, coefficients: coefficients, rows: rows, targets: targets, logPartitions: logPartitions, columns: columns,
      into: dLogits)
  }

  package func targetScratchElements(columns: Int) -> Int { table.targetScratchElements(columns: columns) }

  package func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, coefficients: Span<Float>, scratch: consuming MutableSpan<Float>,
    into logProbabilities: consuming MutableSpan<Float>, gradients dLogits: consuming MutableSpan<Float>
  ) {
    var rows = 0
    for n in coefficients.indices where coefficients[n] != 0 { rows += 1 }
    let read = rows * columns
    let call = mark(.targetLogProbabilities, floats: read + logits.count, operations: 4 * read, exponentials: read)
    defer { call.end() }
    table.targetLogProbabilities(
      logits, columns: columns, targets: targets, coefficients: coefficients, scratch: scratch, into: logProbabilities,
      gradients: dLogits)
  }

  package func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, into logProbabilities: consuming MutableSpan<Float>,
    gradients: consuming MutableSpan<Float>, sums: consuming MutableSpan<Float>
  ) {
    let count = logits.count
    let call = mark(.targetLogProbabilities, floats: 2 * count, operations: 3 * count, exponentials: count)
    defer { call.end() }
    table.targetLogProbabilities(
      logits, columns: columns, targets: targets, into: logProbabilities, gradients: gradients, sums: sums)
  }

  package func logProbabilityBackward(
    coefficients: Span<Float>, sums: Span<Float>, columns: Int, updating gradients: consuming MutableSpan<Float>
  ) {
    let count = gradients.count
    let call = mark(.logProbabilityBackward, floats: 2 * count, operations: count)
    defer { call.end() }
    table.logProbabilityBackward(coefficients: coefficients, sums: sums, columns: columns, updating: gradients)
  }

  package func entropies(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, into entropies: consuming MutableSpan<Float>
  ) {
    let call = mark(.entropies, floats: logits.count, operations: 3 * logits.count, exponentials: logits.count)
    defer { call.end() }
    table.entropies(logits, columns: columns, logPartitions: logPartitions, into: entropies)
  }

  package func divergences(
    policy: Span<Float>, policyLogPartitions: Span<Float>, reference: Span<Float>, referenceLogPartitions: Span<Float>,
    columns: Int, into divergences: consuming MutableSpan<Float>
  ) {
    let count = policy.count
    let call = mark(.divergences, floats: 2 * count, operations: 8 * count, exponentials: 2 * count)
    defer { call.end() }
    table.divergences(
      policy: policy, policyLogPartitions: policyLogPartitions, reference: reference,
      referenceLogPartitions: referenceLogPartitions, columns: columns, into: divergences)
  }

  package func geometricMixture(
    policy: Span<Float>, policyLogPartition: Float, reference: Span<Float>, referenceLogPartition: Float, weight: Float,
    into mixture: consuming MutableSpan<Float>
  ) -> Float {
    let count = policy.count
    let call = mark(.geometricMixture, floats: 3 * count, operations: 7 * count, exponentials: count)
    defer { call.end() }
    return table.geometricMixture(
      policy: policy, policyLogPartition: policyLogPartition, reference: reference, referenceLogPartition: referenceLogPartition,
      weight: weight, into: mixture)
  }

  /// Half of the vocabulary, on average.
  package func drawToken(_ logits: Span<Float>, logPartition: Float, uniform: Double) -> Int {
    let call = mark(.drawToken, floats: logits.count / 2, operations: logits.count, exponentials: logits.count / 2)
    defer { call.end() }
    return table.drawToken(logits, logPartition: logPartition, uniform: uniform)
  }
}
