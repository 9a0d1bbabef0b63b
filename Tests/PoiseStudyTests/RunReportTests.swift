import Foundation
import PoiseFiles
import PoiseModel
import PoiseReport
import Testing

@testable import Poise
@testable import PoiseStudy

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Reports of runs that were written by hand.
@Suite struct RunReportTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/poise-runs-\(UUID().uuidString)"

  /// A record of an online run, in which quantities are what the step makes them.
  private static func record(_ step: Int) -> StepRecord {
    var preference = StepRecord.PreferenceRecord()
    preference.margin = 0.1 * Double(step)
    preference.accuracy = 1 / Double(step + 1)
    preference.tau = 0.25
    let sampling = StepRecord.SamplingRecord(
      sequenceDivergence: 0.2, exactDivergence: 0.01 * Double(step), endedShare: 1, samplingGap: 0, logMixturePartition: 0,
      mixture: 0, reward: 3 * Double(step) / 7)
    return StepRecord(
      step: step, epoch: 0.1, loss: 1 / Double(step), learningRate: 1e-3, gradientNorm: 0.5, tokenCount: 10 * step, entropy: 4,
      responseLength: 11, preference: preference, sampling: sampling, times: .init(sample: 0.5), exampleCount: 2,
      stepTokenCount: 10)
  }

  /// A run folder: metrics, and a checkpoint where one is wanted.
  private func run(
    _ name: String, steps: ClosedRange<Int>, savedAt checkpoint: Int? = nil, options: JSON = ["steps": 10],
    ending: String = "", record: (Int) -> StepRecord = Self.record
  ) throws -> String {
    let path = "\(folder)/\(name)"
    try Files.createDirectory(path)
    try Files.replace("\(path)/metrics.jsonl", with: steps.map { record($0).json.line + "\n" }.joined() + ending)
    if let checkpoint {
      try Files.createDirectory("\(path)/checkpoint-\(checkpoint)")
      let description: JSON = [
        "command": "train <ipo>", "options": options, "files": [:], "poise_version": "0.1.0", "working_directory": "/some where",
        "arguments": ["train", "ipo", "--model", "m", "--stop-after", "3", "--resume", "--tau=0.1"],
      ]
      try Files.replace("\(path)/checkpoint-\(checkpoint)/poise_run.json", with: description.page)
    }
    return path
  }

  private func document(_ paths: [String], prompts: String? = nil) throws -> Document {
    try RunReport(paths, prompts: prompts, pool: WorkerPool(workerCount: 1)).document()
  }

  private func remove() { Files.remove(folder) }

  // MARK: Pages

  @Test func runsOfOneNameAreToldApartByTheirFolders() {
    #expect(
      RunReport.differingParts(of: ["/a/ipo/x/seed-0", "/a/dpo/seed-0", "/a/dpo/seed-1"]) == [
        "ipo/x/seed-0", "dpo/seed-0", "dpo/seed-1",
      ])
    #expect(RunReport.differingParts(of: ["/run", "/b/run", "/b/c/run"]) == ["run", "b/run", "b/c/run"])
    #expect(RunReport.differingParts(of: ["/b", "/b/b"]) == ["b", "b/b"])
  }

  @Test func whatFilesSayIsTextOnThePage() throws {
    defer { remove() }
    let hostile: JSON = [
      "steps": 5, "annotator": "</td><script>alert(1)</script>", "prompts": "/no/such\u{0}\u{1B}<file>", "max_new_tokens": -1,
    ]
    let wild = Self.record(6).json.line.replacing(
      "\"loss\":", with: "\"<i>\": 1e999, \"margin\": -1e308, \"beta\": 1e308, \"loss\":")
    let paths = [
      try run("a<b>&\"'\n|]`", steps: 1...5, savedAt: 5, options: hostile, ending: wild),
      try run("plain", steps: 1...4, savedAt: 4),
    ]
    let document = try document(paths)
    let page = document.html()
    let parser = XMLParser(data: Data(page.utf8))
    #expect(parser.parse(), "line \(parser.lineNumber)")
    #expect(!page.contains("<script") && !page.contains("<i>") && !page.contains("<file>"))
    #expect(page.contains("a&lt;b&gt;&amp;") && page.contains("train &lt;ipo&gt;"))
    #expect(document.html() == (try self.document(paths)).html())
    let markdown = document.markdown(figures: "report")
    #expect(markdown.ranges(of: "<script").count == markdown.ranges(of: "\\<script").count)
    #expect(markdown.contains("a\\<b\\>&\"' \\|\\]\\`"))
  }

  @Test func figuresOfShortRunsHaveTheValuesThatWereRecorded() throws {
    defer { remove() }
    let document = try document([try run("a", steps: 1...5, savedAt: 5), try run("b", steps: 2...4, savedAt: 4)])
    let loss = try #require(document.figures.first { $0.name == "loss" }).data
    #expect(loss.header == ["run", "step", "loss", "standard_deviation", "steps"])
    let expected = [("a", 1...5), ("b", 2...4)].flatMap { name, steps in
      steps.map { [name, "\(Double($0))", "\(1 / Double($0))", "0.0", "1"] }
    }
    #expect(loss.rows == expected)
    let gain = try #require(document.figures.first { $0.name == "objective-scores-by-kl" }).data
    #expect(gain.rows[2] == ["a", "\(0.01 * 3)", "\(3.0 * 3 / 7)", "0.0", "1"])
    // What never changes is said once.
    #expect(!document.figures.contains { $0.name == "beta" })
    #expect(document.markdown(figures: "f").contains("beta 0.25"))
  }

  @Test func figuresOfLongRunsHaveMeans() throws {
    defer { remove() }
    let document = try document([try run("a", steps: 1...100, savedAt: 100)])
    let rows = try #require(document.figures.first { $0.name == "rewards-margins" }).data.rows
    #expect(rows.count == 25 && rows.allSatisfy { $0[4] == "4" })
    let numbers = rows[3][1...3].compactMap(Double.init)
    let deviation = 0.1 * 1.25.squareRoot()  // of 13, 14, 15 and 16, in tenths
    for (number, expected) in zip(numbers, [14.5, 1.45, deviation]) {
      #expect(abs(number - expected) < 1e-12)
    }
    #expect(document.markdown(figures: "f").contains("A point is the mean of 4 steps"))
  }

  @Test func runsSayHowFarTheyCame() throws {
    defer { remove() }
    func words(_ path: String) throws -> String { try document([path]).markdown(figures: "f") }
    #expect(try words(run("whole", steps: 1...10, savedAt: 10)).contains("It made all its 10 steps."))
    let half = try words(run("half", steps: 1...5, savedAt: 3, ending: "{\"global_step\": 6, \"lo"))
    #expect(half.contains("It has made 5 of its 10 steps; its newest complete checkpoint is that of step 3."))
    #expect(half.contains("5 of 10") && half.contains("`--resume`"))
    let young = try words(run("young", steps: 1...1))
    #expect(
      young.contains("It recorded 1 step and has no complete checkpoint") && young.contains("What made young is not recorded"))
    #expect(young.contains("There are no answers to show: the runs do not record what they were asked."))
  }

  @Test func settingsThatDifferStandBesideEachOtherAndOthersOnce() throws {
    defer { remove() }
    let paths = try [0.1, 0.4].enumerated().map { index, tau in
      try run("run-\(index)", steps: 1...2, savedAt: 2, options: ["steps": 2, "batch_size": 32, "tau": .init(tau), "model": "m"])
    }
    let data = try document(paths + [paths[0] + "/."]).data
    #expect(data.first { $0.name == "differences" }?.table == CSVTable(["run", "tau"], [["run-0", "0.1"], ["run-1", "0.4"]]))
    let shared = try #require(data.first { $0.name == "settings" }).table.rows
    #expect(shared.contains(["batch-size", "32"]) && !shared.contains { $0[0] == "tau" })
  }

  @Test func theLineToRepeatARunHasNothingOfOneOccasion() throws {
    defer { remove() }
    let text = try document([run("a", steps: 1...2, savedAt: 2)]).markdown(figures: "f")
    #expect(text.contains("    cd '/some where'\n    poise train ipo --model m --tau=0.1\n"))
  }

  @Test func aJudgeThatEndedEarlyIsToldFromOneThatWasStopped() throws {
    defer { remove() }
    let path = try run("judge", steps: 1...4, savedAt: 4) { step in
      var record = Self.record(step)
      (record.preference, record.sampling) = (nil, nil)
      record.judge = .init(accuracy: 0.5, margin: 0.1, heldOutAccuracy: step % 2 == 0 ? 0.6 + 0.01 * Double(step) : nil)
      return record
    }
    #expect(try RecordedRun(path).ending == .stopped(at: 4))
    try Files.replace(
      "\(path)/report.json", with: "{\"pairs\": 7, \"accuracy\": {\"mean\": 0.625, \"ci_low\": 0.5, \"ci_high\": 0.75}}")
    let text = try document([path]).markdown(figures: "f")
    #expect(
      text.contains("It ended after 4 of its 10 steps")
        && text.contains("0.640 of held-out comparisons at its best, after step 4"))
    #expect(text.contains("| judge | 7 | 0.625 | 0.500–0.750 |"))
  }

  // MARK: What is no run

  @Test func whatIsNoRunIsSaidWithWhatToDo() throws {
    defer { remove() }
    func expect(_ category: FailureCategory, _ words: String, _ path: String) {
      let error = #expect(throws: (any Error).self) { _ = try RecordedRun(path) } as? any ExplainedError
      #expect(error?.category == category && error?.description.contains(words) == true, "\(error?.description ?? "nothing")")
    }
    let run = try run("runs/a", steps: 1...1, savedAt: 1)
    expect(.inputMissing, "does not exist", "\(folder)/none")
    expect(.inputMissing, "a run is a folder", "\(run)/metrics.jsonl")
    expect(.inputMissing, "name the run whose it is", "\(run)/checkpoint-1")
    expect(.inputMissing, "poise report \(folder)/runs/a", "\(folder)/runs")
    try Files.createDirectory("\(folder)/empty")
    expect(.inputMissing, "there is no run in this folder", "\(folder)/empty")
    try Files.replace("\(folder)/empty/metrics.jsonl", with: "\n{\"loss\": 1}\n")
    expect(.badData, "no line of it is the record of a step", "\(folder)/empty")
    try Files.replace("\(folder)/runs/study.txt", with: "Study")
    expect(.badData, "give its `poise study` line again", "\(folder)/runs")
    try Files.replace("\(folder)/runs/report.html", with: "")
    expect(.badData, "whose report is \(folder)/runs/report.html", "\(folder)/runs")
  }

  // MARK: Metrics

  @Test func everyMetricOfEveryStepHasItsPlace() {
    var record = Self.record(1)
    record.judge = .init(
      accuracy: 1, rewards: .init(minimum: 0, mean: 1, maximum: 2), asymmetry: 0, heldOutAccuracy: 1, heldOutLogLoss: 1)
    var look = StepRecord.LookRecord()
    (look.gap, look.startWinRate, look.regularizedGap) = (0, 1, 0)
    record.look = look
    let names = Set(record.json.object!.keys)
    #expect(Set(RunMetric.all.map(\.name)).union(RunMetric.unshown) == names)
  }
}
