import Testing

@testable import PoiseModel

@Suite struct ShardedPassTests {
  let transformer = Transformer(TransformerCase.llama.configuration)

  /// An objective with a different coefficient for every response.
  private func differentiate(_ pass: ShardedPass<Transformer>, _ groups: [TokenGroup], policy: Arena, reference: Arena?) {
    pass.differentiate(groups, policy: policy, reference: reference) { responses in
      for index in responses.indices {
        responses[index].coefficient = Double(index + 1) - 0.1 * responses[index].logProbability
      }
    }
  }

  @Test(arguments: [1, 3, 5], [TransformerCase.llama, .t5])
  func gradientsDoNotDependOnTheNumberOfWorkers(shardCount: Int, _ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    let policy = transformer.randomParameters(seed: 1)
    let reference = transformer.randomParameters(seed: 2)
    let results = [1, 2, 3].map { workerCount in
      let pool = WorkerPool(workerCount: workerCount)
      let pass = ShardedPass(transformer, pool: pool, shardCount: shardCount, backward: true, reference: true)
      differentiate(pass, transformer.mixedGroups, policy: policy, reference: reference)
      return (pass.gradients.floats, pass.outcomes)
    }
    #expect(results[0].0.contains { $0 != 0 })
    for result in results.dropFirst() {
      #expect(result.0.map(\.bitPattern) == results[0].0.map(\.bitPattern))
      #expect(result.1 == results[0].1)
    }
  }

  @Test func shardsOnlyMoveTheLastBits() {
    let policy = transformer.randomParameters(seed: 1)
    let gradients = [1, 4].map { shardCount in
      let pass = ShardedPass(
        transformer, pool: WorkerPool(workerCount: 1), shardCount: shardCount, backward: true, reference: false)
      differentiate(pass, transformer.mixedGroups, policy: policy, reference: nil)
      return pass.gradients.floats
    }
    let size = gradients[0].map { abs($0) }.max()!
    for (whole, cut) in zip(gradients[0], gradients[1]) { #expect(abs(whole - cut) < 1e-5 * size) }
  }

  @Test func outcomesComeInTheOrderOfTheBatch() {
    let policy = transformer.randomParameters(seed: 1)
    let groups = transformer.mixedGroups
    let pass = ShardedPass(transformer, pool: WorkerPool(workerCount: 2), shardCount: 3, backward: false, reference: false)
    pass.evaluate(groups, policy: policy)
    #expect(pass.outcomes.map(\.group) == groups.indices.flatMap { group in groups[group].responses.map { _ in group } })
    #expect(pass.outcomes.map(\.tokenCount) == groups.flatMap { $0.responses.map(\.count) })
  }

  @Test func evaluationLeavesGradientsAlone() {
    let policy = transformer.randomParameters(seed: 1)
    let pass = ShardedPass(transformer, pool: WorkerPool(workerCount: 1), shardCount: 2, backward: true, reference: false)
    differentiate(pass, transformer.mixedGroups, policy: policy, reference: nil)
    let gradients = pass.gradients.floats
    pass.evaluate(transformer.mixedGroups, policy: policy)
    #expect(pass.gradients.floats == gradients)
  }

  @Test func anEmptyBatchHasNoGradient() {
    let policy = transformer.randomParameters(seed: 1)
    let pass = ShardedPass(transformer, pool: WorkerPool(workerCount: 1), shardCount: 2, backward: true, reference: false)
    differentiate(pass, transformer.mixedGroups, policy: policy, reference: nil)
    differentiate(pass, [], policy: policy, reference: nil)
    #expect(pass.outcomes.isEmpty)
    #expect(pass.gradientNorm().norm == 0)
  }

  @Test func aGradientThatIsNotFiniteIsNamed() {
    let policy = transformer.randomParameters(seed: 1)
    let pass = ShardedPass(transformer, pool: WorkerPool(workerCount: 1), shardCount: 1, backward: true, reference: false)
    differentiate(pass, transformer.mixedGroups, policy: policy, reference: nil)
    let tensor = transformer.parameters.decoder.blocks[1].down.weight
    let expected = transformer.parameters.layout.tensors.first { $0.offset == tensor.offset }
    #expect(pass.gradientNorm().notFinite == nil)
    let gradients = pass.gradients
    var values = gradients[writing: tensor]
    values[3] = .nan
    #expect(pass.gradientNorm().notFinite == expected?.name)
  }
}
