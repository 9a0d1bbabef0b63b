import Foundation
import PoiseFiles
import Testing

/// A published checkpoint (stories260K) against a double-precision run of it by somebody else.
@Suite(.enabled(if: SharedData.isPresent, "POISE_TEST_DATA is not set"))
struct PretrainedModelTests {
  let model = SharedData.path("models/stories260K_hf")
  let golden: JSON
  let tokens: [Int]

  init() throws {
    golden = try Files.readJSON(SharedData.path("vectors/golden_stories260K.json"))
    tokens = golden["tokens"]!.array!.map { $0.int! }
  }

  @Test func scoresAreTheGoldenOnes() throws {
    let line: JSON = ["prompt_ids": .init(tokens.prefix(1)), "completion_ids": .init(tokens.dropFirst())]
    let result = try PoiseProcess.succeed(
      "score", "--model", model, "--reference", model, "--input", "-", "--json", input: line.line + "\n")
    let score = try #require(try result.records().first)
    #expect(score.object?.keys == ["logp", "token_logps", "tokens", "ref_logp"])
    #expect(score["tokens"] == 200)
    let logProbabilities = score["token_logps"]!.array!.map { $0.double! }
    #expect(abs(logProbabilities[0] - expected("first_logits_f64", tokens[1])) < 2e-5)
    #expect(abs(logProbabilities[31] - expected("logits32_pos31_f64", tokens[32])) < 2e-5)
    #expect(abs(logProbabilities.reduce(0, +) - score["logp"]!.double!) < 1e-9)
    #expect(score["ref_logp"] == score["logp"])
  }

  private func expected(_ logits: String, _ token: Int) -> Double {
    let row = golden[logits]!.array!.map { $0.double! }
    return row[token] - log(row.reduce(0) { $0 + exp($1) })
  }

  @Test func greedySamplesAreTheGoldenOnes() throws {
    let result = try PoiseProcess.succeed(
      "sample", "--model", model, "--prompts", "-", "--greedy", "--max-new-tokens", "150", "--json",
      input: "{\"prompt_ids\": [1]}\n")
    let sample = try #require(try result.records().first)
    #expect(
      sample.object?.keys == ["prompt", "completion", "completion_ids", "logp", "ref_logp", "behaviour_logp", "finish"])
    #expect(sample["completion_ids"] == .init(tokens[1...150]))
    #expect(sample["finish"] == "length")
    #expect(sample["ref_logp"] == .null)
  }
}
