import Foundation
import PoiseFiles
import PoiseReport
import Testing

@testable import PoiseStudy

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct StudyReportTests {
  // MARK: Advice

  @Test func adviceNamesTheBestAndWhoCannotBeToldApartFromIt() {
    let invented = InventedStudy(rates: ["ipo/dpo": 0.7, "ipo/rl": 0.52, "dpo/rl": 0.4], halfWidth: 0.05)
    let advice = StudyAdvice(invented.study, invented.results, condition: "all")
    #expect(advice.ranking.map(\.method) == ["ipo", "rl", "dpo"])
    let text = advice.paragraphs.map(\.plain).joined(separator: "\n")
    #expect(text.hasPrefix("Use ipo with tau 0.1 and 40 steps."))
    #expect(text.contains("It is better than dpo (0.700)"))
    #expect(text.contains("It cannot be told apart from rl (0.520, 0.470–0.570)"))
    #expect(text.contains("Of these ipo stays closest"))
    #expect(!text.contains("circle"))
  }

  @Test func adviceSaysWhenNothingCanBeToldApart() {
    let invented = InventedStudy(rates: ["ipo/dpo": 0.52, "ipo/rl": 0.51, "dpo/rl": 0.5], halfWidth: 0.05)
    let text = StudyAdvice(invented.study, invented.results, condition: "all").paragraphs.map(\.plain).joined()
    #expect(text.hasPrefix("This study cannot tell its methods apart. If one must be chosen: ipo with tau 0.1 and 40 steps."))
  }

  @Test func adviceSaysWhenPreferencesGoInACircle() {
    let invented = InventedStudy(rates: ["ipo/dpo": 0.9, "ipo/rl": 0.3, "dpo/rl": 0.7], halfWidth: 0.05)
    let text = StudyAdvice(invented.study, invented.results, condition: "all").paragraphs.map(\.plain).joined()
    #expect(text.contains("Yet it loses to rl (0.300)") && text.contains("no method is the best"))
  }

  @Test func aLossOfTheBestOnAverageIsNoCircleByItself() {
    let invented = InventedStudy(rates: ["ipo/dpo": 0.9, "ipo/rl": 0.4, "dpo/rl": 0.4], halfWidth: 0.05)
    let text = StudyAdvice(invented.study, invented.results, condition: "all").paragraphs.map(\.plain).joined()
    #expect(text.hasPrefix("Use ipo") && text.contains("Yet it loses to rl (0.400)") && !text.contains("circle"))
  }

  @Test func adviceSaysWhenTheSweepEndedTooEarlyAndWhenItsChoiceMayBeChance() {
    let invented = InventedStudy(rates: ["ipo/dpo": 0.9, "ipo/rl": 0.9, "dpo/rl": 0.5], halfWidth: 0.05)
    let text = StudyAdvice(invented.study, invented.results, condition: "all").paragraphs.map(\.plain).joined()
    #expect(text.contains("searched among 0.05 and 0.1; 0.1 was best on validation"))
    #expect(text.contains("0.05 (0.600) came close enough to 0.650"))
    #expect(text.contains("It is the largest that was tried"))
    #expect(text.contains("best at an end of what was tried, and may do better beyond it: dpo (0.4, the largest)."), "\(text)")
  }

  @Test func adviceSaysWhenValidationPromptsHaveAnotherAhead() {
    func text(_ onValidation: [String: Double]) -> String {
      let invented = InventedStudy(
        rates: ["ipo/dpo": 0.6, "ipo/rl": 0.9, "dpo/rl": 0.5], halfWidth: 0.05, onValidation: onValidation)
      return StudyAdvice(invented.study, invented.results, condition: "all").paragraphs.map(\.plain).joined()
    }
    #expect(!text(["dpo": 0.79]).contains("the validation prompts"))
    #expect(
      text(["dpo": 0.85, "rl": 0.81]).contains(
        "On the validation prompts dpo (0.850) and rl (0.810) win more often over the supervised policy than ipo (0.800), with the same "
          + "seeds: who leads is partly chance."))
    let clear = text(["dpo": 0.82, "rl": 0.91])
    #expect(
      clear.contains(
        "depends on the texts: on the validation prompts rl (0.910) wins more often over the supervised policy than ipo (0.800)"))
    #expect(!clear.contains("partly chance"))
  }

  @Test func adviceDoesNotPraiseWhatIsNotBetterThanTheStart() {
    let rates = ["ipo/dpo": 0.9, "ipo/rl": 0.9, "dpo/rl": 0.5]
    let text = [0.5, 0.3].map { start in
      let invented = InventedStudy(rates: rates, halfWidth: 0.05, overSupervised: start)
      return StudyAdvice(invented.study, invented.results, condition: "all").paragraphs.map(\.plain).joined()
    }
    #expect(text.allSatisfy { $0.hasPrefix("Keep the policy that training started from") })
    #expect(text[0].contains("does not show that its training helps. The model that it learnt from would have it at 0.950"))
    #expect(text[1].contains("training made it worse"))
  }

  @Test func adviceAcrossConditionsNamesWhoIsBestUnderWhichAndWhoIsHarmed() {
    let quiet = InventedStudy(rates: ["ipo/dpo": 0.7, "ipo/rl": 0.6, "dpo/rl": 0.4], halfWidth: 0.05)
    let loud = InventedStudy(rates: ["ipo/dpo": 0.3, "ipo/rl": 0.6, "dpo/rl": 0.6], halfWidth: 0.05, condition: "loud")
    var (study, results) = (quiet.study, quiet.results)
    study.conditions += loud.study.conditions
    results.pairings += loud.results.pairings
    let harmed = ["ipo": 0.75, "dpo": 0.7, "rl": 0.45]
    results.standings += loud.results.standings.map { standing in
      let mean = harmed[standing.method]!
      return .init(
        condition: "loud", method: standing.method, overSupervised: .around(mean), overSupervisedOnValidation: .around(mean),
        overSupervisedByAnnotator: nil,
        measures: standing.measures, exploitability: standing.exploitability, exploitabilityByAnswers: nil)
    }
    let text = ConditionAdvice(study, results).paragraphs.map(\.plain).joined(separator: "\n")
    #expect(text.hasPrefix("By mean win rate over the others the best is ipo under all and dpo under loud."))
    #expect(
      text.contains("from all to loud: highest in the end ipo, from 0.800 to 0.750 (0.650–0.850); lowest rl, from 0.800 to 0.450")
    )
    #expect(text.contains("no longer shown to be better than the supervised policy: rl."))
  }

  // MARK: Numbers

  @Test func theMatrixIsAntisymmetric() throws {
    let invented = InventedStudy(rates: ["ipo/dpo": 0.613, "ipo/rl": 0.7, "dpo/rl": 0.31], halfWidth: 0.04)
    let data = invented.report(in: "/nowhere").matrix("all").data
    #expect(data.rows.count == 6)
    for row in data.rows {
      let mirrored = try #require(data.rows.first { $0[0] == row[1] && $0[1] == row[0] })
      let (own, other) = (row.dropFirst(2).compactMap(Double.init), mirrored.dropFirst(2).compactMap(Double.init))
      #expect(abs(own[0] + other[0] - 1) < 1e-12)
      #expect(own[1] == other[1])
      #expect(abs(own[2] + other[3] - 1) < 1e-12 && abs(own[3] + other[2] - 1) < 1e-12)
    }
  }

  @Test func thePapersTableIsAntisymmetricAndHasItsCells() throws {
    let names = ["rl", "ipo", "nash-md", "slic", "dpo", "ipo-md"]
    let methods = names.map { Study.Method(name: $0, algorithm: $0, options: RunOptions(), swept: []) }
    let published = try #require(PublishedComparison(methods: methods))
    for row in names {
      for column in names where row != column {
        let (own, other) = (try #require(published.cell(row, column)), try #require(published.cell(column, row)))
        #expect(own.mean + other.mean == 1 && own.deviation == other.deviation)
      }
      #expect(published.cell(row, row) == nil)
    }
    #expect(published.cell("ipo", "rl")?.mean == 0.791 && published.cell("nash-md", "slic")?.mean == 0.479)
    #expect(published.cell("slic", "rl")?.deviation == 0.010)
    #expect(PublishedComparison(methods: [methods[0]]) == nil)
  }

  // MARK: Pages

  @Test func theWholeReportIsWrittenFromFiles() throws {
    let path = FileManager.default.temporaryDirectory.path + "/poise-study-\(UUID().uuidString)"
    defer { Files.remove(path) }
    let invented = InventedStudy(rates: ["ipo/dpo": 0.613, "ipo/rl": 0.7, "dpo/rl": 0.31], halfWidth: 0.04)
    try invented.writeFiles(in: path)
    try invented.report(in: path).write()
    func text(_ name: String) throws -> String { String(decoding: try Files.read("\(path)/\(name)"), as: UTF8.self) }
    let page = try text("report.html")
    let parser = XMLParser(data: Data(page.utf8))
    #expect(parser.parse(), "line \(parser.lineNumber)")
    #expect(page.contains("<b>✓</b>Nora") && page.contains("<b>✗</b>Kelin"))
    #expect(page.contains("poise train ipo '--data=a b'"))
    #expect(page.contains("Calandriello et al. 2024, table 2"))
    let markdown = try text("report.md")
    #expect(markdown.contains("✓Nora") && markdown.contains("(report/tau-sweep.svg)"))
    for name in ["side-by-side", "published", "tau-sweep", "learning-curves", "win-rate-by-kl", "search-by-kl"] {
      #expect(Files.exists("\(path)/report/\(name).svg"), "\(name)")
      #expect(try text("report/\(name).csv").split(separator: "\r\n").count > 1, "\(name)")
    }
    let sweep = try text("report/tau-sweep.csv").split(separator: "\r\n").map(String.init)
    #expect(sweep[0] == "method,tau,setting,step,win_rate,lower,upper" && sweep[1].hasPrefix("ipo,0.05,tau-0.05,40,0.6,"))
    let events = try Files.read("\(path)/tensorboard/runs/all/ipo/tau-0.1/seed-1/events.out.tfevents.poise")
    #expect(events.count == EventFile().bytes.count + 16 + Self.lengthOfOneEvent)
    // Nothing of it changes when it is made again.
    try invented.report(in: path).write()
    #expect(try text("report.html") == page)
  }

  @Test func runsAreFoundWhetherAStudyHasOneTaskOrSeveral() throws {
    let path = FileManager.default.temporaryDirectory.path + "/poise-study-\(UUID().uuidString)"
    defer { Files.remove(path) }
    let runs = ["runs/all/ipo/as-is/seed-1", "task/sft", "tasks/mine/reward"]
    for run in runs {
      try Files.createDirectory("\(path)/\(run)")
      try Files.replace("\(path)/\(run)/metrics.jsonl", with: "")
    }
    #expect(try RunEvents.runs(in: StudyFolder(path)) == runs)
  }

  /// Time, step, and a summary of one value called `loss`.
  private static let lengthOfOneEvent = 9 + 2 + 2 + 13

  @Test func oneSeedHasNoStandardDeviation() {
    #expect(Wording.spread([0.25], 2) == "0.25" && Wording.spread([0, 2], 1) == "1.0 (1.4)")
  }

  @Test func commandsAreWrittenAsAShellReadsThem() {
    #expect(Wording.shell(["train", "--tau=0.1", "it's", "a b", ""]) == "train --tau=0.1 'it'\\''s' 'a b' ''")
  }
}

extension StudyResults.SeedRates {
  /// One seed, with an interval of ± 0.1.
  fileprivate static func around(_ mean: Double) -> Self {
    .init(bySeed: [mean], interval: max(0, mean - 0.1)...min(1, mean + 0.1))
  }
}

/// A study of three methods whose results are made up.
private struct InventedStudy {
  let study: Study
  let results: StudyResults

  private static let prompt =
    "Hello from Nora in Lisbon. My cousin Tamo says hello. I need a kettle refund for 40 euros. The sun is out at last. "
    + "It has to be done by Friday. I counted 12 ducks on the pond. My sister just moved to Porto. At least the lamp still works.\nTL;DR:"
  private static let answer = " Note from Nora: a kettle refund for 40 euros in Kelin by Friday."
  private static let answers = [
    Answers.Answer(prompt: prompt, text: answer, tokens: [1, 2, 3, 1, 2], logProbability: -3, referenceLogProbability: -4)
  ]

  /// - Parameters:
  ///   - rates: p(row ≻ column) by `row/column`.
  ///   - onValidation: over the supervised policy, where it is another than on test prompts.
  init(
    rates: [String: Double], halfWidth: Double, overSupervised: Double = 0.8, onValidation: [String: Double] = [:],
    condition: String = "all"
  ) {
    func method(_ name: String, _ values: [String]) -> Study.Method {
      Study.Method(name: name, algorithm: name, options: RunOptions(), swept: [.init(option: "tau", values: values)])
    }
    let task = StudyTask(
      name: "", validationCount: 100, testCount: 100, judge: "rubric",
      source: .builtIn(
        .init(
          preset: "tiny", posts: 1, vocabularySize: 1, judgedPosts: 1, annotator: "rubric", supervised: RunOptions(),
          judges: RunOptions())))
    study = Study(
      title: "Made up", tasks: [task],
      options: RunOptions([.init("steps", "40"), .init("checkpoint-every", "20")]),
      methods: [method("ipo", ["0.05", "0.1"]), method("dpo", ["0.2", "0.4"]), method("rl", ["0.4"])],
      conditions: [.init(name: condition, options: RunOptions(), task: task)], baseline: nil, seedCount: 1, search: .grid)
    var results = StudyResults()
    let measures = StudyResults.Measures(Answers(list: Self.answers))
    for (index, method) in study.methods.enumerated() {
      for (place, setting) in method.settings.enumerated() {
        let cell = StudyCell(study.conditions[0], method, setting, seed: 0)
        for step in study.checkpointSteps {
          // 0.6 and 0.65 at the last step, less before it.
          let wins = 60 + 5 * place - (40 - step)
          let rate = StudyResults.Rate((0..<100).map { $0 < wins ? 1 : 0 })
          results.search.append(.init(cell: cell, step: step, rate: rate, failure: nil, measures: measures))
        }
      }
      let chosen = method.settings.last!.folderName
      results.choices.append(.init(condition: condition, method: method.name, setting: chosen, step: 40, rate: 0.65))
      results.standings.append(
        .init(
          condition: condition, method: method.name, overSupervised: .around(overSupervised),
          overSupervisedOnValidation: .around(onValidation[method.name] ?? overSupervised),
          overSupervisedByAnnotator: [0.95],
          measures: [measures], exploitability: [0.1 * Double(index)], exploitabilityByAnswers: nil))
      for column in study.methods[(index + 1)...] {
        let rate = rates["\(method.name)/\(column.name)"]!
        results.pairings.append(
          .init(
            condition: condition, row: method.name, column: column.name, rates: [rate - 0.01, rate + 0.01],
            interval: rate - halfWidth...rate + halfWidth))
      }
    }
    self.results = results
  }

  func report(in path: String) -> StudyReport {
    StudyReport(
      study, results, folder: path,
      circumstances: StudyCircumstances(facts: [.init("poise", "0")], arguments: ["study", "made up.yaml"]))
  }

  /// What a study leaves behind: answers, a journal, a run.
  func writeFiles(in path: String) throws {
    let line: JSON = [
      "prompt": .string(Self.prompt), "completion": .string(Self.answer), "completion_ids": .init([1, 2, 3, 1, 2]), "logp": -3.0,
      "ref_logp": -4.0,
    ]
    let folder = StudyFolder(path)
    let answers = results.choices.map { StudyCell(of: $0, seed: 1).answers(.test, step: $0.step) }
    for file in answers + [study.tasks[0].supervisedAnswers(.test)] {
      try write(line.line + "\n", to: folder(file))
    }
    try write(
      "{\"name\": \"x\", \"arguments\": [\"train\", \"ipo\", \"--data=a b\"], \"seconds\": 60, \"failure\": null}\n",
      to: folder.journal)
    try write("{\"global_step\": 1, \"loss\": 0.5, \"note\": null}\n", to: folder("runs/all/ipo/tau-0.1/seed-1/metrics.jsonl"))
  }

  private func write(_ text: String, to path: String) throws {
    try Files.createDirectory(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    try Files.replace(path, with: text)
  }
}
