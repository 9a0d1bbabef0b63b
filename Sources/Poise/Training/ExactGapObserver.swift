import PoiseGames
import PoiseModel

/// The exact duality gap of a policy in training, for policies whose responses can be enumerated: 2 E_τ(π) in the preference game
/// of a judge, averaged over prompts. The games are made once; a look evaluates the policy on all responses and nothing else.
public final class ExactGapObserver<Trained: TrainablePolicy>: TrainingObserver {
  private let policy: Trained
  private let prompts: [Prompt]
  private let enumeration: ResponseEnumeration<Trained>
  /// By prompt.
  private let games: [PreferenceGame]
  private let tau: Double
  private let schedule: LookSchedule

  /// - Parameters:
  ///   - policy: what is trained; its parameters are read at every look.
  ///   - reference: parameters of π_ref, of the policy's own form.
  ///   - prompts: at least one. A game of n responses takes 8 n² bytes for each.
  ///   - tau: of the game, positive.
  ///   - maximumTokens: most tokens of a response, as in training.
  ///   - every: steps between looks, 1 or more.
  /// - Throws: `EnumerationError` where there are too many responses; what the judge throws; `GameError`.
  public init(
    _ policy: Trained, reference: Arena, prompts: [Prompt], judge: any Annotator, tau: Double, maximumTokens: Int, every: Int,
    pool: WorkerPool
  ) throws {
    precondition(!prompts.isEmpty && tau > 0 && every >= 1)
    let enumeration = try ResponseEnumeration(policy, maximumTokens: maximumTokens, pool: pool)
    self.policy = policy
    self.prompts = prompts
    self.enumeration = enumeration
    games = try prompts.map { try enumeration.game(prompt: $0, reference: reference, judge: judge) }
    self.tau = tau
    schedule = LookSchedule(every: every)
  }

  public func observe(_ record: inout StepRecord, isLast: Bool) throws {
    guard schedule.includes(step: record.step, isLast: isLast) else { return }
    let clock = StepClock()
    let gaps = try zip(prompts, games).map { prompt, game in
      game.dualityGap(of: try enumeration.distribution(policy.parameters, prompt: prompt), tau: tau)
    }
    var look = record.look ?? StepRecord.LookRecord()
    look.regularizedGap = gaps.mean
    record.look = look
    record.times.evaluate += clock.lap()
  }
}
