import PoiseKernels
import PoiseRandom
import Testing

@testable import PoiseModel

/// A model under adapters that say something, and the same model with those adapters merged.
private struct AdaptedCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let adapted: StoredModel
  let merged: StoredModel

  static let all = [
    AdaptedCase(.llama, .llama), AdaptedCase(.llama, .llama, targets: .named(["q_proj", "v_proj", "up_proj"])),
    AdaptedCase(.qwen2, .qwen2), AdaptedCase(.gpt2, .gpt2), AdaptedCase(.gpt2, .gpt2, targets: .named(["c_attn"])),
    AdaptedCase(.t5, .t5), AdaptedCase(.gatedT5, .t5, targets: .named(["v", "wi_0", "wo"])),
  ]

  init(_ example: TransformerCase, _ family: ModelFamily, targets: AdapterConfiguration.Targets = .allLinear) {
    var configuration = example.configuration
    if family.name == "t5" { configuration.biases = .init() }  // which T5's checkpoints have no names for
    testDescription = "\(example.testDescription), \(targets)"
    func base() -> StoredModel {
      let transformer = Transformer(configuration)
      return StoredModel(
        transformer: transformer, parameters: transformer.randomParameters(seed: 1), family: family, config: [:])
    }
    let layout = AdapterLayout(
      AdapterConfiguration(rank: 3, alpha: 4, targets: targets), of: configuration, family: family)
    func adapt(_ model: StoredModel) -> StoredModel {
      let transformer = Transformer(adapting: model.transformer, frozen: model.parameters, layout)
      let values = transformer.initialParameters(seed: 2)
      var generator = CounterGenerator(3)
      var elements = values.writing
      for index in elements.indices { elements[index] += Float(0.1 * generator.normal()) }
      return StoredModel(
        transformer: transformer, parameters: values, family: family, config: [:],
        ModelAdaptation(layout: layout, base: "", config: [:]))
    }
    adapted = adapt(base())
    merged = adapt(base()).merged()
  }

  var layout: AdapterLayout { adapted.adaptation!.layout }

  /// Outcomes and gradients of a loss that weighs every response differently.
  static func differentiate(_ model: StoredModel) -> (outcomes: [ResponseOutcome], gradients: Arena) {
    let pass = ShardedPass(
      model.transformer, pool: WorkerPool(workerCount: 1), shardCount: 2, backward: true, reference: false)
    pass.differentiate(model.transformer.mixedGroups, policy: model.parameters, reference: nil) { responses in
      for index in responses.indices {
        responses[index].coefficient = Double(index + 1) - 0.1 * responses[index].logProbability
      }
    }
    return (pass.outcomes, pass.gradients)
  }

  /// What the chain rule makes of the gradient of W = W₀ + s·B·A: dB = s·dW·Aᵀ and dA = s·Bᵀ·dW, in double precision.
  func adapterGradients(of weights: Arena) -> [Double] {
    var gradients = [Double](repeating: 0, count: layout.layout.count)
    let scale = layout.configuration.alpha / Double(layout.configuration.rank)
    let values = adapted.parameters
    for module in layout.modules {
      let (a, b, rank) = (values[module.lowering], values[module.part.raising], layout.configuration.rank)
      let (dW, columns) = (weights[module.weight], module.weight.columns)
      for output in 0..<module.part.outputs.count {
        for input in 0..<columns {
          let slope = scale * Double(dW[(module.part.outputs.lowerBound + output) * columns + input])
          for r in 0..<rank {
            gradients[module.part.raising.offset + output * rank + r] += slope * Double(a[r * columns + input])
            gradients[module.lowering.offset + r * columns + input] += slope * Double(b[output * rank + r])
          }
        }
      }
    }
    return gradients
  }
}

@Suite struct AdapterTests {
  @Test(arguments: AdaptedCase.all)
  fileprivate func adaptersComputeWhatMergedWeightsDo(_ example: AdaptedCase) {
    let (adapted, merged) = (AdaptedCase.differentiate(example.adapted), AdaptedCase.differentiate(example.merged))
    #expect(adapted.outcomes.count == merged.outcomes.count)
    for (own, other) in zip(adapted.outcomes, merged.outcomes) {
      #expect(abs(own.logProbability - other.logProbability) < 1e-4)
      #expect(abs(own.entropy - other.entropy) < 1e-4)
    }
  }

  @Test(arguments: AdaptedCase.all)
  fileprivate func gradientsAreThoseOfTheWeightsInTheAdaptersSpan(_ example: AdaptedCase) {
    let found = AdaptedCase.differentiate(example.adapted).gradients.floats
    let expected = example.adapterGradients(of: AdaptedCase.differentiate(example.merged).gradients)
    #expect(found.count == expected.count)
    let size = expected.lazy.map { abs($0) }.max()!
    #expect(size > 0.1)
    #expect(zip(found, expected).map { abs(Double($0) - $1) }.max()! < 2e-5 * size)
  }

  /// Every adapter of every layer has a gradient: none was forgotten.
  @Test(arguments: AdaptedCase.all)
  fileprivate func everyAdapterIsTrained(_ example: AdaptedCase) {
    let gradients = AdaptedCase.differentiate(example.adapted).gradients
    for tensor in example.layout.layout.tensors {
      #expect(gradients[tensor].indices.contains { gradients[tensor][$0] != 0 }, "\(tensor.name)")
    }
  }

  @Test(arguments: [TransformerCase.llama, .gpt2, .t5])
  func freshAdaptersChangeNoBit(_ example: TransformerCase) {
    let family: ModelFamily = ["llama": .llama, "gpt2": .gpt2, "t5": .t5][example.testDescription]!
    let base = Transformer(example.configuration)
    let parameters = base.randomParameters(seed: 4)
    let layout = AdapterLayout(AdapterConfiguration(rank: 2), of: example.configuration, family: family)
    let adapted = Transformer(adapting: base, frozen: parameters, layout)
    func evaluate(_ transformer: Transformer, _ policy: Arena) -> [ResponseOutcome] {
      let pass = ShardedPass(
        transformer, pool: WorkerPool(workerCount: 1), shardCount: 1, backward: false, reference: false)
      pass.evaluate(base.mixedGroups, policy: policy)
      return pass.outcomes
    }
    #expect(evaluate(adapted, adapted.initialParameters(seed: 5)) == evaluate(base, parameters))
  }

  /// Decoders multiply by frozen weights as they lie, others by panels; nobody may be able to tell.
  @Test(arguments: AdaptedCase.all)
  fileprivate func decodersOfAdaptersHaveTheBitsOfAPass(_ example: AdaptedCase) {
    let (transformer, parameters) = (example.adapted.transformer, example.adapted.parameters)
    let group = transformer.group(prompt: 5, responses: [6], seed: 8)
    let pass = ShardedPass(
      transformer, pool: WorkerPool(workerCount: 1), shardCount: 1, backward: false, reference: false)
    pass.evaluate([group], policy: parameters)
    let decoder = transformer.makeDecoder(
      parameters,
      capacity: DecoderCapacity(
        promptCount: 1, promptTokens: group.prompt.count, longestPrompt: group.prompt.count, sequenceCount: 1,
        responseTokens: group.responses[0].count))
    decoder.prefill([group.prompt])
    var sum = 0.0
    for (position, token) in group.responses[0].enumerated() {
      if position > 0 { decoder.decode([group.responses[0][position - 1]], sequences: [0], promptOf: [0]) }
      let logits = decoder.logits(row: 0)
      sum += Double(logits[Int(token)] - kernels.logSumExp(logits))
    }
    #expect(sum == pass.outcomes[0].logProbability)
  }

  /// What PEFT calls its layers and what Poise fuses are two cuts of the same weights.
  @Test func modulesAreThoseOfTheFamily() {
    func kinds(_ example: TransformerCase, _ family: ModelFamily) -> [String] {
      AdapterLayout(AdapterConfiguration(rank: 1), of: example.configuration, family: family).moduleKinds
    }
    #expect(kinds(.llama, .llama) == ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
    #expect(kinds(.gpt2, .gpt2) == ["c_attn", "c_proj", "c_fc"])
    #expect(kinds(.t5, .t5) == ["q", "k", "v", "o", "wi", "wo"])
    let layout = AdapterLayout(AdapterConfiguration(rank: 2), of: TransformerCase.t5.configuration, family: .t5)
    #expect(layout.modules.count == 3 * 6 + 2 * 10)
  }
}

/// Training of adapters against training of all weights, whose gradients are taken into the adapters' span by hand.
@Suite struct AdapterTrainingTests {
  /// Plain gradient descent on A and B, by adapters, and by merged weights with the chain rule.
  @Test(arguments: AdaptedCase.all)
  fileprivate func descentIsThatOfAllWeightsWithinTheSpan(_ example: AdaptedCase) {
    // Small beside what the loss is nearly straight along: rounding must not grow from step to step.
    let rate = 0.02 / AdaptedCase.differentiate(example.adapted).gradients.floats.map { abs($0) }.max()!
    var expected = example.adapted.parameters.floats
    let trained = Arena(count: expected.count)
    trained.copy(from: example.adapted.parameters)
    for _ in 0..<6 {
      let own = example.adapted.with(trained)
      let optimizer = Optimizer(.stochasticGradientDescent(), parameters: example.layout.layout)
      optimizer.update(
        trained, gradients: AdaptedCase.differentiate(own).gradients, gradientScale: 1, rate: rate,
        pool: WorkerPool(workerCount: 1))

      let values = Arena(count: expected.count)
      var elements = values.writing
      for index in elements.indices { elements[index] = expected[index] }
      let weights = AdaptedCase.differentiate(example.adapted.with(values).copyMerged()).gradients
      for (index, slope) in AdaptedCase(example, adapted: example.adapted.with(values)).adapterGradients(of: weights).enumerated()
      {
        expected[index] -= rate * Float(slope)
      }
    }
    let moved = zip(trained.floats, example.adapted.parameters.floats).map { abs($0 - $1) }.max()!
    #expect(moved > 0.05)
    #expect(zip(trained.floats, expected).map { abs($0 - $1) }.max()! < 1e-4 * moved)
  }
}

extension AdaptedCase {
  fileprivate init(_ other: AdaptedCase, adapted: StoredModel) {
    (testDescription, self.adapted, merged) = (other.testDescription, adapted, other.merged)
  }
}

extension StoredModel {
  /// The same model under other adapters.
  fileprivate func with(_ values: Arena) -> StoredModel {
    StoredModel(transformer: transformer, parameters: values, family: family, config: config, adaptation)
  }

  /// Merged, and the frozen weights left as they were.
  fileprivate func copyMerged() -> StoredModel {
    let frozen = transformer.frozen!
    let copy = Arena(count: frozen.count)
    copy.copy(from: frozen)
    let adapted = Transformer(
      adapting: Transformer(transformer.configuration), frozen: copy, adaptation!.layout)
    return StoredModel(transformer: adapted, parameters: parameters, family: family, config: config, adaptation).merged()
  }
}
