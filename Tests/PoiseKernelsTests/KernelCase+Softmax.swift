import PoiseKernels
import PoiseTestSupport

extension KernelCase {
  static let softmaxes = [
    KernelCase(name: "causalSoftmaxForward") { kernels, columns in
      let scores = normalRow("scores", count: rowCount * columns, scale: 8)
      let firstVisible = max(1, columns - 1)
      var found = scores
      kernels.causalSoftmaxForward(columns: columns, firstVisible: firstVisible, scale: 0.25, updating: found.mutableSpan)
      let twin = Twin.causalSoftmaxForward(scores.doubles, columns: columns, firstVisible: firstVisible, scale: 0.25)
      return [Output("probabilities", found, twin: twin, ulps: 12)]
    },
    KernelCase(name: "causalSoftmaxBackward") { kernels, columns in
      let firstVisible = max(1, columns - 2)
      var probabilities = normalRow("scores", count: rowCount * columns)
      kernels.causalSoftmaxForward(columns: columns, firstVisible: firstVisible, scale: 0.5, updating: probabilities.mutableSpan)
      let dP = normalRow("dP", count: rowCount * columns)
      var found = dP
      kernels.causalSoftmaxBackward(
        probabilities: probabilities.span, columns: columns, firstVisible: firstVisible, scale: 0.5,
        updating: found.mutableSpan)
      let twin = Twin.causalSoftmaxBackward(dP.doubles, probabilities: probabilities.doubles, columns: columns, scale: 0.5)
      return [Output("dScores", found, twin: twin, ulps: 4, ofTerms: 1)]
    },
    KernelCase(name: "logSoftmax", lengths: vocabulary) { kernels, columns in
      let logits = normalRow("logits", count: rowCount(ofLength: columns) * columns, scale: 5)
      var (found, logPartitions) = (logits, [Float](repeating: 0, count: rowCount(ofLength: columns)))
      kernels.logPartitions(logits.span, columns: columns, into: logPartitions.mutableSpan)
      kernels.logSoftmax(columns: columns, updating: found.mutableSpan)
      let twin = Twin.logPartitions(logits.doubles, columns: columns)
      let whole = kernels.logSumExp(logits.span)
      return [
        Output("logPartitions", logPartitions, twin: twin, ulps: 2, ofTerms: 1),
        Output("logSumExp", [whole], twin: [Twin.logSumExp(logits.doubles)], ulps: 2, ofTerms: 1),
        Output("rows", found, twin: Twin.logSoftmax(logits.doubles, columns: columns), ulps: 2, ofTerms: 8),
      ]
    },
    KernelCase(name: "targetLogProbabilities", lengths: vocabulary) { kernels, columns in
      let seed = SeedInputs(columns: columns)
      let logPartitions = seed.logPartitions(kernels)
      var found = seed.coefficients
      kernels.targetLogProbabilities(
        seed.logits.span, columns: columns, logPartitions: logPartitions.span, rows: seed.rows.span,
        targets: seed.targets.span, into: found.mutableSpan)
      let twin = Twin.targetLogProbabilities(seed.logits.doubles, columns: columns, rows: seed.rows, targets: seed.targets)
      return [Output("logProbabilities", found, twin: twin, ulps: 2, ofTerms: 8)]
    },
    KernelCase(name: "logProbabilityBackward", lengths: vocabulary) { kernels, columns in
      let seed = SeedInputs(columns: columns)
      let logPartitions = seed.logPartitions(kernels)
      var found = seed.logits
      kernels.logProbabilityBackward(
        coefficients: seed.coefficients.span, rows: seed.rows.span, targets: seed.targets.span,
        logPartitions: logPartitions.span, columns: columns, updating: found.mutableSpan)
      let twin = Twin.logProbabilityBackward(
        seed.logits.doubles, coefficients: seed.coefficients.doubles, rows: seed.rows, targets: seed.targets, columns: columns)
      return [Output("dLogits", found, twin: twin, ulps: 8, ofTerms: 2)]
    },
    KernelCase(name: "entropies", lengths: vocabulary) { kernels, columns in
      let logits = normalRow("logits", count: rowCount(ofLength: columns) * columns, scale: 2)
      var (logPartitions, found) = (
        [Float](repeating: 0, count: rowCount(ofLength: columns)), [Float](repeating: 0, count: rowCount(ofLength: columns))
      )
      kernels.logPartitions(logits.span, columns: columns, into: logPartitions.mutableSpan)
      kernels.entropies(logits.span, columns: columns, logPartitions: logPartitions.span, into: found.mutableSpan)
      return [Output("entropies", found, twin: Twin.entropies(logits.doubles, columns: columns), ulps: 8, ofTerms: 1)]
    },
    divergence(name: "divergences", distance: 1, ulps: 8),
    // The divergence is about 5e-5. Σ π·(log π − log μ), summed as it stands, is off by thousands of these ulps.
    divergence(name: "divergencesOfNeighbours", distance: 0.01, ulps: 150),
    KernelCase(name: "geometricMixture", lengths: vocabulary) { kernels, columns in
      var (policy, reference) = (normalRow("policy", count: columns, scale: 3), normalRow("reference", count: columns, scale: 3))
      kernels.logSoftmax(columns: columns, updating: policy.mutableSpan)
      kernels.logSoftmax(columns: columns, updating: reference.mutableSpan)
      var found = policy
      let logPartition = kernels.geometricMixture(
        policy: policy.span, reference: reference.span, weight: 0.25, into: found.mutableSpan)
      let twin = Twin.geometricMixture(policy: policy.doubles, reference: reference.doubles, weight: 0.25)
      return [
        Output("mixture", found, twin: twin.mixture, ulps: 3, ofTerms: 8),
        Output("logPartition", [logPartition], twin: [twin.logPartition], ulps: 4, ofTerms: 1),
      ]
    },
  ]

  private static func divergence(name: String, distance: Double, ulps: Double) -> KernelCase {
    KernelCase(name: name, lengths: vocabulary) { kernels, columns in
      let policy = normalRow("policy", count: rowCount(ofLength: columns) * columns)
      let reference = zip(policy, normalRow("reference", count: rowCount(ofLength: columns) * columns, scale: distance)).map {
        $0 + $1
      }
      var policyPartitions = [Float](repeating: 0, count: rowCount(ofLength: columns))
      var (referencePartitions, found) = (policyPartitions, policyPartitions)
      kernels.logPartitions(policy.span, columns: columns, into: policyPartitions.mutableSpan)
      kernels.logPartitions(reference.span, columns: columns, into: referencePartitions.mutableSpan)
      kernels.divergences(
        policy: policy.span, policyLogPartitions: policyPartitions.span, reference: reference.span,
        referenceLogPartitions: referencePartitions.span, columns: columns, into: found.mutableSpan)
      let twin = Twin.divergences(policy: policy.doubles, reference: reference.doubles, columns: columns)
      return [Output("divergences", found, twin: twin, ulps: ulps, ofTerms: distance * distance)]
    }
  }
}

/// Inputs of the backward seed: five targets in rows 0, 0, 2, 2, 2 of four, so that rows are shared and rows are left out.
struct SeedInputs {
  let columns: Int
  let logits: [Float]
  let rows: [Int32] = [0, 0, 2, 2, 2]
  let targets: [Int32]
  let coefficients: [Float]

  init(columns: Int) {
    self.columns = columns
    logits = normalRow("logits", count: 4 * columns, scale: 3)
    targets = idRow("targets", count: 5, below: columns)
    coefficients = normalRow("coefficients", count: 5)
  }

  func logPartitions(_ kernels: any KernelTable) -> [Float] {
    var logPartitions = [Float](repeating: 0, count: 4)
    kernels.logPartitions(logits.span, columns: columns, into: logPartitions.mutableSpan)
    return logPartitions
  }
}
