extension Transformer {
  /// The vocabulary head alone, forward and backward, on the rows that the latest pass left in the workspace; every response has
  /// the coefficient 1. For those who time it.
  package func differentiateHead(_ workspace: Workspace, policy: Arena, addingTo gradients: Arena) {
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
