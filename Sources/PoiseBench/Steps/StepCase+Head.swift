import PoiseKernelCases
import PoiseModel

/// The vocabulary head, from normalised rows to their gradients and its own, on one thread.
extension StepCase {
  static let heads = [
    head(rows: 64, width: 128, vocabularySize: 1_024, isQuick: true),
    head(rows: 64, width: 256, vocabularySize: 50_257, isQuick: false),
  ]

  private static func head(rows: Int, width: Int, vocabularySize: Int, isQuick: Bool) -> StepCase {
    let shape = "\(rows)×\(width)×\(vocabularySize)"
    return StepCase(name: "vocabularyHead", shape: shape, isParallel: false, isQuick: isQuick) { _ in
      let configuration = TransformerConfiguration(
        vocabularySize: vocabularySize, contextLength: rows + 1, width: width, blockCount: 1, headCount: 4, feedForwardWidth: 16)
      let transformer = Transformer(configuration)
      let (parameters, gradients) = (transformer.initialParameters(seed: 1), Arena(transformer.parameterLayout))
      let group = TokenGroup(
        prompt: [1], responses: [tokens(rows, seed: 2, vocabularySize: vocabularySize)])
      var capacity = WorkspaceCapacity()
      capacity.add(group)
      let workspace = transformer.makeWorkspace(capacity: capacity, backward: true, reference: false)
      workspace.pack([group], 0..<1)
      transformer.evaluate(workspace, policy: parameters)
      let (weights, logits) = (Double(width * vocabularySize), Double(rows * vocabularySize))
      return PreparedStep(
        run: { transformer.differentiateHead(workspace, policy: parameters, addingTo: gradients) },
        // Weights are read twice and their gradients updated; logits stay with whoever has room for them.
        work: Work(
          read: 4 * 3 * weights, written: 4 * weights, updated: 4 * weights, exponentials: logits,
          operations: 6 * Double(rows) * weights),
        workingSet: 4 * (2 * weights + logits))
    }
  }
}
