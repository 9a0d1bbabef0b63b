import PoiseModel

extension Demonstration {
  /// How much of everything.
  public struct Plan: Sendable {
    public var algorithms: [Algorithm.Name]
    public var posts: Int
    public var vocabularySize: Int
    public var supervised: TrainingOptions
    /// Posts that get two answers for the judges to learn from.
    public var judgedPosts: Int
    public var judges: TrainingOptions
    public var stopping: JudgeTrainer.Stopping
    public var validationShare: Double
    public var online: TrainingOptions
    public var maximumTokens: Int
    public var evaluationPosts: Int

    /// The six algorithms of Calandriello et al. 2024.
    public static let all: [Algorithm.Name] = [.ipoMD, .ipo, .dpo, .slic, .nashMD, .reinforce]

    /// A few minutes on two cores, and two for every further algorithm.
    public static func full(_ algorithms: [Algorithm.Name], seed: UInt64) -> Plan {
      Plan(
        algorithms: algorithms, posts: 24_000, vocabularySize: 1_280,
        supervised: TrainingOptions(
          steps: 800, batchSize: 32,
          schedule: Schedule(rate: 2e-3, warmupSteps: 50, shape: .cosine, totalSteps: 800, floor: 0.05),
          optimizer: .adamW(), seed: seed),
        judgedPosts: 6_000,
        judges: TrainingOptions(
          steps: 400, batchSize: 32,
          schedule: Schedule(rate: 1e-3, warmupSteps: 20, shape: .cosine, totalSteps: 400, floor: 0.05), optimizer: .adamW(),
          seed: seed),
        stopping: .init(evaluateEvery: 50, patience: 4), validationShare: 0.1,
        online: TrainingOptions(
          steps: 300, batchSize: 32, schedule: Schedule(rate: 5e-3, shape: .linear, totalSteps: 300, floor: 0.1),
          optimizer: .adafactor, seed: seed),
        maximumTokens: 40, evaluationPosts: 400)
    }

    /// The same path in seconds: it shows that everything works, not that anything was learnt.
    public static func quick(_ algorithms: [Algorithm.Name], seed: UInt64) -> Plan {
      var plan = full(algorithms, seed: seed)
      plan.posts = 1_000
      plan.judgedPosts = 200
      plan.evaluationPosts = 32
      plan.supervised.shorten(to: 30)
      plan.judges.shorten(to: 10)
      plan.stopping.evaluateEvery = 5
      plan.online.shorten(to: 6)
      return plan
    }
  }
}

extension TrainingOptions {
  fileprivate mutating func shorten(to steps: Int) {
    self.steps = steps
    schedule.totalSteps = steps
  }
}
