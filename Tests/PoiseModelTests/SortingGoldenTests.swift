import Foundation
import PoiseFiles
import Testing

@testable import PoiseModel

/// A published three-block GPT that sorts three letters against what PyTorch computed inside it: every intermediate of its
/// first block, and the end of the rest.
@Suite(.enabled(if: SharedData.isPresent, "POISE_TEST_DATA names no folder")) struct SortingGoldenTests {
  static let tolerance = 1e-5
  let partials: JSON
  let model: StoredModel
  let workspace: Workspace

  init() throws {
    partials = try Files.readJSON(SharedData.path("models/gpt_nano_sort/gpt-nano-sort-t0-partials.json"))
    model = try Self.model()
    let tokens = try Self.floats(partials, "idx").values.map { Int32($0) }
    // A response's last token is only predicted: with one more behind them, all eleven tokens have a row.
    let groups = (0..<3).map { sequence in
      TokenGroup(prompt: [tokens[11 * sequence]], responses: [Array(tokens[11 * sequence + 1..<11 * sequence + 11]) + [0]])
    }
    workspace = Workspace(model.transformer, capacity: WorkspaceCapacity(groups), backward: true, reference: false)
    for group in groups { workspace.batch.append(group) }
    model.transformer.evaluate(workspace, policy: model.parameters)
  }

  /// The weights in Hugging Face layout, with the biases of queries, keys and values that the folder at hand lacks.
  private static func model() throws -> StoredModel {
    let original = try Files.readJSON(SharedData.path("models/gpt_nano_sort/gpt-nano-sort-model.json"))
    let weights = try SafeTensorsCollection(folder: SharedData.path("models/gpt_nano_sort_hf"))
    var tensors = try weights.names.map { name in
      let values = try weights.floats(name)
      return SafeTensorsWriter.Tensor(name, shape: weights.tensors[name]!.shape) { try $0.write(array: values) }
    }
    for name in (0..<3).map({ "transformer.h.\($0).attn.c_attn.bias" }) {
      let (shape, values) = try floats(original, name)
      tensors.append(SafeTensorsWriter.Tensor(name, shape: shape) { try $0.write(array: values) })
    }
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.safetensors"
    try SafeTensorsWriter.write(tensors, to: path)
    return try StoredModel(weights: path, config: SharedData.path("models/gpt_nano_sort_hf/config.json"))
  }

  private static func floats(_ partials: JSON, _ name: String) throws -> (shape: [Int], values: [Float]) {
    let tensor = try #require(partials[name])
    let shape = try #require(tensor["shape"]?.array).compactMap(\.int)
    let data = try #require(tensor["data"]?.string.flatMap { Data(base64Encoded: $0) })
    let values = (0..<data.count / 4).map { index in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[4 * index + $1]) << (8 * UInt32($1)) })
    }
    try #require(values.count == shape.reduce(1, *))
    return (shape, values)
  }

  /// Fails where the named partial, row by row, is not `found`.
  private func expect(_ name: String, _ found: [Double], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let expected = try Self.floats(partials, name).values
    try #require(found.count == expected.count, "\(name)", sourceLocation: sourceLocation)
    let distance = zip(found, expected).map { abs($0 - Double($1)) }.max()!
    #expect(distance < Self.tolerance, "\(name): \(distance)", sourceLocation: sourceLocation)
  }

  private func activations(_ tensor: Tensor) -> [Double] {
    let arena = workspace.activations
    let values = arena[tensor, rows: 0..<33]
    return values.indices.map { Double(values[$0]) }
  }

  private func difference(_ a: Tensor, _ b: Tensor) -> [Double] { zip(activations(a), activations(b)).map(-) }

  @Test func theFirstBlockAgreesStepByStep() throws {
    let block = workspace.plan.decoder.block(0)
    try expect("x", activations(block.input))
    try expect("ln1", activations(block.attentionNorm.output))
    try expect("qkv", activations(block.queryKeyValue))
    try expect("y", activations(block.attended))
    try expect("yProj", difference(block.middle, block.input))
    try expect("attnResid", activations(block.middle))
    try expect("ln2", activations(block.feedForwardNorm.output))
    try expect("fc", activations(block.hidden))
    try expect("gelu", activations(block.activated))
    try expect("mlp", difference(workspace.plan.decoder.blockOutput(0), block.middle))
    try expect("mlpResid", activations(workspace.plan.decoder.blockOutput(0)))
  }

  /// (sequence, head, token, column) of the fused rows from a column on.
  private func heads(from start: Int) -> [Double] {
    let rows = activations(workspace.plan.decoder.block(0).queryKeyValue)
    return (0..<3).flatMap { sequence in
      (0..<3).flatMap { head in
        (0..<11).flatMap { token in
          let first = (11 * sequence + token) * 144 + start + 16 * head
          return rows[first..<first + 16]
        }
      }
    }
  }

  @Test func queriesKeysValuesAndTheirProbabilitiesAgree() throws {
    let (queries, keys) = (heads(from: 0), heads(from: 48))
    try expect("q", queries)
    try expect("k", keys)
    try expect("v", heads(from: 96))
    let probabilities = (0..<99).flatMap { row in
      let (start, position) = (row / 11 * 11, row % 11)
      let scores = (0...position).map { other in
        (0..<16).reduce(0) { $0 + queries[16 * row + $1] * keys[16 * (start + other) + $1] } / 4
      }
      let total = scores.reduce(0) { $0 + exp($1) }
      return scores.map { exp($0) / total } + Array(repeating: 0, count: 10 - position)
    }
    try expect("attSm", probabilities)
  }

  @Test func theEndOfEveryBlockAndTheHeadAgree() throws {
    for index in 0..<3 { try expect("block\(index)", activations(workspace.plan.decoder.blockOutput(index))) }
    try expect("ln_f", activations(workspace.plan.head.norm.output))
    let logits = activations(workspace.plan.head.logits)
    try expect("lm_head", logits)
    try expect("probs", logits.indices.map { exp(logits[$0] - logSumExp(logits, row: $0 / 3)) })
  }

  private func logSumExp(_ logits: [Double], row: Int) -> Double {
    log(logits[3 * row..<3 * row + 3].reduce(0) { $0 + exp($1) })
  }
}
