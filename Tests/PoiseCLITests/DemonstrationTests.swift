import PoiseFiles
import PoiseModel
import PoiseStudy
import Testing

@testable import Poise
@testable import PoiseCLI

/// The demonstration's whole path with all six algorithms, in the smallest sizes that have one of everything.
@Suite struct DemonstrationTests {
  @Test func allSixAlgorithmsAreTrainedAndCompared() throws {
    let folder = try TemporaryFolder()
    let algorithms = Demonstration.Plan.all
    #expect(algorithms.count == 6)
    var plan = Demonstration.Plan.quick(algorithms, seed: 1)
    (plan.posts, plan.judgedPosts, plan.evaluationPosts, plan.maximumTokens) = (200, 24, 4, 8)
    (plan.supervised.steps, plan.judges.steps, plan.online.steps) = (2, 2, 1)
    (plan.supervised.batchSize, plan.judges.batchSize, plan.online.batchSize) = (4, 4, 2)
    plan.validationShare = 0.3
    let demonstration = Demonstration(plan, folder: folder.path, seed: 1, pool: WorkerPool(workerCount: 2))
    try demonstration.prepareFolder()
    try demonstration.makeData()
    try demonstration.trainSupervised(try demonstration.trainTokenizer()) { _ in }
    try demonstration.collectPreferences()
    for kind in JudgeModel.Kind.allCases {
      let report = try demonstration.trainJudge(kind) { _ in }
      #expect(report.pairs > 0)
      #expect(JudgeReportTable(report: report).text.contains("calibration error"))
    }
    for name in algorithms {
      var steps = 0
      try demonstration.train(name) { _ in steps += 1 }
      #expect(steps == 1)
    }
    let evaluation = try demonstration.evaluate(WorkerPool(workerCount: 2))
    #expect(evaluation.standings.map(\.contestant.name) == algorithms.map(\.rawValue) + ["sft"])
    #expect(evaluation.underRubric.count == 21 && evaluation.underLearnedJudge.count == 21)

    let report = DemonstrationReport(evaluation: evaluation, algorithms: algorithms)
    #expect(report.examples.contains("before") && report.examples.contains("after"))
    for name in algorithms {
      #expect(report.conclusion.contains("\n\(name.rawValue) wins 0."), "\(report.conclusion)")
      #expect(Files.exists("\(folder.path)/\(name.rawValue)/model.safetensors"))
    }
    try RunReport(demonstration.runs, prompts: demonstration.unseenPath, pool: WorkerPool(workerCount: 2))
      .write("\(folder.path)/report", withFiles: false)
    let page = String(decoding: try Files.read("\(folder.path)/report.html"), as: UTF8.self)
    #expect(page.contains("9 runs: 6 policies from preferences, 2 judges and 1 policy by supervision."))
    #expect(page.contains("The score is the rubric's") && page.ranges(of: "<th scope=\"row\">nash-md</th>").count == 5)
    #expect(try Policy(folder: demonstration.folder(.ipoMD)).tokenizer != nil)
    #expect(try JudgeModel(.preference, folder: demonstration.folder(JudgeModel.Kind.preference)).kind == .preference)
  }

  /// A gap is over-optimisation where the rubric's rate lies below the learned judge's whole interval.
  @Test(arguments: [
    (0.9, 0.5, "promises 0.400 more, which is over-optimisation."), (0.55, 0.5, "promises 0.050 more, within its interval."),
    (0.4, 0.6, "promises 0.200 less."),
  ])
  func gapsWithinChanceAreNoOverOptimisation(_ learned: Double, _ rubric: Double, _ ending: String) {
    func result(_ rate: Double) -> PairResult {
      let wins = Int((100 * rate).rounded())
      return PairResult(
        row: "ipo", column: "sft", wins: wins, ties: 0, losses: 100 - wins, winRate: rate, interval: rate - 0.1...rate + 0.1,
        meanPreference: rate)
    }
    let nobody = Contestant(
      "ipo", SmallPolicy.policy, prompts: [], count: 1, sampling: SamplingOptions(maximumTokens: 1), key: SamplingKey(seed: 0),
      pool: WorkerPool(workerCount: 1))
    var supervised = nobody
    supervised.name = "sft"
    let standings = [nobody, supervised].map {
      Demonstration.Standing(contestant: $0, meanScore: 0, meanFacts: 0, meanFalse: 0, divergence: 0)
    }
    let evaluation = Demonstration.Evaluation(
      prompts: [], standings: standings, underRubric: [result(rubric)], underLearnedJudge: [result(learned)])
    let conclusion = DemonstrationReport(evaluation: evaluation, algorithms: [.ipo]).conclusion
    #expect(conclusion.hasSuffix(ending), "\(conclusion)")
  }
}

private enum SmallPolicy {
  static let policy = Policy(
    model: StoredModel(
      new: TransformerConfiguration(
        vocabularySize: 3, contextLength: 8, width: 4, blockCount: 1, headCount: 1, feedForwardWidth: 4, endOfSequence: [0]),
      seed: 1), tokenizer: nil)
}
