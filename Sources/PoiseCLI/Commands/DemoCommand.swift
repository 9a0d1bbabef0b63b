import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseStudy
import PoiseText

/// `poise demo`
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "The whole story on the built-in task, in minutes.",
    discussion: """
      Posts from a seeded grammar are to be summarised in one line. A small transformer learns from examples of mixed quality; a \
      rubric labels pairs of its answers, and a reward and a preference model learn from those. Then IPO-MD improves the policy \
      against the preference model, and the rubric, which the policy never saw, says how much of that was real. Everything is \
      written to --out, with a page, report.html, that shows all of it, and can be repeated with the other commands.
      """)

  @Option(help: ArgumentHelp("Folder for data, models and metrics; its own earlier demo is replaced.", valueName: "folder"))
  var out = "poise-demo"
  @Flag(help: "All six algorithms: \(Demonstration.Plan.all.map(\.rawValue).joined(separator: ", ")).") var all = false
  @Flag(help: "Seconds instead of minutes: shows that everything works, not what it can learn.") var quick = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    let start = ContinuousClock.now
    let algorithms = all ? Demonstration.Plan.all : [.ipoMD]
    let plan = quick ? Demonstration.Plan.quick(algorithms, seed: common.seed) : .full(algorithms, seed: common.seed)
    let pool = common.makePool()
    let demonstration = Demonstration(
      plan, folder: out, seed: common.seed, pool: pool, circumstances: try Invocation.circumstances())
    try demonstration.prepareFolder()
    let histories = try train(demonstration)

    common.note("5/5  All policies on \(plan.evaluationPosts) unseen posts …\n")
    let report = DemonstrationReport(evaluation: try demonstration.evaluate(pool), algorithms: algorithms)
    Console.result(report.examples)
    for (name, history) in histories {
      Console.result("\(name.rawValue)\n\(TrainingSummary(history: history).text)\n\(RunDiagnosis(history).text)\n")
    }
    Console.result(report.conclusion)
    try RunReport(demonstration.runs, prompts: demonstration.unseenPath, pool: pool).write("\(out)/report", withFiles: false)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    Console.result(
      "\nAll of it took \(ProgressLine.clock(seconds)). Models and metrics are in \(out), curves and answers on one page in \(out)/report.html; see for yourself:"
    )
    let poise = CommandLine.arguments[0]  // as the reader called it: it may not be on the path
    Console.result("  \(poise) sample --model \(demonstration.folder(algorithms[0])) --prompts \(demonstration.unseenPath)")
  }

  /// Everything up to the trained policies, and what their training reported.
  private func train(_ demonstration: Demonstration) throws -> [(Algorithm.Name, RunHistory)] {
    let plan = demonstration.plan
    common.note("1/5  Making \(plan.posts) posts with summaries of mixed quality, and a tokenizer …")
    try demonstration.makeData()
    let tokenizer = try demonstration.trainTokenizer()

    common.note("2/5  Supervised training from scratch, \(plan.supervised.steps) steps …")
    _ = try watch("sft", plan.supervised.steps) { try demonstration.trainSupervised(tokenizer, report: $0) }

    common.note(
      "3/5  Two answers to each of \(plan.judgedPosts) posts, labelled by the rubric, and two judges that learn from them …")
    try demonstration.collectPreferences()
    for kind in Demonstration.judges {
      var report: JudgeReport?
      _ = try watch(kind.rawValue, plan.judges.steps) { report = try demonstration.trainJudge(kind, report: $0) }
      Console.result(
        "The learned \(kind.rawValue) model on posts that it has not seen\n\(JudgeReportTable(report: report!).text)\n")
    }

    let online = plan.online
    return try plan.algorithms.enumerated().map { index, name in
      let count = plan.algorithms.count > 1 ? " (\(index + 1) of \(plan.algorithms.count))" : ""
      let judge = Algorithm.row(name).signal == .rewards ? "reward" : "preference"
      common.note(
        "4/5  \(name.rawValue)\(count) against the learned \(judge) model, \(online.steps) steps of \(online.batchSize) prompts × 2 "
          + "responses …")
      return (name, try watch(name.rawValue, online.steps) { try demonstration.train(name, report: $0) })
    }
  }

  /// Shows the progress of a training, and collects what it reports.
  private func watch(_ name: String, _ steps: Int, _ body: ((StepRecord) -> Void) throws -> Void) throws -> RunHistory {
    let progress = ProgressLine(name, total: steps, quiet: common.quiet)
    var history = RunHistory()
    try body { record in
      history.append(record)
      progress.show(record)
    }
    progress.finish()
    return history
  }
}

/// What the demonstration found, in words and tables.
struct DemonstrationReport {
  let evaluation: Demonstration.Evaluation
  let algorithms: [Algorithm.Name]

  /// A few posts with what the policies made of them.
  var examples: String {
    let (after, before) = (evaluation.standings[0].contestant, evaluation.standings.last!.contestant)
    return (0..<min(3, evaluation.prompts.count)).map { index in
      """
      \(evaluation.prompts[index].text.trimmingSuffix("\nTL;DR:"))
        before  \(before.texts[index][0].trimmed)
        after   \(after.texts[index][0].trimmed)

      """
    }.joined(separator: "\n")
  }

  var conclusion: String { ([standings, comparison] + sentences).joined(separator: "\n\n") }

  private var standings: String {
    var table = TextTable(["unseen posts", "rubric (of 6)", "facts (of 5)", "false facts", "tokens", "KL to SFT"])
    for standing in evaluation.standings {
      table.add(
        [standing.contestant.name]
          + [standing.meanScore, standing.meanFacts, standing.meanFalse].map { $0.formatted(decimals: 2) }
          + [standing.contestant.meanLength.formatted(decimals: 1), standing.divergence.formatted(decimals: 2)])
    }
    return table.text
  }

  private var comparison: String {
    "Under the rubric\n"
      + ComparisonTable(contestants: evaluation.standings.map(\.contestant), results: evaluation.underRubric).text
  }

  /// The gap between what a learned judge says and what is so.
  private var sentences: [String] {
    algorithms.map { name in
      let rubric = evaluation.overSupervised(name.rawValue, evaluation.underRubric)
      let learned = evaluation.overSupervised(name.rawValue, evaluation.underLearnedJudge)
      let gap = learned.winRate - rubric.winRate
      let share = "\(abs(gap).formatted(decimals: 3)) \(gap >= 0 ? "more" : "less")"
      let isBeyondChance = rubric.winRate < learned.interval.lowerBound
      let verdict = gap <= 0 ? "" : isBeyondChance ? ", which is over-optimisation" : ", within its interval"
      return
        "\(name.rawValue) wins \(rate(learned)) against SFT under the learned preference model, and \(rate(rubric)) under the rubric: "
        + "the learned judge promises \(share)\(verdict)."
    }
  }

  private func rate(_ result: PairResult) -> String {
    let interval = result.interval
    return "\(result.winRate.formatted(decimals: 3)) (95 % interval \(interval.lowerBound.formatted(decimals: 3)) to "
      + "\(interval.upperBound.formatted(decimals: 3)))"
  }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0.isWhitespace }) }

  fileprivate func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
