import ArgumentParser
import Poise
import PoiseFiles

/// `poise compare`
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Side-by-side win rates between policies under a judge.",
    discussion: """
      Every policy answers every prompt; the judge sees each pair of answers in both orders, so the table is antisymmetric. A win \
      is p > ½, a tie counts half. Intervals are 95 %, over prompts. All policies draw with the same random numbers.
      """)

  @Option(
    name: .customLong("policy"), help: ArgumentHelp("A name and a model folder; give two or more.", valueName: "name=model"))
  var policies: [NamedModel]
  @Option(help: ArgumentHelp("JSON Lines of {\"prompt\"}, text or messages.", valueName: "file")) var prompts: String
  @Option(help: ArgumentHelp("Who prefers: \(Judge.kinds).", valueName: "judge")) var judge: String
  @OptionGroup var annotating: AnnotatorFlags
  @Option(help: ArgumentHelp("Responses of each policy to a prompt, 1 or more.", valueName: "n")) var samples = 1
  @OptionGroup var chat: ChatFlags
  @OptionGroup(title: "Sampling") var sampling: SamplingFlags
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try requireRange("--samples", samples, 1...10_000)
    if policies.count < 2 { throw ValidationError("Give two or more policies: --policy a=MODEL --policy b=MODEL.") }
    if Set(policies.map(\.name)).count < policies.count { throw ValidationError("Each --policy needs a name of its own.") }
  }

  func run() throws {
    let pool = common.makePool()
    let judge = try Judge.annotator(judge, patience: annotating.annotatorTimeout, pool: pool)
    let (contestants, shared) = try ContestantSampling(
      policies: policies, prompts: prompts, samples: samples, chat: chat, sampling: sampling, common: common
    ).run(pool: pool) { _ in SamplingKey(seed: common.seed) }
    let results = try SideBySide(judge: judge).compare(contestants, prompts: shared)
    try judge.finish()
    if output.json {
      for result in results { Console.result(result.json.line) }
    } else {
      Console.result(ComparisonTable(contestants: contestants, results: results).text)
    }
  }
}

/// Win rates of rows over columns, then each pair with its interval.
struct ComparisonTable {
  let contestants: [Contestant]
  let results: [PairResult]

  var text: String { winRates + "\n\n" + pairs }

  private var winRates: String {
    let names = contestants.map(\.name)
    var table = TextTable(["win rate of row"] + names.map { "over \($0)" } + ["mean tokens"])
    for row in contestants {
      let cells = names.map { column in
        result(row.name, column).map { $0.winRate.formatted(decimals: 3) } ?? "–"
      }
      table.add([row.name] + cells + [row.meanLength.formatted(decimals: 1)])
    }
    return table.text
  }

  private func result(_ row: String, _ column: String) -> PairResult? {
    results.first { $0.row == row && $0.column == column }
      ?? results.first { $0.row == column && $0.column == row }?.swapped
  }

  private var pairs: String {
    var table = TextTable(["pair", "win rate", "95 % interval", "wins", "ties", "losses", "mean p"])
    for result in results {
      let interval = result.interval
      table.add([
        "\(result.row) over \(result.column)", result.winRate.formatted(decimals: 3),
        "\(interval.lowerBound.formatted(decimals: 3))–\(interval.upperBound.formatted(decimals: 3))", String(result.wins),
        String(result.ties), String(result.losses), result.meanPreference.formatted(decimals: 3),
      ])
    }
    return table.text
  }
}
