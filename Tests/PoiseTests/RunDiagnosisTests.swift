import Testing

@testable import Poise

/// Findings about runs made by hand.
@Suite struct RunDiagnosisTests {
  /// A healthy run of 40 steps: the policy moves a little, responses end and stay as long as they were.
  private func run(_ count: Int = 40, _ edit: (inout StepRecord, _ progress: Double) -> Void = { _, _ in }) -> [StepRecord] {
    (0..<count).map { index in
      let progress = Double(index) / Double(max(count - 1, 1))
      var preference = StepRecord.PreferenceRecord()
      preference.decidedness = 0.7
      preference.margin = progress
      preference.chosenLogRatio = 0.5 * progress
      preference.rejectedLogRatio = -0.5 * progress
      preference.accuracy = 0.6
      preference.chosenLength = 12
      preference.rejectedLength = 10
      preference.tiedShare = 0.1
      preference.saturatedShare = 0.2
      let sampling = StepRecord.SamplingRecord(
        sequenceDivergence: 0.4 * progress, exactDivergence: 0.5 * progress, endedShare: 0.95, samplingGap: 1e-7,
        logMixturePartition: 0, mixture: 0)
      var record = StepRecord(
        step: index + 1, epoch: 0.1 * Double(index), loss: 0.2, learningRate: 1e-3, gradientNorm: 0.5, tokenCount: 100 * index,
        entropy: 20, responseLength: 11, preference: preference, sampling: sampling, times: .init(), exampleCount: 4,
        stepTokenCount: 100)
      edit(&record, progress)
      return record
    }
  }

  private func kinds(_ records: [StepRecord]) -> [RunDiagnosis.Finding.Kind] {
    RunDiagnosis(RunHistory(records)).findings.map(\.kind)
  }

  /// What a report makes of `metrics.jsonl` is what training made of its steps.
  @Test func recordsComeBackFromTheirLines() {
    let whole = run(1) { record, _ in
      record.times = .init(sample: 0.5, annotate: 0.25, differentiate: 1, update: 0.125, evaluate: 2)
      record.sampling!.reward = 0.75
      record.judge = .init(
        accuracy: 0.5, margin: 0.1, rewards: .init(minimum: -1, mean: 0, maximum: 1), asymmetry: 0.01, heldOutAccuracy: 0.7,
        heldOutLogLoss: 0.6)
      record.look = .init()
      record.look!.startWinRate = 0.6
    }[0]
    var bare = whole
    (bare.entropy, bare.preference, bare.sampling, bare.judge, bare.look, bare.times.evaluate) = (nil, nil, nil, nil, nil, 0)
    for record in [whole, bare] { #expect(StepRecord(record.json) == record) }
    for line in ["global_step", "epoch", "loss", "num_tokens"] {
      var object = whole.json.object!
      object[line] = "x"
      #expect(StepRecord(.object(object)) == nil)
    }
    #expect(StepRecord([]) == nil)
  }

  @Test func healthyRunsHaveNoFindings() {
    #expect(kinds(run()).isEmpty)
    #expect(RunDiagnosis(RunHistory(run())).text == "Nothing unusual was seen in this run.")
    for count in [0, 1, 2, 5] { #expect(kinds(run(count)).isEmpty) }
    // Without samples, as offline, or without pairs, as in supervised training.
    #expect(kinds(run { record, _ in record.sampling = nil }).isEmpty)
    #expect(kinds(run { record, _ in (record.sampling, record.preference) = (nil, nil) }).isEmpty)
  }

  /// Hard labels, ties and duplicates in a file are no symptoms of the run; a policy that leaves both responses is one.
  @Test func recordedPairsAreWhatTheyAre() {
    let offline = run { record, progress in
      record.sampling = nil
      record.responseLength = 30 * (1 + progress)
      record.preference!.saturatedShare = 1
      record.preference!.tiedShare = 0.9
      record.preference!.identicalShare = 0.9
    }
    #expect(kinds(offline).isEmpty)
    let fallen = offline.map { record in
      var record = record
      record.preference!.chosenLogRatio = -0.1 * Double(record.step)
      record.preference!.rejectedLogRatio = -0.2 * Double(record.step)
      return record
    }
    #expect(kinds(fallen) == [.bothFell])
  }

  /// One run a finding, the number that its text must hold, and one that only just escapes.
  private struct Case: Sendable, CustomTestStringConvertible {
    let kind: RunDiagnosis.Finding.Kind
    let numbers: [String]
    let sick: @Sendable (inout StepRecord, Double) -> Void
    let healthy: @Sendable (inout StepRecord, Double) -> Void
    var testDescription: String { kind.rawValue }
  }

  /// Of the last of 40 steps the window holds 10, whose mean progress is 34.5/39.
  private static let end = 34.5 / 39

  private static let cases: [Case] = [
    Case(kind: .bothFell, numbers: ["2.00", "2.50", "3.50"]) { record, progress in
      record.preference!.margin = 2 * progress / end
      record.preference!.chosenLogRatio = -2.5 * progress / end
      record.preference!.rejectedLogRatio = -3.5 * progress / end
    } healthy: { record, progress in
      record.preference!.chosenLogRatio = -0.9 * progress
      record.preference!.rejectedLogRatio = -2 * progress
    },
    Case(kind: .lengthExploited, numbers: ["10.0", "20.0", "2.00", "longer"]) { record, progress in
      record.responseLength = progress < 0.5 ? 10 : 20
    } healthy: { record, progress in
      record.responseLength = progress < 0.5 ? 10 : 20
      record.preference!.chosenLength = 10  // the judge does not mind
    },
    Case(kind: .lengthExploited, numbers: ["10.0", "5.00", "3.00", "shorter"]) { record, progress in
      record.responseLength = progress < 0.5 ? 10 : 5
      record.preference!.chosenLength = 7
    } healthy: { record, progress in
      record.responseLength = progress < 0.5 ? 10 : 7
      record.preference!.chosenLength = 7
    },
    Case(kind: .divergenceRanAway, numbers: ["22.0", "2.00"]) { record, progress in
      record.sampling!.exactDivergence = progress < 0.5 ? 0 : 22
    } healthy: { record, progress in
      record.sampling!.exactDivergence = progress < 0.5 ? 0 : 22
      record.responseLength = 50  // less than half a nat a token
    },
    Case(kind: .tied, numbers: ["60 %", "10 %"]) { record, progress in
      record.preference!.tiedShare = progress < 0.5 ? 0.1 : 0.6
    } healthy: { record, progress in
      record.preference!.tiedShare = progress < 0.5 ? 0.9 : 0.5
    },
    Case(kind: .saturated, numbers: ["0.99", "75 %"]) { record, _ in
      record.preference!.saturatedShare = 0.75
    } healthy: { record, _ in
      record.preference!.saturatedShare = 0.5
    },
    Case(kind: .identical, numbers: ["30 %"]) { record, progress in
      record.preference!.identicalShare = progress < 0.5 ? 0 : 0.3
    } healthy: { record, progress in
      record.preference!.identicalShare = progress < 0.5 ? 0.9 : 0.2
    },
    Case(kind: .stuck, numbers: ["0.0005"]) { record, _ in
      record.sampling!.exactDivergence = 5e-4
    } healthy: { record, _ in
      record.sampling!.exactDivergence = 2e-3
    },
    Case(kind: .unfinished, numbers: ["25 %"]) { record, _ in
      record.sampling!.endedShare = 0.25
    } healthy: { record, _ in
      record.sampling!.endedShare = 0.5
    },
  ]

  @Test(arguments: cases.indices)
  func aFindingAppearsWithItsNumberAndOnlyWhereItIs(_ index: Int) throws {
    let example = Self.cases[index]
    let diagnosis = RunDiagnosis(RunHistory(run { example.sick(&$0, $1) }))
    #expect(diagnosis.findings.map(\.kind) == [example.kind])
    for number in example.numbers { #expect(diagnosis.text.contains(number), "\(number) in \(diagnosis.text)") }
    #expect(kinds(run { example.healthy(&$0, $1) }).isEmpty)
  }

  @Test func everyKindIsTested() {
    #expect(Set(Self.cases.map(\.kind)) == Set(RunDiagnosis.Finding.Kind.allCases))
  }

  @Test func findingsAreParagraphsInAFixedOrder() {
    let sick = run { record, _ in
      record.sampling!.endedShare = 0.4
      record.preference!.tiedShare = 0.85
    }
    let diagnosis = RunDiagnosis(RunHistory(sick))
    #expect(
      diagnosis.text == """
        • 85 % of the pairs were ties at the end (85 % at the beginning): the judge saw no difference, and there was little to \
        learn. Check that the judge reads these prompts; try a higher --temperature, more --responses, or a finer judge.
        • Only 40 % of the responses ended by themselves; the judge saw prefixes. Raise --max-new-tokens, or start from a model \
        that has learnt to stop.
        """)
  }

  @Test func theBeginningAndTheEndAreAQuarterOfAShortRunAndTwentyStepsOfALongOne() {
    for (count, width) in [(1, 1), (3, 1), (8, 2), (40, 10), (80, 20), (1_000, 20)] {
      let window = RunHistory(run(count)).window
      #expect(window.width == width)
      let means = window.means { Double($0.step) }
      #expect(means?.first == Double(1 + width) / 2 && means?.last == Double(count) - Double(width - 1) / 2)
    }
    #expect(RunHistory(run()).window.means { $0.judge?.margin } == nil)
  }

  @Test func ofARunItsLengthItsTimeAndItsFirstAndLastLookAreKnown() {
    let history = RunHistory(
      run(1_000) { record, _ in
        record.times.sample = 0.5
        guard record.step % 300 == 0 else { return }
        record.look = .init()
        record.look!.gap = Double(record.step)
      })
    #expect(history.count == 1_000 && history.seconds == 500)
    #expect(history.firstLook?.look?.gap == 300 && history.lastLook?.look?.gap == 900)
    #expect(RunHistory().isEmpty && RunHistory(run()).lastLook == nil)
  }
}
