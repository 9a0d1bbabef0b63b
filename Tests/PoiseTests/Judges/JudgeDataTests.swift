import PoiseFiles
import Testing

@testable import Poise

/// Which comparisons a judge learns from, and which decide when it stops.
@Suite struct JudgeDataTests {
  /// A thousand prompts with three comparisons each, scattered over the file.
  private let comparisons = (0..<3_000).map { index in
    RecordedComparison(
      Comparison(prompt: "prompt \(index % 1_000)", first: "a\(index)", second: "b\(index)"), preference: Double(index) / 3_000)
  }

  private func prompts(_ comparisons: [RecordedComparison]) -> Set<String> { Set(comparisons.map(\.comparison.prompt)) }

  @Test func noPromptIsOnBothSides() {
    let data = JudgeData(comparisons, validationShare: 0.3, seed: 1)
    #expect(prompts(data.training).isDisjoint(with: prompts(data.validation)))
    #expect(!data.training.isEmpty && !data.validation.isEmpty)
    // Everything is somewhere, in the order of the file.
    let isValidation = prompts(data.validation)
    #expect(data.training == comparisons.filter { !isValidation.contains($0.comparison.prompt) })
    #expect(data.validation == comparisons.filter { isValidation.contains($0.comparison.prompt) })
  }

  /// Within five standard deviations of the number of prompts, √(1000·s(1 − s)).
  @Test(arguments: [0, 0.1, 0.5, 0.9])
  func theShareIsOfThePrompts(_ share: Double) {
    let held = prompts(JudgeData(comparisons, validationShare: share, seed: 2).validation).count
    #expect(abs(Double(held) - 1_000 * share) <= 5 * (1_000 * share * (1 - share)).squareRoot())
  }

  @Test func seedAndPromptAloneDecide() {
    let one = JudgeData(comparisons, validationShare: 0.3, seed: 1)
    let again = JudgeData(comparisons.reversed(), validationShare: 0.3, seed: 1)
    #expect(prompts(one.validation) == prompts(again.validation))
    #expect(prompts(one.validation) != prompts(JudgeData(comparisons, validationShare: 0.3, seed: 2).validation))
    #expect(prompts(one.validation).isSubset(of: prompts(JudgeData(comparisons, validationShare: 0.4, seed: 1).validation)))
  }

  @Test func linesOfTextAndOfTokensAreRead() throws {
    let folder = try TemporaryFolder()
    let ids = TinyJudge.tokenizer.encode(" ant bee")
    let path = try folder.file(
      "pairs.jsonl",
      """
      {"prompt": "which?", "chosen": " ant", "rejected": " bee"}
      {"prompt": "which?", "chosen_ids": \(ids), "rejected": " hen", "preference": 0.25}
      """)
    #expect(
      try RecordedComparison.read(path, for: TinyJudge.opinionated(.reward)) == [
        RecordedComparison(Comparison(prompt: "which?", first: " ant", second: " bee"), preference: 1),
        RecordedComparison(Comparison(prompt: "which?", first: " ant bee", second: " hen"), preference: 0.25),
      ])
  }

  @Test func idsOfAnotherTokenizerAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(
      "pairs.jsonl",
      """
      {"prompt": "a", "chosen": "b", "rejected": "c"}
      {"prompt": "a", "chosen_ids": [9999], "rejected": "c"}
      """)
    let error = #expect(throws: DataError.self) { try RecordedComparison.read(path, for: TinyJudge.opinionated(.reward)) }
    #expect(error?.description.hasPrefix("\(path), line 2: the token id 9999 is outside") == true)
    #expect(error?.category == .badData)
  }
}
