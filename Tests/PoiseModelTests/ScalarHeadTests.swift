import PoiseTwins
import Testing

@testable import PoiseModel

/// A judge's head: one number at the last token of every response.
@Suite struct ScalarHeadTests {
  private func transformer(_ example: TransformerCase) -> Transformer {
    var configuration = example.configuration
    configuration.head = .scalar
    return Transformer(configuration)
  }

  private func pass(
    _ transformer: Transformer, workers: Int = 1, shards: Int, backward: Bool = true
  ) -> ShardedPass<Transformer> {
    ShardedPass(
      transformer, pool: WorkerPool(workerCount: workers), shardCount: shards, backward: backward, reference: false)
  }

  /// ∇ Σ c·score with a coefficient of its own for every response, which depends on its score.
  private func differentiate(_ pass: ShardedPass<Transformer>, _ groups: [TokenGroup], _ parameters: Arena) {
    pass.differentiate(groups, policy: parameters, reference: nil) { responses in
      for index in responses.indices {
        responses[index].coefficient = coefficient(group: responses[index].group, response: index) + 0.1 * responses[index].score
      }
    }
  }

  private func coefficient(group: Int, response: Int) -> Double { Double(response + 1) - 0.7 * Double(group) }

  private func expectedScores(_ transformer: Transformer, _ parameters: Arena, _ groups: [TokenGroup]) -> [Double] {
    let specification = TransformerSpecification(transformer, parameters: parameters)
    return groups.flatMap { group in group.responses.map { specification.score(of: $0, after: group.prompt) } }
  }

  @Test(arguments: TransformerCase.all + [.t5, .gatedT5])
  func scoresAreWhatTheSpecificationSays(_ example: TransformerCase) {
    let transformer = transformer(example)
    let parameters = transformer.randomParameters(seed: 7)
    let groups = transformer.mixedGroups
    let expected = expectedScores(transformer, parameters, groups)
    // Different texts have different scores, or a wrong order would not show.
    let texts = Set(groups.flatMap { group in group.responses.map { group.prompt + $0 } })
    #expect(texts.count > 6 && Set(expected.map { ($0 * 1e3).rounded() }).count == texts.count)
    for shards in [1, 2, 5] {
      let pass = pass(transformer, workers: 2, shards: shards, backward: false)
      pass.evaluate(groups, policy: parameters)
      #expect(pass.outcomes.count == expected.count)
      for (outcome, score) in zip(pass.outcomes, expected) { #expect(abs(outcome.score - score) < 1e-5) }
      #expect(pass.outcomes.map(\.group) == groups.indices.flatMap { group in groups[group].responses.map { _ in group } })
      #expect(pass.outcomes.allSatisfy { $0.tokenCount == 0 && $0.logProbability == 0 && $0.entropy == 0 })
    }
  }

  /// More responses than one block of the head holds.
  @Test func blocksOfTheHeadMissNoResponse() {
    let transformer = transformer(.llama)
    let parameters = transformer.randomParameters(seed: 3)
    let groups = (0..<70).map { transformer.group(prompt: $0 % 3 + 1, responses: [2, $0 % 4 + 1, 1], seed: UInt64($0)) }
    let pass = pass(transformer, shards: 1)
    differentiate(pass, groups, parameters)
    let workspace = Workspace(
      transformer, capacity: WorkspaceCapacity(groups, reading: .ends), backward: true, reference: false)
    workspace.pack(groups, groups.indices)
    #expect(Array(transformer.headBlocks(workspace)).count == 2)
    let expected = expectedScores(transformer, parameters, groups)
    for (outcome, score) in zip(pass.outcomes, expected) { #expect(abs(outcome.score - score) < 1e-5) }

    let alone = self.pass(transformer, shards: groups.count)
    differentiate(alone, groups, parameters)
    let (together, apart) = (pass.gradients.floats, alone.gradients.floats)
    let size = apart.map { abs($0) }.max()!
    for (together, apart) in zip(together, apart) { #expect(abs(together - apart) < 1e-5 * size) }
  }

  @Test(arguments: ["rms", "layer", "t5", "gated t5"])
  func gradientsOfEveryTensorAgreeWithFiniteDifferences(_ form: String) throws {
    let example = try #require(
      (TransformerCase.all + [.t5, .gatedT5]).first {
        let c = $0.configuration
        return switch form {
        case "rms": c.normalization == .rms && c.positions != .learned && c.activation == .siluGate && c.keyValueHeadCount == 1
        case "layer": c.normalization == .layer && c.positions == .learned && c.activation == .gelu && c.keyValueHeadCount == 1
        default: $0.testDescription == form
        }
      })
    let transformer = transformer(example)
    let parameters = transformer.randomParameters(seed: 11)
    let groups = [
      transformer.group(prompt: 3, responses: [2, 1, 3], seed: 1), transformer.group(prompt: 1, responses: [2, 2], seed: 2),
    ]
    let pass = pass(transformer, shards: 2)
    pass.differentiate(groups, policy: parameters, reference: nil) { responses in
      for index in responses.indices {
        responses[index].coefficient = coefficient(group: responses[index].group, response: index)
      }
    }
    let specification = TransformerSpecification(transformer, parameters: parameters)
    func loss(_ moved: TransformerSpecification) -> Double {
      groups.enumerated().reduce(0) { sum, group in
        group.element.responses.enumerated().reduce(sum) {
          $0 + coefficient(group: group.offset, response: $1.offset) * moved.score(of: $1.element, after: group.element.prompt)
        }
      }
    }
    expectSlopes(pass.gradients, of: specification, loss)
  }

  @Test(arguments: [1, 3, 5])
  func gradientsDoNotDependOnTheNumberOfWorkers(shardCount: Int) {
    let transformer = transformer(.gpt2)
    let parameters = transformer.randomParameters(seed: 1)
    let results = [1, 2, 3].map { workers in
      let pass = pass(transformer, workers: workers, shards: shardCount)
      differentiate(pass, transformer.mixedGroups, parameters)
      return (pass.gradients.floats, pass.outcomes)
    }
    #expect(results[0].0.contains { $0 != 0 })
    for result in results.dropFirst() {
      #expect(result.0.map(\.bitPattern) == results[0].0.map(\.bitPattern))
      #expect(result.1 == results[0].1)
    }
  }

  @Test func shardsOnlyMoveTheLastBits() {
    let transformer = transformer(.llama)
    let parameters = transformer.randomParameters(seed: 1)
    let gradients = [1, 2, 4].map { shards in
      let pass = pass(transformer, shards: shards)
      differentiate(pass, transformer.mixedGroups, parameters)
      return pass.gradients.floats
    }
    let size = gradients[0].map { abs($0) }.max()!
    for cut in gradients.dropFirst() {
      for (whole, cut) in zip(gradients[0], cut) { #expect(abs(whole - cut) < 1e-5 * size) }
    }
  }

  /// A fresh head is zero: it scores nothing, and only the head itself can begin to learn.
  @Test(arguments: [TransformerCase.llama, .gpt2])
  func aFreshHeadHasNoOpinion(_ example: TransformerCase) {
    let transformer = transformer(example)
    let parameters = transformer.initialParameters(seed: 1)
    let pass = pass(transformer, shards: 2)
    differentiate(pass, transformer.mixedGroups, parameters)
    #expect(pass.outcomes.allSatisfy { $0.score == 0 })
    for tensor in transformer.parameterLayout.tensors {
      let gradients = pass.gradients
      let gradient = gradients[tensor]
      let isZero = gradient.indices.allSatisfy { gradient[$0] == 0 }
      #expect(isZero == (tensor.name != "head.weight"), "\(tensor.name)")
    }
  }
}
