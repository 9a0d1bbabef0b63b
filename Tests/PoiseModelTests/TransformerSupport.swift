import PoiseRandom
import PoiseTwins
import Testing

@testable import PoiseModel

/// A small configuration under the name that a failing test shows.
struct TransformerCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let configuration: TransformerConfiguration

  /// Every norm with every kind of position and activation; biases, shared key-value heads and the tied head take turns.
  static let all: [TransformerCase] = [TransformerConfiguration.Normalization.rms, .layer].flatMap { normalization in
    [TransformerConfiguration.Positions.rotary(base: 10_000), .learned].flatMap { positions in
      [TransformerConfiguration.Activation.gelu, .siluGate].flatMap { activation in
        [1, 2, 4].map { TransformerCase(normalization, positions, activation, keyValueHeads: $0) }
      }
    }
  }

  /// As GPT-2 is made: LayerNorm, learned positions, biases everywhere, a tied head.
  static let gpt2 = TransformerCase(
    "gpt2",
    TransformerConfiguration(
      vocabularySize: 29, contextLength: 24, width: 16, blockCount: 2, headCount: 4, feedForwardWidth: 24, normalization: .layer,
      positions: .learned, activation: .gelu, biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true)))

  /// As Llama is made: RMSNorm, rotary positions, shared key-value heads, a gate, no biases.
  static let llama = TransformerCase(
    "llama",
    TransformerConfiguration(
      vocabularySize: 31, contextLength: 24, width: 16, blockCount: 2, headCount: 4, keyValueHeadCount: 2, feedForwardWidth: 20,
      tiesHead: false))

  /// As Qwen2 is made: Llama with biases of queries, keys and values; here with heads wider than their share, and a tied head.
  static let qwen2 = TransformerCase(
    "qwen2",
    TransformerConfiguration(
      vocabularySize: 31, contextLength: 24, width: 16, blockCount: 2, headCount: 4, keyValueHeadCount: 2, headSize: 6,
      feedForwardWidth: 20, biases: .init(queryKeyValue: true)))

  /// The Llama, fitted to more positions in every way there is.
  static let scaledLlamas = [
    RotaryScaling.linear(factor: 2.5), .llama3(factor: 8, low: 1, high: 4, originalContextLength: 16),
    .yarn(.init(factor: 4, fastTurns: 3, originalContextLength: 16)),
  ].map { scaling in
    var configuration = llama.configuration
    configuration.headSize = 8
    configuration.positions = .rotary(base: 100, scaling: scaling)
    return TransformerCase("llama, \(scaling)", configuration)
  }

  /// As T5 is made: an encoder, relative positions, a rectifier, the scaled embedding as head. Distances go beyond the largest.
  static let t5 = TransformerCase(
    "t5",
    TransformerConfiguration(
      vocabularySize: 29, contextLength: TransformerConfiguration.unlimitedContext, width: 16, blockCount: 2,
      encoder: .init(blockCount: 3, startToken: 0), headCount: 4, headSize: 6, feedForwardWidth: 24,
      positions: .relative(buckets: 8, maximumDistance: 6), scalesScores: false, activation: .relu, scalesHeadInput: true,
      initializationDeviation: 0.5))

  /// As T5 v1.1 is made, but with shared key-value heads, scaled scores and biases: a gate, a head of its own.
  static let gatedT5 = TransformerCase(
    "gated t5",
    TransformerConfiguration(
      vocabularySize: 31, contextLength: TransformerConfiguration.unlimitedContext, width: 16, blockCount: 3,
      encoder: .init(blockCount: 1, startToken: 5), headCount: 4, keyValueHeadCount: 2, feedForwardWidth: 20,
      positions: .relative(buckets: 12, maximumDistance: 20), activation: .geluGate,
      biases: .init(queryKeyValue: true, attentionOutput: true, feedForward: true), tiesHead: false, initializationDeviation: 0.5)
  )

  init(_ name: String, _ configuration: TransformerConfiguration) {
    testDescription = name
    self.configuration = configuration
  }

  private init(
    _ normalization: TransformerConfiguration.Normalization, _ positions: TransformerConfiguration.Positions,
    _ activation: TransformerConfiguration.Activation, keyValueHeads: Int
  ) {
    let biases = TransformerConfiguration.Biases(
      queryKeyValue: keyValueHeads != 2, attentionOutput: keyValueHeads != 4, feedForward: keyValueHeads != 1)
    configuration = TransformerConfiguration(
      vocabularySize: 17, contextLength: 24, width: 8, blockCount: 2, headCount: 4, keyValueHeadCount: keyValueHeads,
      headSize: keyValueHeads == 4 ? 2 : 4, feedForwardWidth: 10, normalization: normalization, positions: positions,
      activation: activation, biases: biases, tiesHead: keyValueHeads == 2)
    testDescription = "\(normalization) \(positions) \(activation) \(keyValueHeads) key-value heads"
  }
}

extension Transformer {
  /// Parameters of which none is 0 or 1: biases and gains must count.
  func randomParameters(seed: UInt64) -> Arena {
    let arena = initialParameters(seed: seed)
    var generator = CounterGenerator(seed, 1)
    var values = arena[writingElements: 0..<arena.count]
    for index in values.indices { values[index] += Float(0.2 * generator.normal()) }
    return arena
  }

  /// Random tokens: a prompt and responses of the given lengths.
  func group(prompt: Int, responses: [Int], seed: UInt64) -> TokenGroup {
    var generator = CounterGenerator(seed, 2)
    func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(generator.below(configuration.vocabularySize)) } }
    return TokenGroup(prompt: tokens(prompt), responses: responses.map { tokens($0) })
  }

  /// Groups of one, two and three responses, with prompts and responses of one token among them.
  var mixedGroups: [TokenGroup] {
    [
      group(prompt: 5, responses: [4, 1, 7], seed: 1), group(prompt: 1, responses: [3, 3], seed: 2),
      group(prompt: 7, responses: [1, 1], seed: 3), group(prompt: 1, responses: [1], seed: 4),
      group(prompt: 2, responses: [9], seed: 5),
    ]
  }
}

extension LanguageModel {
  /// One that has taken up its parameters.
  func makeDecoder(_ parameters: Arena, capacity: DecoderCapacity) -> Decoder {
    let decoder = makeDecoders(1, capacity: capacity)[0]
    decoder.adopt(parameters, pool: WorkerPool(workerCount: 1))
    return decoder
  }
}

extension Arena {
  var floats: [Float] {
    let values = all
    return values.indices.map { values[$0] }
  }
}

/// The slope of every tensor along random signs, against central differences of the specification: exact to about 10⁻⁹, so what
/// is left is the rounding of the engine.
func expectSlopes(
  _ gradients: Arena, of specification: TransformerSpecification, _ loss: (TransformerSpecification) -> Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  var largest = 0.0
  var rows: [(name: String, analytic: Double, numeric: Double)] = []
  for (index, tensor) in specification.transformer.parameterLayout.tensors.enumerated() {
    let gradient = gradients[tensor]
    for direction in 0..<2 {
      let signs = normalRow("signs", seed: UInt64(2 * index + direction), count: tensor.count).map { $0 < 0 ? -1.0 : 1.0 }
      let analytic = gradient.indices.reduce(0) { $0 + Double(gradient[$1]) * signs[$1] }
      func moved(_ distance: Double) -> Double {
        var moved = specification
        for (element, sign) in signs.enumerated() { moved.parameters[tensor.offset + element] += distance * sign }
        return loss(moved)
      }
      let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5
      largest = max(largest, abs(numeric))
      rows.append((tensor.name, analytic, numeric))
    }
  }
  #expect(rows.count { abs($0.numeric) > 1e-2 * largest } > rows.count / 2, sourceLocation: sourceLocation)
  for row in rows {
    #expect(abs(row.analytic - row.numeric) < 1e-5 * largest, "\(row), largest \(largest)", sourceLocation: sourceLocation)
  }
}
