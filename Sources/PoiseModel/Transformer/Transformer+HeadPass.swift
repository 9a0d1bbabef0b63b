import PoiseKernels

extension Transformer {
  /// The vocabulary head alone, forward and backward, on the rows that the latest pass left in the workspace; every response has
  /// the coefficient 1. For those who time it.
  package func differentiateHead(_ workspace: Workspace, policy: Arena, addingTo gradients: Arena) {
    let policy = weights(policy, workspace.plan.adapters)
    workspace.resetOutcomes()
    for block in headBlocks(workspace) {
      headForward(block, workspace, policy: policy, reference: nil)
      for group in block.groups {
        workspace.withResponses(of: group) { responses in
          for index in responses.indices { responses[index].coefficient = 1 }
        }
      }
      headBackward(block, workspace, policy: policy, reference: false, addingTo: gradients)
    }
  }
}

extension Workspace {
  /// Bytes of what the head holds beside its rows, weights and their gradients: logits of some rows, and a few numbers a row or
  /// token.
  package var headScratchByteCount: Int {
    let head = plan.head
    let tensors = [
      head.logits, head.referenceLogits, head.logPartitions, head.referenceLogPartitions, head.entropies, head.divergences,
      head.logProbabilities, head.referenceLogProbabilities, head.coefficients,
    ]
    return tensors.reduce(kernels.productScratchElements) { $0 + $1.count } * MemoryLayout<Float>.stride
  }
}
