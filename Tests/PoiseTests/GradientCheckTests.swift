import PoiseModel
import Testing

@testable import Poise

@Suite struct GradientCheckTests {
  static let llama = TransformerConfiguration(
    vocabularySize: 13, contextLength: 16, width: 8, blockCount: 2, headCount: 4, keyValueHeadCount: 2, headSize: 2,
    feedForwardWidth: 6, tiesHead: false)
  static let tiedLlama = TransformerConfiguration(
    vocabularySize: 11, contextLength: 16, width: 6, blockCount: 1, headCount: 2, keyValueHeadCount: 1, headSize: 4,
    feedForwardWidth: 5, biases: .init(queryKeyValue: true))
  /// Scaled rotary positions that make queries and keys longer, too.
  static let scaledLlama: TransformerConfiguration = {
    var configuration = tiedLlama
    configuration.positions = .rotary(
      base: 100, scaling: .yarn(.init(factor: 4, fastTurns: 3, originalContextLength: 8, amplitude: 1.5)))
    return configuration
  }()
  static let gpt2 = TransformerConfiguration(
    vocabularySize: 11, contextLength: 16, width: 6, blockCount: 2, headCount: 3, feedForwardWidth: 8, normalization: .layer,
    positions: .learned, activation: .gelu, biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true))

  static let t5 = TransformerConfiguration(
    vocabularySize: 11, contextLength: 16, width: 8, blockCount: 2, encoder: .init(blockCount: 1, startToken: 3), headCount: 2,
    headSize: 5, feedForwardWidth: 8, positions: .relative(buckets: 8, maximumDistance: 5), scalesScores: false,
    activation: .geluGate, scalesHeadInput: true, initializationDeviation: 1)

  static let judges = [llama, gpt2, t5].map { configuration in
    var configuration = configuration
    configuration.head = .scalar
    return configuration
  }

  @Test(arguments: [llama, tiedLlama, scaledLlama, gpt2, t5, GradientCheck.t5] + judges)
  func everyGradientAgreesWithFiniteDifferences(_ configuration: TransformerConfiguration) {
    let check = GradientCheck(configuration, seed: 1)
    let rows = check.run(pool: WorkerPool(workerCount: 2))
    #expect(rows.map(\.tensor) == check.transformer.parameters.layout.tensors.map(\.name))
    for row in rows { #expect(row.relativeError < 1e-3, "\(row)") }
    #expect(rows.count { $0.analytic > 1e-3 } > rows.count / 2)
  }

  @Test func aWrongGradientIsFoundWhereItIs() {
    let check = GradientCheck(Self.tiedLlama, seed: 2)
    let pool = WorkerPool(workerCount: 1)
    let gradients = check.analyticGradients(pool)
    let wrong = check.transformer.parameters.layout.tensors.first { $0.name == "blocks.0.attention.value.weight" }!
    var values = gradients[writing: wrong]
    for index in values.indices { values[index] *= 1.01 }
    for row in check.compare(gradients, pool: pool) {
      #expect((row.relativeError > 5e-3) == (row.tensor == wrong.name), "\(row)")
    }
  }
}
