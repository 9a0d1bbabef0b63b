import Testing

@testable import PoiseModel

/// Prompts are shared and groups packed end to end; nobody may be able to tell from the numbers.
@Suite struct PackedPassTests {
  @Test(arguments: TransformerCase.all + TransformerCase.scaledLlamas + [.qwen2, .t5, .gatedT5])
  func packedGroupsComputeWhatTheSpecificationSays(_ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    let parameters = transformer.randomParameters(seed: 7)
    let specification = TransformerSpecification(transformer, parameters: parameters)
    let groups = transformer.mixedGroups
    let workspace = Workspace(transformer, capacity: WorkspaceCapacity(groups), backward: false, reference: false)
    for group in groups { workspace.batch.append(group) }
    transformer.evaluate(workspace, policy: parameters)

    var response = 0
    for group in groups {
      for tokens in group.responses {
        let expected = specification.logProbabilities(of: tokens, after: group.prompt)
        let found = workspace.tokenLogProbabilities(response: response)
        #expect(found.count == tokens.count)
        for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) < 1e-5) }
        #expect(workspace.outcomes[response].tokenCount == tokens.count)
        #expect(abs(workspace.outcomes[response].logProbability - expected.reduce(0, +)) < 1e-4)
        response += 1
      }
    }
    #expect(response == workspace.outcomes.count)
  }

  /// Sixteen million of them would be tables of half a gigabyte.
  @Test func positionsThatNobodyUsesTakeNoMemory() {
    let passes = [64, 1 << 24].map { contextLength in
      var configuration = TransformerCase.llama.configuration
      configuration.contextLength = contextLength
      let transformer = Transformer(configuration)
      let groups = transformer.mixedGroups
      let workspace = Workspace(transformer, capacity: WorkspaceCapacity(groups), backward: false, reference: false)
      for group in groups { workspace.batch.append(group) }
      transformer.evaluate(workspace, policy: transformer.randomParameters(seed: 7))
      return (floats: workspace.activations.count, outcomes: workspace.outcomes)
    }
    #expect(passes[0].floats == passes[1].floats && passes[0].outcomes == passes[1].outcomes)
  }

  @Test func aGroupDoesNotSeeItsNeighbours() {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let parameters = transformer.randomParameters(seed: 3)
    let groups = transformer.mixedGroups
    let workspace = Workspace(transformer, capacity: WorkspaceCapacity(groups), backward: false, reference: false)
    for group in groups { workspace.batch.append(group) }
    transformer.evaluate(workspace, policy: parameters)
    let together = workspace.outcomes.map(\.logProbability)
    let alone = groups.flatMap { group in
      workspace.batch.removeAll()
      workspace.batch.append(group)
      transformer.evaluate(workspace, policy: parameters)
      return workspace.outcomes.map(\.logProbability)
    }
    #expect(together.count == alone.count)
    for (together, alone) in zip(together, alone) { #expect(abs(together - alone) < 1e-5) }
  }

  /// The head sees whole groups, as many as have logits at once.
  @Test func blocksOfTheHeadHoldWholeGroupsAndMissNone() {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let groups = (0..<40).map { transformer.group(prompt: 2, responses: [9, 1, $0 % 7 + 1], seed: UInt64($0)) }
    let workspace = Workspace(transformer, capacity: WorkspaceCapacity(groups), backward: true, reference: false)
    for group in groups { workspace.batch.append(group) }
    let blocks = Array(transformer.headBlocks(workspace))
    #expect(blocks.count > 1)
    #expect(blocks.flatMap { Array($0.groups) } == Array(groups.indices))
    #expect(blocks.flatMap { Array($0.rows) } == Array(workspace.batch.headRows.indices))
    #expect(blocks.flatMap { Array($0.targets) } == Array(workspace.batch.targets.indices))
    #expect(blocks.allSatisfy { $0.rows.count <= workspace.plan.headBlockRows })
    #expect(blocks.allSatisfy { transformer.headPieces($0, workspace).count == 1 })
  }
}
