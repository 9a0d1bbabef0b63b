import PoiseModel
import Testing

@testable import Poise

/// A plan against what a run's arenas take: the same to the byte where all texts are as long as the plan takes them to be, and
/// never less.
@Suite struct MemoryPlanTests {
  /// Bytes by purpose.
  private func bytes(_ plan: MemoryPlan) -> [MemoryPurpose: Int] {
    Dictionary(uniqueKeysWithValues: MemoryPurpose.allCases.map { ($0, plan.bytes(for: $0)) })
  }

  /// What arenas took at most while a trainer was made and made some steps.
  private func account<Made: Trainer>(_ make: () throws -> Made) throws -> [MemoryPurpose: Int] {
    let profiler = Profiler()
    try profiler.profile {
      let trainer = try make()
      for _ in 0..<3 { _ = try trainer.step() }
    }
    return profiler.result.planned
  }

  private static let form = tinyPolicy().form

  private static let optimizers: [OptimizerKind] = [
    .adafactor, .adamW(), .stochasticGradientDescent(), .stochasticGradientDescent(momentum: 0.9),
  ]

  private func parameters(_ owners: String...) -> MemoryPlan {
    owners.reduce(MemoryPlan()) { $0 + MemoryPlan(parametersOf: $1, Self.form) }
  }

  @Test(arguments: [1, 2, 5], optimizers)
  func supervisedTrainingTakesWhatWasPlanned(workers: Int, _ optimizer: OptimizerKind) throws {
    let options = TinyTrainer.options(optimizer)
    var groups: [TokenGroup] = []
    let taken = try account {
      let trainer = TinyTrainer.supervised(workers: workers, options: options)
      groups = trainer.groups
      return trainer
    }
    let plan =
      parameters("the policy")
      + SupervisedTrainer.memoryPlan(Self.form, groups: groups, options: options, workers: workers)
    #expect(bytes(plan) == taken)
  }

  /// Every prompt has as many tokens: the plan is exact.
  @Test(arguments: [1, 2, 3], [Algorithm.Name.ipo, .ipoMD, .nashMD])
  func onlineTrainingTakesWhatWasPlanned(workers: Int, _ name: Algorithm.Name) throws {
    let options = TinyTrainer.options(batchSize: 5, shards: 2)
    let (algorithm, sampling) = (Algorithm(name), SamplingOptions(maximumTokens: 6))
    let prompts = (0..<5).map { Prompt(tokens: [3, 4, Int32($0)], text: "") }
    let taken = try account {
      let (policy, reference) = (tinyPolicy(), tinyPolicy())
      return OnlineTrainer(
        policy, reference: reference.parameters, algorithm: algorithm, feedback: .preferences(LargeTokens()), prompts: prompts,
        responsesPerPrompt: 3, sampling: sampling, options: options, pool: WorkerPool(workerCount: workers))
    }
    let plan =
      parameters("the policy", "the reference")
      + OnlineTrainer.memoryPlan(
        Self.form, algorithm: algorithm, longestPrompt: 3, responsesPerPrompt: 3, sampling: sampling, options: options,
        workers: workers)
    #expect(bytes(plan) == taken)
  }

  /// Prompts of different lengths: only caches are smaller than planned.
  @Test(arguments: [1, 2]) func shorterPromptsTakeNoMore(workers: Int) throws {
    let options = TinyTrainer.options()
    let taken = try account { TinyTrainer.online(workers: workers, options: options) }
    let plan = OnlineTrainer.memoryPlan(
      Self.form, algorithm: Algorithm(.ipo), longestPrompt: 4, responsesPerPrompt: 3,
      sampling: SamplingOptions(maximumTokens: 6), options: options, workers: workers)
    #expect(plan.bytes(for: .activations) == taken[.activations])
    #expect(plan.bytes(for: .gradients) == taken[.gradients])
    let caches = try #require(taken[.caches])
    #expect(caches <= plan.bytes(for: .caches) && 2 * caches > plan.bytes(for: .caches))
  }

  @Test(arguments: [1, 3]) func offlineTrainingTakesWhatWasPlanned(workers: Int) throws {
    let options = TinyTrainer.options()
    let taken = try account { TinyTrainer.offline(workers: workers, options: options) }
    let plan =
      parameters("the policy", "the reference")
      + OfflineTrainer.memoryPlan(
        Self.form, groups: TinyTrainer.examples.map(\.group), options: options, workers: workers)
    #expect(bytes(plan) == taken)
  }

  /// A judge that starts from a policy holds that policy's parameters for a moment, which are those of the best judge later.
  @Test(arguments: JudgeModel.Kind.allCases, [1, 2])
  func judgesTakeWhatWasPlanned(_ kind: JudgeModel.Kind, workers: Int) throws {
    let data = TinyJudge.comparisons(20, seed: 1) { $0 > $1 ? 1 : 0 }
    let options = TinyJudge.options(steps: 3, batchSize: 8)
    let judge = try TinyJudge.opinionated(kind)
    let taken = try account {
      try TinyJudge.trainer(
        judge, data, heldOut: data, stopping: .init(evaluateEvery: 1, patience: 9), workers: workers, options: options)
    }
    let groups = try judge.examples(data).examples.map(\.group)
    let plan = JudgeTrainer.memoryPlan(
      judge.configuration, examples: groups, heldOut: groups, options: options, workers: workers)
    for purpose in [MemoryPurpose.parameters, .gradients, .moments] { #expect(plan.bytes(for: purpose) == taken[purpose]) }
    let activations = try #require(taken[.activations])
    #expect(activations <= plan.bytes(for: .activations) && 3 * activations > 2 * plan.bytes(for: .activations))
    #expect(
      JudgeTrainer.memoryPlan(judge.configuration, examples: groups, heldOut: [], options: options, workers: workers)
        .bytes(for: .activations) < plan.bytes(for: .activations))
  }

  @Test(arguments: [false, true]) func scoringTakesWhatWasPlanned(withReference: Bool) {
    let (policy, groups) = (tinyPolicy(), TinyTrainer.examples.map(\.group))
    let profiler = Profiler()
    profiler.profile {
      _ = Scorer(
        policy.transformer, policy: policy.parameters, reference: withReference ? policy.parameters : nil,
        pool: WorkerPool(workerCount: 2)
      ).score(groups)
    }
    let plan = Scorer.memoryPlan(policy.form, groups: groups, reference: withReference, workers: 2)
    #expect(bytes(plan) == profiler.result.planned)
  }

  /// No group that fits the context takes more than the largest.
  @Test(arguments: [1, 2, 5], [HeadReading.predictions, .ends])
  func theLargestGroupsAreTheMost(responses: Int, _ reading: HeadReading) {
    let most = WorkspaceCapacity(
      largest: TokenGroup.largest(contextLength: 24, responses: responses), perShard: 1, reading: reading)
    for prompt in 1..<24 {
      let group = TokenGroup(promptTokens: prompt, responseTokens: 24 - prompt, responses: responses)
      var both = WorkspaceCapacity([group], reading: reading)
      both.formUnion(most)
      #expect(both == most)
    }
  }

  @Test func aRefusalNamesTheLargestAndWhatHelps() throws {
    let plan =
      MemoryPlan("moments", .moments, floats: 1 << 28) + MemoryPlan("activations of 2 shards", .activations, floats: 3 << 28)
      + MemoryPlan("parameters of the policy", .parameters, floats: 1 << 20)
    #expect(InsufficientMemory(plan, available: plan.bytes) == nil)
    let refusal = try #require(InsufficientMemory(plan, available: 1 << 29))
    #expect(refusal.category == .configuration)
    #expect(
      refusal.description == """
        The run would take 4.0 GiB of memory, and 512.0 MiB are available. Most of it: 3.0 GiB for activations of 2 shards, 1.0 GiB \
        for moments. What helps: a smaller --batch-size, more --shards, fewer --threads, shorter texts, --optimizer adafactor. Where \
        the system could give more than it says, set POISE_MEMORY_LIMIT to the bytes that the run may take.
        """)
  }
}
