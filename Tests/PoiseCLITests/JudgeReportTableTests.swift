import Poise
import Testing

@testable import PoiseCLI

@Suite struct JudgeReportTableTests {
  /// Of 200 pairs, each with a prompt of its own and the shorter answer chosen.
  private func verdict(judgeRightOn judge: Range<Int>, bagOfWordsRightOn words: Range<Int>) -> Substring? {
    func prediction(_ index: Int, _ right: Range<Int>) -> Double { right.contains(index) ? 0.9 : 0.1 }
    let pairs = (0..<200).map { index in
      JudgedPair(prediction: prediction(index, judge), label: 1, chosenLength: 1, rejectedLength: 2, prompt: "\(index)")
    }
    let report = JudgeReport(pairs, bagOfWords: (0..<200).map { prediction($0, words) })
    return JudgeReportTable(report: report).text.split(separator: "\n").last
  }

  /// .740 lies within what other prompts could make of .775; but the judge is right wherever the bag of words is.
  @Test func aGainPairByPairIsSurerThanTwoAccuracies() throws {
    let said = try #require(verdict(judgeRightOn: 0..<155, bagOfWordsRightOn: 0..<148))
    #expect(said.hasPrefix("The judge is better than both baselines: 0.775 against 0.740 of the bag of words."), "\(said)")
  }

  @Test func aGainWhoseIntervalHoldsZeroDecidesNothing() throws {
    let said = try #require(verdict(judgeRightOn: 0..<155, bagOfWordsRightOn: 20..<170))
    #expect(said.hasPrefix("The judge cannot be told from the better baseline: 0.775 against 0.750"), "\(said)")
  }

  @Test func aJudgeThatABaselineBeatsIsNotToBeTrainedOn() throws {
    let said = try #require(verdict(judgeRightOn: 0..<140, bagOfWordsRightOn: 0..<150))
    #expect(
      said.hasPrefix("The judge is worse than a baseline") && said.contains("Do not train on what it says"), "\(said)")
  }
}
