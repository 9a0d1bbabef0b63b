import PoiseTestSupport
import Testing

@testable import PoiseModel

/// Groups of more rows than have logits at once are taken in pieces; nobody may be able to tell from the numbers.
@Suite struct LongGroupTests {
  /// Long groups between short ones; the prompt's last row predicts a token of every response.
  private func groups(_ transformer: Transformer) -> [TokenGroup] {
    [
      transformer.group(prompt: 2, responses: [2, 1], seed: 1), transformer.group(prompt: 3, responses: [9, 1, 12, 4], seed: 2),
      transformer.group(prompt: 1, responses: [3], seed: 3), transformer.group(prompt: 1, responses: [17], seed: 4),
    ]
  }

  private func workspace(
    _ transformer: Transformer, _ groups: [TokenGroup], headBlockRows: Int, backward: Bool = true, reference: Bool = false
  ) -> Workspace {
    let workspace = Workspace(
      transformer, capacity: WorkspaceCapacity(groups, reading: transformer.reading),
      purpose: .init(backward: backward, reference: reference, headBlockRows: headBlockRows))
    workspace.pack(groups, groups.indices)
    return workspace
  }

  @Test func piecesMissNoRowAndNoTarget() {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let workspace = workspace(transformer, groups(transformer), headBlockRows: 5)
    let blocks = Array(transformer.headBlocks(workspace))
    let pieces = blocks.flatMap { Array(transformer.headPieces($0, workspace)) }
    #expect(blocks.map { transformer.headPieces($0, workspace).count } == [1, 5, 1, 4])
    #expect(pieces.allSatisfy { $0.rows.count <= 5 })
    #expect(pieces.flatMap { Array($0.rows) } == Array(workspace.batch.headRows.indices))
    #expect(pieces.flatMap { Array($0.targets) } == Array(workspace.batch.targets.indices))
    for piece in pieces { #expect(piece.targets.allSatisfy { piece.rows.contains(Int(workspace.batch.targetRows[$0])) }) }
  }

  /// Every number the objective sees has its bits; gradients are added up in another order.
  @Test(arguments: [TransformerCase.llama, .gpt2], [1, 2, 5, 14])
  func piecesComputeWhatTheWholeGroupDoes(_ example: TransformerCase, headBlockRows: Int) {
    let transformer = Transformer(example.configuration)
    let (policy, reference) = (transformer.randomParameters(seed: 1), transformer.randomParameters(seed: 2))
    let groups = groups(transformer)
    func differentiate(headBlockRows: Int) -> (workspace: Workspace, gradients: [Float]) {
      let workspace = workspace(transformer, groups, headBlockRows: headBlockRows, reference: true)
      let gradients = Arena(transformer.parameterLayout)
      transformer.differentiate(workspace, policy: policy, reference: reference, addingTo: gradients) { responses in
        for index in responses.indices {
          responses[index].coefficient = Double(index + 1) - 0.1 * responses[index].logProbability
          responses[index].logRatioCoefficient = 0.3
        }
      }
      return (workspace, gradients.floats)
    }
    let (whole, inPieces) = (differentiate(headBlockRows: 192), differentiate(headBlockRows: headBlockRows))
    #expect(inPieces.workspace.outcomes == whole.workspace.outcomes)
    for response in whole.workspace.outcomes.indices {
      #expect(
        inPieces.workspace.tokenLogProbabilities(response: response).map(\.bitPattern)
          == whole.workspace.tokenLogProbabilities(response: response).map(\.bitPattern))
    }
    let size = whole.gradients.map { abs($0) }.max()!
    for (inPieces, whole) in zip(inPieces.gradients, whole.gradients) { #expect(abs(inPieces - whole) < 1e-5 * size) }

    let evaluated = workspace(transformer, groups, headBlockRows: headBlockRows, backward: false, reference: true)
    transformer.evaluate(evaluated, policy: policy, reference: reference)
    #expect(evaluated.outcomes.map(\.logProbability) == whole.workspace.outcomes.map(\.logProbability))
    #expect(evaluated.outcomes.map(\.divergence) == whole.workspace.outcomes.map(\.divergence))
  }

  @Test(arguments: [TransformerCase.llama, .gpt2, .t5, .gatedT5])
  func gradientsOfPiecesAgreeWithFiniteDifferences(_ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    let parameters = transformer.randomParameters(seed: 11)
    let groups = [
      transformer.group(prompt: 3, responses: [4, 1, 6], seed: 1), transformer.group(prompt: 1, responses: [2, 2], seed: 2),
    ]
    let (workspace, gradients) = (workspace(transformer, groups, headBlockRows: 3), Arena(transformer.parameterLayout))
    let coefficients = [[1, -0.7, 0.4], [-0.3, 0.9]]
    transformer.differentiate(workspace, policy: parameters, reference: nil, addingTo: gradients) { responses in
      for index in responses.indices { responses[index].coefficient = coefficients[responses[index].group][index] }
    }
    expectSlopes(gradients, of: TransformerSpecification(transformer, parameters: parameters)) { moved in
      zip(groups, coefficients).reduce(0) { sum, group in
        zip(group.0.responses, group.1).reduce(sum) {
          $0 + $1.1 * moved.logProbabilities(of: $1.0, after: group.0.prompt).reduce(0, +)
        }
      }
    }
  }

  @Test(.enabled(if: AllocationCounter.isSupported, "this platform's allocator cannot be counted"))
  func aStepInPiecesAllocatesNothing() {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let (policy, reference) = (transformer.randomParameters(seed: 1), transformer.randomParameters(seed: 2))
    let workspace = workspace(transformer, groups(transformer), headBlockRows: 4, reference: true)
    let gradients = Arena(transformer.parameterLayout)
    func step() {
      transformer.differentiate(workspace, policy: policy, reference: reference, addingTo: gradients) { responses in
        for index in responses.indices { responses[index].coefficient = -1 }
      }
    }
    step()
    #expect(countAllocations(step) == 0)
  }

  /// A judge of more responses than have scores at once.
  @Test func scoresOfPiecesAreThoseOfTheWholeGroup() {
    var configuration = TransformerCase.llama.configuration
    configuration.head = .scalar
    let transformer = Transformer(configuration)
    let parameters = transformer.randomParameters(seed: 5)
    let groups = [transformer.group(prompt: 2, responses: [3, 1, 2, 5, 1, 4, 2], seed: 6)]
    let results = [192, 3].map { headBlockRows in
      let workspace = workspace(transformer, groups, headBlockRows: headBlockRows)
      let gradients = Arena(transformer.parameterLayout)
      transformer.differentiate(workspace, policy: parameters, reference: nil, addingTo: gradients) { responses in
        for index in responses.indices { responses[index].coefficient = Double(index) - responses[index].score }
      }
      return (outcomes: workspace.outcomes, gradients: gradients.floats)
    }
    #expect(results[0].outcomes == results[1].outcomes)
    let size = results[0].gradients.map { abs($0) }.max()!
    for (whole, inPieces) in zip(results[0].gradients, results[1].gradients) { #expect(abs(whole - inPieces) < 1e-5 * size) }
  }

  /// Beside the rows themselves: four responses of a thousand tokens have the logits of one of 200.
  @Test func plannedLogitsDoNotGrowWithResponses() {
    var configuration = TransformerCase.llama.configuration
    configuration.contextLength = 2_000
    let transformer = Transformer(configuration)
    let logits = [[200], [1_000, 1_000, 1_000, 1_000]].map { lengths in
      let capacity = WorkspaceCapacity([transformer.group(prompt: 1, responses: lengths, seed: 1)])
      let head = ActivationLayout(
        transformer.form, capacity: capacity, purpose: .init(backward: true, reference: true)
      ).head
      return [head.logits.count, head.referenceLogits.count]
    }
    #expect(logits[0] == [192 * configuration.vocabularySize, 192 * configuration.vocabularySize])
    #expect(logits[1] == logits[0])
  }
}
