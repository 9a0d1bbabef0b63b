import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let softmaxes =
    partitions + targets + [
      divergence("divergences", shapes: .vocabularies, distance: 1, ulps: 8),
      // The divergence is about 5e-5. Σ π·(log π − log μ), summed as it stands, is off by thousands of these ulps.
      divergence("divergencesOfNeighbours", shapes: [], distance: 0.01, ulps: 150),
      KernelCase("geometricMixture", lengths: vocabulary, rows: oneRow, shapes: .vectors) { kernels, shape in
        let (policy, reference) = (
          logProbabilities("policy", shape, kernels), logProbabilities("reference", shape, kernels)
        )
        let (mixture, logPartition) = (Operand(count: shape.count), Operand(count: 1))
        return PreparedKernel(
          reading: [policy, reference], writing: [mixture, logPartition], exponentials: shape.count, operations: 6 * shape.count
        ) {
          var output = logPartition.writing
          output[0] = kernels.geometricMixture(
            policy: policy.span, policyLogPartition: 0.125, reference: reference.span, referenceLogPartition: -0.25, weight: 0.25,
            into: mixture.writing)
        } compare: {
          let twin = Twin.geometricMixture(
            policy: policy.doubles, policyLogPartition: 0.125, reference: reference.doubles, referenceLogPartition: -0.25,
            weight: 0.25)
          return [
            KernelOutput("mixture", mixture, twin: twin.mixture, ulps: 3, ofTerms: 8),
            KernelOutput("logPartition", logPartition, twin: [min(0, twin.logPartition)], ulps: 4, ofTerms: 1),
          ]
        }
      },
      KernelCase("drawToken", lengths: vocabulary, rows: oneRow, shapes: .vectors) { kernels, shape in
        let logits = logProbabilities("logits", shape, kernels)
        let token = Operand(count: 9)
        // Far enough from the steps of the sum that rounding decides nothing: in the middle of a token's share.
        let uniforms = (0..<9).map { middle(of: logits.doubles, near: Double($0) / 9) }
        return PreparedKernel(reading: [logits], writing: [token], exponentials: 9 * shape.count / 2) {
          var output = token.writing
          for (index, uniform) in uniforms.enumerated() {
            output[index] = Float(kernels.drawToken(logits.span, logPartition: 0, uniform: uniform))
          }
        } compare: {
          let twin = uniforms.map { Double(Twin.drawToken(logits.doubles, uniform: $0)) }
          return [KernelOutput("token", token, twin: twin, ulps: 0)]
        }
      },
    ]

  private static let partitions = [
    KernelCase("logSumExp", lengths: vocabulary, rows: fewRows, shapes: .vectors) { kernels, shape in
      let (logits, sum) = (Operand.normal("logits", shape.count, scale: 5), Operand(count: 1))
      return PreparedKernel(
        reading: [logits], writing: [sum], exponentials: shape.count, operations: 3 * shape.count
      ) {
        var output = sum.writing
        output[0] = kernels.logSumExp(logits.span)
      } compare: {
        [KernelOutput("logSumExp", sum, twin: [Twin.logSumExp(logits.doubles)], ulps: 2, ofTerms: 1)]
      }
    },
    KernelCase("logPartitions", lengths: vocabulary, rows: fewRows, shapes: .vocabularies) { kernels, shape in
      let (logits, logPartitions) = (Operand.normal("logits", shape.count, scale: 5), Operand(count: shape.rows))
      return PreparedKernel(
        reading: [logits], writing: [logPartitions], exponentials: shape.count, operations: 3 * shape.count
      ) {
        kernels.logPartitions(logits.span, columns: shape.columns, into: logPartitions.writing)
      } compare: {
        let twin = Twin.logPartitions(logits.doubles, columns: shape.columns)
        return [KernelOutput("logPartitions", logPartitions, twin: twin, ulps: 2, ofTerms: 1)]
      }
    },
    KernelCase("logSoftmax", lengths: vocabulary, rows: fewRows, shapes: .vocabularies) { kernels, shape in
      let logits = Operand.normal("logits", shape.count, scale: 5)
      return PreparedKernel(reading: [], updating: [logits], exponentials: shape.count, operations: 4 * shape.count) {
        kernels.logSoftmax(columns: shape.columns, updating: logits.writing)
      } compare: {
        let twin = Twin.logSoftmax(logits.doubles, columns: shape.columns)
        return [KernelOutput("rows", logits, twin: twin, ulps: 2, ofTerms: 8)]
      }
    },
    KernelCase("logSoftmaxOutOfPlace", of: "logSoftmax", lengths: vocabulary, rows: fewRows, shapes: .vocabularies) {
      kernels, shape in
      let (logits, y) = (Operand.normal("logits", shape.count, scale: 5), Operand(count: shape.count))
      return PreparedKernel(reading: [logits], writing: [y], exponentials: shape.count, operations: 4 * shape.count) {
        kernels.logSoftmax(logits.span, columns: shape.columns, into: y.writing)
      } compare: {
        [KernelOutput("y", y, twin: Twin.logSoftmax(logits.doubles, columns: shape.columns), ulps: 2, ofTerms: 8)]
      }
    },
    KernelCase("entropies", lengths: vocabulary, rows: fewRows, shapes: .vocabularies) { kernels, shape in
      let (logits, entropies) = (Operand.normal("logits", shape.count, scale: 2), Operand(count: shape.rows))
      let logPartitions = makeLogPartitions(of: logits, shape, kernels)
      return PreparedKernel(
        reading: [logits, logPartitions], writing: [entropies], exponentials: shape.count, operations: 3 * shape.count
      ) {
        kernels.entropies(
          logits.span, columns: shape.columns, logPartitions: logPartitions.span, into: entropies.writing)
      } compare: {
        let twin = Twin.entropies(logits.doubles, columns: shape.columns)
        return [KernelOutput("entropies", entropies, twin: twin, ulps: 8, ofTerms: 1)]
      }
    },
  ]

  private static func divergence(_ name: String, shapes: [KernelShape], distance: Double, ulps: Double) -> KernelCase {
    KernelCase(name, of: "divergences", lengths: vocabulary, rows: fewRows, shapes: shapes) { kernels, shape in
      let (policy, steps) = (Operand.normal("policy", shape.count), Operand.normal("reference", shape.count, scale: distance))
      let reference = Operand(zip(policy.found, steps.found).map { $0 + $1 })
      let partitions = (
        policy: makeLogPartitions(of: policy, shape, kernels), reference: makeLogPartitions(of: reference, shape, kernels)
      )
      let divergences = Operand(count: shape.rows)
      return PreparedKernel(
        reading: [policy, reference, partitions.policy, partitions.reference], writing: [divergences],
        exponentials: 2 * shape.count, operations: 6 * shape.count
      ) {
        kernels.divergences(
          policy: policy.span, policyLogPartitions: partitions.policy.span, reference: reference.span,
          referenceLogPartitions: partitions.reference.span, columns: shape.columns, into: divergences.writing)
      } compare: {
        let twin = Twin.divergences(policy: policy.doubles, reference: reference.doubles, columns: shape.columns)
        return [KernelOutput("divergences", divergences, twin: twin, ulps: ulps, ofTerms: distance * distance)]
      }
    }
  }
}

/// One log Σ exp a row.
func makeLogPartitions(of logits: Operand, _ shape: KernelShape, _ kernels: any KernelTable) -> Operand {
  let partitions = Operand(count: shape.rows)
  kernels.logPartitions(logits.span, columns: shape.columns, into: partitions.writing)
  return Operand(partitions.found)
}

/// A row of log-probabilities.
private func logProbabilities(_ name: String, _ shape: KernelShape, _ kernels: any KernelTable) -> Operand {
  let logits = Operand.normal(name, shape.count, scale: 3)
  kernels.logSoftmax(columns: shape.count, updating: logits.writing)
  return Operand(logits.found)
}

/// The middle of the share of the token that a uniform number falls to, where that share is at least a millionth; otherwise of the
/// largest.
private func middle(of logProbabilities: [Double], near uniform: Double) -> Double {
  let shares = Twin.exponential(logProbabilities)
  let drawn = Twin.drawToken(logProbabilities, uniform: uniform)
  let token = shares[drawn] >= 1e-6 ? drawn : shares.indices.max { shares[$0] < shares[$1] }!
  return shares[..<token].reduce(0, +) + shares[token] / 2
}
