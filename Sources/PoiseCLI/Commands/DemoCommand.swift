import ArgumentParser
import Poise
import PoiseFiles
import PoiseText

/// `poise demo`
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "The whole story on the built-in task, in minutes.",
    discussion: """
      Posts from a seeded grammar are to be summarised in one line. A small transformer learns from examples of mixed quality; \
      then online IPO improves it by preferences alone. Everything is written to --out and can be repeated with the other \
      commands.
      """)

  @Option(help: ArgumentHelp("Folder for data, models and metrics; its own earlier demo is replaced.", valueName: "folder"))
  var out = "poise-demo"
  @Flag(help: "Seconds instead of minutes: shows that everything works, not what it can learn.") var quick = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    let start = ContinuousClock.now
    let plan = quick ? Demonstration.Plan.quick(seed: common.seed) : .full(seed: common.seed)
    let demonstration = Demonstration(plan, folder: out, seed: common.seed, pool: common.makePool())
    try demonstration.prepareFolder()

    common.note("1/4  Making \(plan.posts) posts with summaries of mixed quality, and a tokenizer …")
    try demonstration.makeData()
    let tokenizer = try demonstration.trainTokenizer()

    common.note("2/4  Supervised training from scratch, \(plan.supervised.steps) steps …")
    let supervisedRecords = try train("sft", plan.supervised.steps) { report in
      _ = try demonstration.trainSupervised(tokenizer, report: report)
    }

    let online = plan.online
    common.note("3/4  Online IPO against the rubric, \(online.steps) steps of \(online.batchSize) prompts × 2 responses …")
    let onlineRecords = try train("ipo", plan.online.steps) { report in _ = try demonstration.trainOnline(report: report) }

    common.note("4/4  Both policies on \(plan.evaluationPosts) unseen posts …\n")
    try report(demonstration, supervisedRecords, onlineRecords)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    Console.result("\nAll of it took \(ProgressLine.clock(seconds)). Models and metrics are in \(out); see for yourself:")
    let poise = CommandLine.arguments[0]  // as the reader called it: it may not be on the path
    Console.result("  \(poise) sample --model \(demonstration.onlineFolder) --prompts \(demonstration.unseenPath)")
  }

  private func train(_ name: String, _ steps: Int, _ body: ((StepRecord) -> Void) throws -> Void) throws -> [StepRecord] {
    let progress = ProgressLine(name, total: steps, quiet: common.quiet)
    var records: [StepRecord] = []
    try body { record in
      records.append(record)
      progress.show(record)
    }
    progress.finish()
    return records
  }

  private func report(_ demonstration: Demonstration, _ supervised: [StepRecord], _ online: [StepRecord]) throws {
    let start = try Policy(folder: demonstration.supervisedFolder)
    let trained = try Policy(folder: demonstration.onlineFolder)
    let prompts = try demonstration.unseenPrompts(trained)
    let before = try demonstration.standing("SFT", start, reference: start, prompts: prompts)
    let after = try demonstration.standing("IPO", trained, reference: start, prompts: prompts)
    let result = try SideBySide(judge: RubricAnnotator()).compare([after.contestant, before.contestant], prompts: prompts)[0]

    for index in 0..<min(3, prompts.count) {
      Console.result(prompts[index].text.trimmingSuffix("\nTL;DR:"))
      Console.result("  before  \(before.contestant.texts[index][0].trimmed)")
      Console.result("  after   \(after.contestant.texts[index][0].trimmed)\n")
    }
    Console.result("Online IPO\n\(TrainingSummary(records: online).text)\n")
    var table = TextTable(["unseen posts", "rubric (of 6)", "facts (of 5)", "false facts", "tokens", "KL to SFT"])
    for standing in [before, after] {
      table.add(
        [standing.contestant.name]
          + [standing.meanScore, standing.meanFacts, standing.meanFalse].map { $0.formatted(decimals: 2) }
          + [standing.contestant.meanLength.formatted(decimals: 1), standing.divergence.formatted(decimals: 2)])
    }
    Console.result(table.text)
    let interval = "\(result.interval.lowerBound.formatted(decimals: 3)) to \(result.interval.upperBound.formatted(decimals: 3))"
    Console.result(
      "\nIPO beats SFT under the rubric with a win rate of \(result.winRate.formatted(decimals: 3)) (95 % interval \(interval); "
        + "\(result.wins) wins, \(result.ties) ties, \(result.losses) losses).")
  }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0.isWhitespace }) }

  fileprivate func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
