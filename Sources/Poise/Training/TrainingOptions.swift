import PoiseModel

/// What every kind of training has in common.
public struct TrainingOptions: Sendable, Equatable {
  /// Updates to make.
  public var steps: Int
  /// Prompts, or examples, of one update.
  public var batchSize: Int
  public var schedule: Schedule
  public var optimizer: OptimizerKind
  /// The gradient is scaled down to this norm where it is larger.
  public var gradientClip: Double
  /// Parts that a batch is cut into for the workers. It changes the last bits of a run, so it belongs to the run.
  public var shards: Int
  public var seed: UInt64

  public init(
    steps: Int, batchSize: Int, schedule: Schedule, optimizer: OptimizerKind, gradientClip: Double = 1, shards: Int = 4,
    seed: UInt64 = 0
  ) {
    self.steps = steps
    self.batchSize = batchSize
    self.schedule = schedule
    self.optimizer = optimizer
    self.gradientClip = gradientClip
    self.shards = shards
    self.seed = seed
  }
}
