import Foundation
import PoiseFiles
import Testing

@testable import PoiseModel

/// A published Llama of 260,000 parameters against logits that another engine computed from it in double precision.
@Suite(.enabled(if: SharedData.isPresent, "POISE_TEST_DATA names no folder")) struct StoriesGoldenTests {
  let tokens: [Int32]
  /// After the first token, and after the first 32.
  let firstLogits: [Double]
  let laterLogits: [Double]

  init() throws {
    let golden = try Files.readJSON(SharedData.path("vectors/golden_stories260K.json"))
    func numbers(_ key: String) throws -> [Double] { try #require(golden[key]?.array).compactMap(\.double) }
    tokens = try numbers("tokens").map { Int32($0) }
    firstLogits = try numbers("first_logits_f64")
    laterLogits = try numbers("logits32_pos31_f64")
  }

  private static func path(_ name: String) -> String { SharedData.path("models/stories260K_hf/\(name)") }

  /// Logits after the first `count` golden tokens, of which the decoder reads the first `promptCount` as a prompt.
  private func logits(_ model: StoredModel, after count: Int, promptCount: Int) -> [Double] {
    let decoder = model.transformer.makeDecoder(
      model.parameters,
      capacity: DecoderCapacity(
        promptCount: 1, promptTokens: promptCount, longestPrompt: promptCount, sequenceCount: 1,
        responseTokens: count - promptCount))
    decoder.prefill([Array(tokens[..<promptCount])])
    for token in tokens[promptCount..<count] {
      decoder.decode([token], sequences: [0], promptOf: [0])
    }
    let row = decoder.logits(row: 0)
    return row.indices.map { Double(row[$0]) }
  }

  private func largestDistance(_ found: [Double], _ expected: [Double]) -> Double {
    #expect(found.count == expected.count && found.count == 512)
    return zip(found, expected).map { abs($0 - $1) }.max()!
  }

  @Test(arguments: ["stories260K_hf", "stories260K_hf_sharded"])
  func logitsAgree(_ folder: String) throws {
    let model = try StoredModel(folder: SharedData.path("models/\(folder)"))
    #expect(largestDistance(logits(model, after: 1, promptCount: 1), firstLogits) < 2e-5)
    #expect(largestDistance(logits(model, after: 32, promptCount: 1), laterLogits) < 2e-5)
    #expect(largestDistance(logits(model, after: 32, promptCount: 32), laterLogits) < 2e-5)
  }

  @Test func logProbabilitiesOfThePackedPassAgree() throws {
    let model = try StoredModel(folder: SharedData.path("models/stories260K_hf"))
    let group = TokenGroup(prompt: [tokens[0]], responses: [Array(tokens[1...32])])
    let workspace = Workspace(model.transformer, capacity: WorkspaceCapacity([group]), backward: false, reference: false)
    workspace.batch.append(group)
    model.transformer.evaluate(workspace, policy: model.parameters)
    let found = workspace.tokenLogProbabilities(response: 0)
    for (position, logits) in [(0, firstLogits), (31, laterLogits)] {
      let expected = logits[Int(tokens[position + 1])] - log(logits.reduce(0) { $0 + exp($1) })
      #expect(abs(Double(found[position]) - expected) < 2e-5)
    }
  }

  /// Every parameter is the stored half-precision number, which lies half a unit in its last place from the full one at most;
  /// the logits follow.
  @Test(arguments: [("model.f16.safetensors", 0x1p-11, 0.02), ("model.bf16.safetensors", 0x1p-8, 0.2)])
  func halfPrecisionWeightsAreReadToTheirRounding(_ file: String, unit: Double, tolerance: Double) throws {
    let full = try StoredModel(folder: SharedData.path("models/stories260K_hf"))
    let half = try StoredModel(weights: Self.path(file), config: Self.path("config.json"))
    let (expected, found) = (full.parameters.all, half.parameters.all)
    #expect(found.count == expected.count)
    let apart = found.indices.count { abs(Double(found[$0]) - Double(expected[$0])) > unit * abs(Double(expected[$0])) + 0x1p-25 }
    #expect(apart == 0)
    #expect(found.indices.contains { found[$0] != expected[$0] })
    #expect(largestDistance(logits(half, after: 32, promptCount: 32), laterLogits) < tolerance)
  }
}
