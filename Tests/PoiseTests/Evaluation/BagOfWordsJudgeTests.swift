import Foundation
import Poise
import PoiseText
import Testing

@Suite struct BagOfWordsJudgeTests {
  private func comparison(_ first: String, _ second: String, prompt: String = "") -> Comparison {
    Comparison(prompt: prompt, first: first, second: second)
  }

  private var training: [Comparison] {
    [
      comparison("Good tea, good day!", "bad tea"), comparison("Don't; it is BAD.", "Good grief"),
      comparison("tea tea tea", "a day without tea"), comparison("bad", "good"),
    ]
  }

  private func judge(regularization: Double = 0.03) -> BagOfWordsJudge {
    BagOfWordsJudge(training, preferences: [0.8, 0.1, 0.6, 0.25], regularization: regularization)
  }

  /// Literals from the definitions, with dense matrices and another optimiser, evaluated elsewhere.
  @Test(arguments: [(0.03, 0.6816831925, 0.5636280181), (0.5, 0.5894515681, 0.5398574882)])
  func predictionsAreThoseOfAnIndependentImplementation(regularization: Double, first: Double, second: Double) {
    let found = judge(regularization: regularization).preferences([
      comparison("good tea", "Bad tea!"), comparison("a good day", "tea; tea; unknown words"),
    ])
    #expect(abs(found[0] - first) < 1e-8 && abs(found[1] - second) < 1e-8)
  }

  @Test func orderAndPromptMeanNothing() {
    let judge = judge()
    let comparisons = training + [comparison("good", ""), comparison("x", "y")]
    let found = judge.preferences(comparisons)
    #expect(zip(found, judge.preferences(comparisons.map(\.swapped))).allSatisfy { $0 + $1 == 1 })
    #expect(found == judge.preferences(comparisons.map { comparison($0.first, $0.second, prompt: "other") }))
    #expect(found[0] > 0.5 && found[1] < 0.5 && found[5] == 0.5)
    #expect(judge.preferences([comparison("tea", "tea")]) == [0.5])
  }

  @Test func whoIsTaughtFromTheOtherSideLearnsTheSame() {
    let mirrored = BagOfWordsJudge(training.map(\.swapped), preferences: [0.2, 0.9, 0.4, 0.75])
    for (found, expected) in zip(mirrored.preferences(training), judge().preferences(training)) {
      #expect(abs(found - expected) < 1e-7)  // words are met in another order, and sums rounded in it
    }
    #expect(judge().preferences(training) == judge().preferences(training))
  }

  @Test func withoutTrainingNothingIsKnown() {
    #expect(BagOfWordsJudge([], preferences: []).preferences(training) == [0.5, 0.5, 0.5, 0.5])
  }

  // MARK: Published data

  private func heldOut(_ format: PublishedFormat, _ files: [String], _ choice: HeldOutChoice) throws -> JudgeReport {
    let (training, heldOut) = try choice.split(format.read(files.map(PublishedData.path)).pairs)
    func comparisons(_ pairs: [PublishedPair]) -> [Comparison] {
      pairs.map { comparison($0.chosen, $0.rejected, prompt: $0.prompt) }
    }
    let judge = BagOfWordsJudge(comparisons(training), preferences: training.map(\.preference))
    let predictions = judge.preferences(comparisons(heldOut))
    return JudgeReport(
      zip(heldOut, predictions).map { pair, prediction in
        JudgedPair(
          prediction: prediction, label: pair.preference, chosen: pair.chosen, rejected: pair.rejected, prompt: pair.prompt)
      })
  }

  /// The figures beside which learned judges are reported, on topics and conversations that were held out.
  @Test(.enabled(if: PublishedData.isThere)) func wordsKnowMoreThanLengthOnTopicsAndConversationsThatWereNotMet() throws {
    let topics = ["Evolution vs. Creation", "William Farquhar ought to be honoured as the rightful founder of Singapore"]
    let arguments = try heldOut(
      .ukpconvarg1, ["ukpconvarg1_pairs.jsonl.gz", "ukpconvarg1_arguments.jsonl.gz"], .topics(topics))
    let transcripts = try heldOut(.hh, ["hh_harmless_test_0_1799.jsonl.gz"], .share(0.2, seed: 0))
    for report in [arguments, transcripts] {
      #expect(report.gainOverLength!.range.lowerBound > 0)
      #expect(report.logLoss < log(2))
    }
    #expect(arguments.accuracy!.unit == .pairs && transcripts.accuracy!.unit == .prompts)
  }
}

/// Human preferences, found through the environment.
private enum PublishedData {
  static let folder = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]
  static var isThere: Bool { folder != nil }
  static func path(_ name: String) -> String { "\(folder ?? "")/preference/\(name)" }
}
