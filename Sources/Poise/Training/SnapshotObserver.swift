import PoiseModel
import PoiseRandom

/// How exploitable a policy in training is within the set of what it has been: at every look it answers the prompts of the
/// evaluation, and the judge compares its answers with those of its start and of earlier looks. A policy that goes round in
/// circles is beaten by one of its own past.
///
/// What is kept of a snapshot are its answers. Of the looks so far the start and the latest always stay; where there would be too
/// many, the one goes whose neighbours are closest to each other, so what stays is spread over the whole run. Random numbers are keyed apart
/// from those of training: with a judge whose answers depend on the question alone, a run is the same to the bit whether it is
/// looked at or not.
///
/// ``StepRecord/LookRecord/gap`` is the largest of a few estimates and as such biased upwards: between equals it is above zero by
/// about the standard error of a preference.
public final class SnapshotObserver<Trained: TrainablePolicy>: TrainingObserver {
  /// A policy at some step.
  private struct Snapshot {
    let step: Int
    /// Its answers, one to a prompt.
    let texts: [[String]]
  }

  /// Steps of the snapshots that are kept, ascending: 0 is the start.
  public var keptSteps: [Int] { snapshots.map(\.step) }

  private let policy: Trained
  private let prompts: [Prompt]
  private let comparing: SideBySide
  private let schedule: LookSchedule
  private let limit: Int
  private let sampler: Sampler<Trained.Model>
  private let seed: UInt64
  private var snapshots: [Snapshot] = []

  /// - Parameters:
  ///   - policy: what is trained; its parameters are read at every look.
  ///   - start: parameters that training began with, also where a run is resumed.
  ///   - step: updates that the policy has behind it; where there are any, it is the second snapshot, because those of before
  ///     are gone.
  ///   - prompts: at least one; with `sampling.maximumTokens` behind them they fit the context.
  ///   - every: steps between looks, 1 or more.
  ///   - limit: most snapshots that are kept, 2 or more.
  ///   - seed: of the run.
  public init(
    _ policy: Trained, start: Arena, resumedAt step: Int = 0, prompts: [Prompt], judge: any Annotator, every: Int,
    limit: Int = 8, sampling: SamplingOptions, seed: UInt64, pool: WorkerPool
  ) {
    precondition(!prompts.isEmpty && every >= 1 && limit >= 2)
    self.policy = policy
    self.prompts = prompts
    comparing = SideBySide(judge: judge)
    schedule = LookSchedule(every: every)
    self.limit = limit
    sampler = Sampler(policy.languageModel, options: sampling, pool: pool)
    self.seed = seed
    keep(snapshot(start, step: 0))
    if step > 0 { keep(snapshot(policy.parameters, step: step)) }
  }

  public func observe(_ record: inout StepRecord, isLast: Bool) throws {
    guard schedule.includes(step: record.step, isLast: isLast) else { return }
    let clock = StepClock()
    let current = snapshot(policy.parameters, step: record.step)
    let preferences = try snapshots.map { try preference(of: current, over: $0) }
    var look = record.look ?? StepRecord.LookRecord()
    look.gap = 2 * max(0, 0.5 - preferences.min()!)
    look.startWinRate = preferences[0]
    record.look = look
    keep(current)
    record.times.evaluate += clock.lap()
  }

  private func snapshot(_ parameters: Arena, step: Int) -> Snapshot {
    let responses = sampler.sample(prompts, count: 1, policy: parameters, key: .look(seed: seed, step: step))
    return Snapshot(step: step, texts: responses.map { $0.map { policy.text(of: $0.tokens) } })
  }

  /// The judge's mean p(snapshot ≻ other).
  private func preference(of snapshot: Snapshot, over other: Snapshot) throws -> Double {
    try comparing.preferences(snapshot.texts, over: other.texts, prompts: prompts.map(\.question)).flatMap(\.self).mean
  }

  private func keep(_ snapshot: Snapshot) {
    snapshots.append(snapshot)
    guard snapshots.count > limit else { return }
    let steps = keptSteps
    func room(_ place: Int) -> Int { steps[place + 1] - steps[place - 1] }
    let crowded = (1..<steps.count - 1).min { room($0) < room($1) }!
    snapshots.remove(at: crowded)
  }
}

extension SnapshotObserver where Trained == Policy {
  /// What looking makes beside the parameters, where every prompt is as long as the longest.
  package static func memoryPlan(
    _ form: TransformerForm, longestPrompt: Int, sampling: SamplingOptions, workers: Int
  ) -> MemoryPlan {
    Sampler.memoryPlan(
      form, promptCount: Sampler<Trained.Model>.listBatchSize, longestPrompt: longestPrompt, responses: 1,
      options: sampling, workers: workers, decodesReference: false)
  }
}

extension SamplingKey {
  /// What a look draws after a step of a run: nothing that training draws, and of every step something else.
  static func look(seed: UInt64, step: Int) -> SamplingKey {
    var random = CounterGenerator(seed, 0x6C6F_6F6B)  // "look"
    return SamplingKey(seed: random.next(), step: UInt64(step))
  }
}
