import Foundation
import PoiseModel
import Testing

@testable import Poise

/// A judge's report on comparisons that it has not seen.
@Suite struct JudgeEvaluationTests {
  private let pool = WorkerPool(workerCount: 2)

  private func recorded(_ prompt: String, _ first: String, _ second: String, _ preference: Double) -> RecordedComparison {
    RecordedComparison(
      Comparison(prompt: prompt, first: TinyJudge.text([first]), second: TinyJudge.text([second])), preference: preference)
  }

  /// Two prompts with three different responses, of which each gives a triple, and one with only two.
  private var test: [RecordedComparison] {
    [
      recorded("9.1?", "ant", "bee", 1), recorded("9.2?", "ant", "bee", 0.75), recorded("9.1?", "cat", "ant", 0.25),
      recorded("9.3?", "dog", "elk", 0.5), recorded("9.3?", "elk", "dog", 1), recorded("9.3?", "fox", "gnu", 0),
      recorded("9.2?", "bee", "ant", 0.75),
    ]
  }

  private let training = TinyJudge.comparisons(30, seed: 1) { $0 > $1 ? 1 : 0 }

  private func report(_ judge: JudgeModel, _ test: [RecordedComparison]) throws -> JudgeReport {
    try JudgeEvaluation(judge, training: training, test: test, seed: 4, pool: pool).report
  }

  /// From the judge's own preferences, by the definitions.
  @Test(arguments: JudgeModel.Kind.allCases)
  func figuresAreThoseOfTheJudgesPreferences(_ kind: JudgeModel.Kind) throws {
    let judge = try TinyJudge.opinionated(kind)
    let report = try report(judge, test)
    let labels = test.map(\.preference)
    let predictions = try judge.preferences(test)
    #expect(report.pairs == 7 && report.prompts == 3)
    let verdicts = zip(predictions, labels).filter { $1 != 0.5 }.map { ($0 > 0.5) == ($1 > 0.5) ? 1.0 : 0 }
    #expect(Set(verdicts).count == 2)
    #expect(report.accuracy?.mean == verdicts.reduce(0, +) / 6)
    let losses = zip(predictions, labels).map { -$1 * log($0) - (1 - $1) * log(1 - $0) }
    #expect(abs(report.logLoss - losses.reduce(0, +) / 7) < 1e-6)
    let squares = zip(predictions, labels).map { ($0 - $1) * ($0 - $1) }
    #expect(abs(report.brierScore - squares.reduce(0, +) / 7) < 1e-6)
    #expect(report.longerWins?.mean == 0.5)  // all words are equally long
    let words = BagOfWordsJudge(training.map(\.comparison), preferences: training.map(\.preference))
    let known = zip(words.preferences(test.map(\.comparison)), labels).compactMap { JudgedPair.correctness(of: $0, label: $1) }
    #expect(report.bagOfWords?.mean == known.reduce(0, +) / 6)
  }

  @Test func onlyAPreferenceModelHasABiasOfPosition() throws {
    let judge = try TinyJudge.opinionated(.preference)
    let orders = try PreferenceModelAnnotator(judge, pool: pool).predictions(test.map(\.comparison))
    let expected = orders.reduce(0) { $0 + abs($1.forth + $1.back - 1) } / 7
    #expect(expected > 1e-3)
    #expect(abs(try #require(try report(judge, test).meanAsymmetry) - expected) < 1e-6)
    #expect(try report(TinyJudge.opinionated(.reward), test).meanAsymmetry == nil)
  }

  /// Of the first prompt ant, bee, cat; of the third dog, elk, fox.
  @Test func cyclesAreLookedForAmongThreeAnswersToOnePrompt() throws {
    func expected(_ judge: JudgeModel) throws -> Double {
      let words = [("9.1?", ["ant", "bee", "cat"]), ("9.3?", ["dog", "elk", "fox"])]
      let cycles = try words.map { prompt, words in
        let asked = (0..<3).map { recorded(prompt, words[$0], words[($0 + 1) % 3], 1) }
        let wins = try judge.preferences(asked).count { $0 > 0.5 }
        return wins == 0 || wins == 3 ? 1.0 : 0
      }
      return cycles.reduce(0, +) / 2
    }
    let judge = try JudgeModel(.preference, startingFrom: TinyJudge.policy(blocks: 2))
    let cycle = TinyJudge.comparisons(100, words: 3, seed: 1) { ($0 + 1) % 3 == $1 ? 0 : 1 }
    let trainer = try TinyJudge.trainer(judge, cycle, options: TinyJudge.options(steps: 80))
    for _ in 0..<80 { _ = try trainer.step() }
    let share = try #require(try report(judge, test).cyclicShare)
    #expect(try share == expected(judge) && share >= 0.5)
    #expect(try report(judge, Array(test.prefix(3))).cyclicShare == 1)
    #expect(try report(TinyJudge.opinionated(.reward), test).cyclicShare == 0)
    #expect(try report(TinyJudge.opinionated(.preference), Array(test[3...4])).cyclicShare == nil)
  }

  @Test func aJudgeWithoutAnOpinionIsACoin() throws {
    let report = try report(JudgeModel(.preference, startingFrom: TinyJudge.policy()), test)
    #expect(report.accuracy?.mean == 0.5 && report.meanAsymmetry == 0 && report.cyclicShare == 0)
    #expect(abs(report.logLoss - log(2)) < 1e-12)
  }
}
