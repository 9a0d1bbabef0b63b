import Foundation
import PoiseFiles
import PoiseModel
import PoiseRandom
import Testing

@testable import Poise

/// What training adapters takes, as the system sees it, of a model as large as SmolLM2-135M with random weights. The process that
/// trains has its weights once: for policy, reference and both sides of a mixture, for passes and decoders.
@Suite(.enabled(if: !_isDebugAssertConfiguration(), "only an optimised build takes seconds")) struct AdapterMemoryTests {
  private static let configuration = TransformerConfiguration(
    vocabularySize: 49_152, contextLength: 8_192, width: 576, blockCount: 30, headCount: 9, keyValueHeadCount: 3,
    feedForwardWidth: 1_536, positions: .rotary(base: 100_000), tiesHead: true, beginningOfSequence: 1, endOfSequence: [2])

  private let folder: TemporaryFolder
  private var model: String { folder.path + "/model" }

  init() throws {
    folder = try TemporaryFolder()
    try StoredModel(new: Self.configuration, seed: 1).save(folder: model)
  }

  private func file(_ name: String, _ fields: [String: Int], lines: Int) throws -> String {
    var random = CounterGenerator(1)
    let text = (0..<lines).map { _ in
      JSON.object(
        fields.sorted { $0.key < $1.key }.reduce(into: JSON.Object()) { object, field in
          object[field.key] = .init((0..<field.value).map { _ in random.below(Self.configuration.vocabularySize) })
        }
      ).line + "\n"
    }
    return try folder.file(name, text.joined())
  }

  @Test func weightsAreThereOnce() throws {
    let prompts = try file("prompts.jsonl", ["prompt_ids": 32], lines: 2)
    let pairs = try file("pairs.jsonl", ["prompt_ids": 32, "chosen_ids": 16, "rejected_ids": 16], lines: 2)
    let judge = try folder.file("judge.sh", "while read -r line; do echo '{\"preference\": 0.75}'; done")
    let runs = [
      ["train", "dpo", "--offline", "--data", pairs],
      ["train", "ipo-md", "--prompts", prompts, "--annotator", "command:sh \(judge)", "--max-new-tokens", "8"],
    ]
    for (index, run) in runs.enumerated() {
      let line =
        run + ["--model", model, "--lora-rank", "8", "--steps", "2", "--batch-size", "2", "--shards", "2", "--threads", "2"]
      let plan = try #require(try PoiseProcess.succeed(["doctor", "--plan"] + line + ["--json"]).records().first)
      func bytes(_ choose: (_ purpose: String) -> Bool) throws -> Double {
        try #require(plan["items"]?.array).reduce(0) { sum, item in
          sum + (choose(item["purpose"]?.string ?? "") ? item["bytes"]?.double ?? 0 : 0)
        }
      }
      try PoiseProcess.succeed(line + ["--out", "\(folder.path)/run\(index)", "--quiet"])
      // Of the largest child so far: an earlier one that took more would fail for both.
      var usage = rusage()
      getrusage(PoiseProcess.children, &usage)
      let weights = Double(4 * Transformer(Self.configuration).parameterLayout.count)
      let most = try 1.25 * weights + bytes { $0 == "activations" || $0 == "caches" }
      let peak = Double(usage.ru_maxrss) * PoiseProcess.unitOfResidentSize
      #expect(weights < peak && peak < most, "\(run[1]): \(Int(peak / 1e6)) of \(Int(most / 1e6)) MB")
      print(
        "\(run[1]): \((peak / 1e6).formatted(decimals: 0)) MB, of which weights are \((weights / 1e6).formatted(decimals: 0))")
    }
  }
}

extension PoiseProcess {
  fileprivate static var children: __rusage_who_t {
    #if canImport(Glibc)
      __rusage_who_t(RUSAGE_CHILDREN.rawValue)
    #else
      RUSAGE_CHILDREN
    #endif
  }

  /// Bytes: macOS counts them, Linux kilobytes.
  fileprivate static var unitOfResidentSize: Double {
    #if canImport(Darwin)
      1
    #else
      1024
    #endif
  }
}
