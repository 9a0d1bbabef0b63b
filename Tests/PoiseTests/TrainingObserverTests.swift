import Foundation
import PoiseFiles
import PoiseGames
import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

/// Looks at a policy while it trains.
@Suite struct TrainingObserverTests {
  let pool = WorkerPool(workerCount: 1)

  private func observer(
    _ policy: Policy, start: Arena? = nil, resumedAt step: Int = 0, judge: any Annotator = LargeTokens(), every: Int = 2,
    limit: Int = 8
  ) -> SnapshotObserver<Policy> {
    SnapshotObserver(
      policy, start: start ?? policy.parameters, resumedAt: step, prompts: TinyTrainer.prompts, judge: judge, every: every,
      limit: limit, sampling: SamplingOptions(maximumTokens: 6), seed: 5, pool: pool)
  }

  private func record(step: Int) -> StepRecord {
    StepRecord(
      step: step, epoch: 0, loss: 0, learningRate: 0, gradientNorm: 0, tokenCount: 0, responseLength: 0, times: .init(),
      exampleCount: 0, stepTokenCount: 0)
  }

  /// What a run writes, and what it leaves.
  private func run(
    _ algorithm: Algorithm, _ feedback: Feedback, observing: Bool
  ) throws -> (lines: [JSON], bits: [UInt32], records: [StepRecord]) {
    let temporary = try TemporaryFolder()
    let policy = tinyPolicy()
    let trainer = TinyTrainer.online(policy, algorithm: algorithm, feedback: feedback, options: TinyTrainer.options(steps: 5))
    let folder = RunFolder(temporary.path + "/run")
    var records: [StepRecord] = []
    let observers = observing ? [observer(policy, judge: feedback.annotator)] : []
    #expect(
      try TrainingLoop(folder, checkpointEvery: 0, description: [:]).run(trainer, saving: policy, observers: observers) {
        records.append($0)
      } == .finished)
    let lines = String(decoding: try Files.read(folder.metricsPath), as: UTF8.self).split(separator: "\n")
    return (try lines.map { try JSON(parsing: String($0)) }, policy.parameters.bits, records)
  }

  /// Rewards large token ids.
  private struct LargeTokenRewarder: Rewarder {
    func rewards(_ answers: [Answer]) -> [Double] {
      answers.map { answer in answer.response.split(separator: " ").compactMap { Double($0) }.max() ?? 0 }
    }
  }

  @Test(arguments: [Algorithm.Name.ipo, .nashMD, .reinforce])
  func aRunIsTheSameWhetherItIsLookedAtOrNot(_ name: Algorithm.Name) throws {
    let feedback: Feedback = name == .reinforce ? .rewards(LargeTokenRewarder()) : .preferences(LargeTokens())
    let (plain, watched) = (
      try run(Algorithm(name), feedback, observing: false), try run(Algorithm(name), feedback, observing: true)
    )
    let isEqual = plain.bits == watched.bits
    #expect(isEqual)
    #expect(
      plain.records.map(\.untimed)
        == watched.records.map { record in
          var record = record.untimed
          record.look = nil
          return record
        })
  }

  @Test func looksAreTakenEverySoManyStepsAndAtTheLast() throws {
    let (lines, _, records) = try run(Algorithm(.ipo), .preferences(LargeTokens()), observing: true)
    #expect(records.map { $0.look != nil } == [false, true, false, true, true])
    let names = ["nash/gap", "winrate/start", "time/evaluate"]
    for (line, record) in zip(lines, records) {
      let keys = Set(line.object!.keys)
      for name in names { #expect(keys.contains(name) == (record.look != nil)) }
      #expect(!keys.contains("nash/gap_regularised"))
      #expect(line["nash/gap"]?.double == record.look?.gap && line["winrate/start"]?.double == record.look?.startWinRate)
    }
    #expect(records.compactMap(\.look).allSatisfy { (0...1).contains($0.gap!) && $0.startWinRate != 0.5 })
  }

  /// The numbers of a look from responses that are drawn here once more.
  @Test func aLookComparesThePolicyWithEverySnapshot() throws {
    let policy = tinyPolicy()
    let observer = observer(policy, every: 1)
    var answers = [texts(policy, step: 0)]
    for step in 1...3 {
      policy.parameters.copy(from: tinyPolicy(seed: UInt64(10 - step)).parameters)
      answers.append(texts(policy, step: step))
      var record = record(step: step)
      try observer.observe(&record, isLast: false)
      let preferences = (0..<step).map { preference(answers[step], over: answers[$0]) }
      #expect(abs(record.look!.gap! - max(0, 1 - 2 * preferences.min()!)) < 1e-12)
      #expect(abs(record.look!.startWinRate! - preferences[0]) < 1e-12)
    }
    #expect(Set(answers).count == 4)
  }

  private func texts(_ policy: Policy, step: Int) -> [String] {
    Contestant(
      "", policy, prompts: TinyTrainer.prompts, count: 1, sampling: SamplingOptions(maximumTokens: 6),
      key: .look(seed: 5, step: step), pool: pool
    ).texts.map { $0[0] }
  }

  private func preference(_ first: [String], over second: [String]) -> Double {
    LargeTokens().preferences(zip(first, second).map { Comparison(prompt: "", first: $0, second: $1) }).mean
  }

  // MARK: Snapshots

  @Test func theStartAndTheLatestStayAndTheOthersAreThinned() throws {
    let observer = observer(tinyPolicy(), every: 1, limit: 4)
    var kept: [[Int]] = []
    for step in 1...8 {
      var record = record(step: step)
      try observer.observe(&record, isLast: false)
      kept.append(observer.keptSteps)
    }
    #expect(
      kept == [
        [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 2, 3, 4], [0, 2, 4, 5], [0, 2, 4, 6], [0, 2, 4, 7], [0, 4, 7, 8],
      ], "\(kept)")
  }

  /// The start is another model than the one that a run is resumed with.
  @Test func aResumedRunKeepsItsStartAndItsCheckpoint() throws {
    let policy = tinyPolicy(seed: 2)
    let observer = observer(policy, start: tinyPolicy(seed: 1).parameters, resumedAt: 4)
    #expect(observer.keptSteps == [0, 4])
    var record = record(step: 6)
    try observer.observe(&record, isLast: false)
    let start = preference(texts(policy, step: 6), over: texts(tinyPolicy(seed: 1), step: 0))
    #expect(abs(record.look!.startWinRate! - start) < 1e-12)
    #expect(observer.keptSteps == [0, 4, 6])
  }

  // MARK: The exact gap

  private static let tau = 0.25
  /// Equilibrium and reference are uniform; training starts elsewhere.
  private static let game = try! PreferenceGame.rockPaperScissors(strength: 0.4)
  private static let start = [0.6, 0.3, 0.1]

  private func exactObserver(_ policy: TabularPolicy, every: Int) throws -> ExactGapObserver<TabularPolicy> {
    try ExactGapObserver(
      policy, reference: TabularPolicy(policy.languageModel, probabilities: Self.game.reference).parameters,
      prompts: [Prompt(tokens: [0], text: "")], judge: GameAnnotator(Self.game), tau: Self.tau, maximumTokens: 1, every: every,
      pool: pool)
  }

  /// Looks at a policy that is trained on all pairs at once, every 100 steps.
  private func gaps(_ algorithm: Algorithm, rate: Float, steps: Int) throws -> [(gap: Double, policy: [Double])] {
    let trainer = EnumeratedTrainer(EnumeratedPairs(Self.game, algorithm), start: Self.start)
    let observer = try exactObserver(trainer.policy, every: 100)
    return try (1...steps).compactMap { step in
      trainer.step(rate: rate)
      var record = record(step: step)
      try observer.observe(&record, isLast: false)
      return record.look.map { ($0.regularizedGap!, trainer.distribution) }
    }
  }

  /// SLiC goes round the equilibrium without end; IPO-MD and IPO go in.
  @Test func theExactGapTellsOrbitsFromSettling() throws {
    let slic = try gaps(Algorithm(.slic, .init(tau: 0.1)), rate: 0.2, steps: 4000)
    #expect(slic.count == 40 && slic.allSatisfy { $0.gap > 0.01 })
    for algorithm in [Algorithm(.ipo, .init(tau: Self.tau)), Algorithm(.ipoMD, .init(tau: Self.tau))] {
      let settling = try gaps(algorithm, rate: 0.1, steps: 4000)
      #expect(settling[0].gap > 1e-4 && abs(settling.last!.gap) < 1e-6, "\(algorithm.name) \(settling.map(\.gap))")
    }
    for look in slic {
      #expect(abs(look.gap - Self.game.dualityGap(of: look.policy, tau: Self.tau)) < 1e-9)
    }
  }

  /// The same through sampled steps, with both observers: 32 prompts of four responses leave a gap of a few thousandths.
  @Test func bothObserversWriteIntoOneLook() throws {
    let model = TabularModel(vocabularySize: 3)
    let policy = TabularPolicy(model, probabilities: Self.start)
    let judge = GameAnnotator(Self.game)
    let prompts = Array(repeating: Prompt(tokens: [0], text: ""), count: 32)
    let trainer = OnlineTrainer(
      policy, reference: TabularPolicy(model, probabilities: Self.game.reference).parameters,
      algorithm: Algorithm(.ipoMD, .init(tau: Self.tau)), feedback: .preferences(judge), prompts: prompts, responsesPerPrompt: 4,
      sampling: SamplingOptions(maximumTokens: 1),
      options: TrainingOptions(
        steps: 150, batchSize: 32, schedule: Schedule(rate: 0.5, totalSteps: 150), optimizer: .stochasticGradientDescent()),
      pool: pool)
    let snapshots = SnapshotObserver(
      policy, start: policy.parameters, prompts: prompts, judge: judge, every: 50,
      sampling: SamplingOptions(maximumTokens: 1), seed: 1, pool: pool)
    let observers: [any TrainingObserver] = [snapshots, try exactObserver(policy, every: 50)]
    let before = Self.game.dualityGap(of: Self.start, tau: Self.tau)
    var looks: [StepRecord.LookRecord] = []
    for step in 1...150 {
      var record = try trainer.step()
      for observer in observers { try observer.observe(&record, isLast: step == 150) }
      if let look = record.look { looks.append(look) }
    }
    #expect(looks.count == 3 && looks.allSatisfy { $0.gap != nil && $0.startWinRate != nil })
    #expect(looks.last!.regularizedGap! < 0.1 * before, "\(looks) \(before)")
  }
}
