import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel

extension Schedule.Shape: ExpressibleByArgument {}
extension CheckpointCriterion: ExpressibleByArgument {}

/// The names of optimisers on the command line.
enum OptimizerName: String, CaseIterable, ExpressibleByArgument {
  case adafactor, adamw, sgd

  /// - Parameters:
  ///   - momentum: adafactor has none.
  ///   - weightDecay: of adamw.
  func kind(momentum: Double, weightDecay: Double) -> OptimizerKind {
    switch self {
    case .adafactor: .adafactor
    case .adamw: .adamW(beta1: Float(momentum), weightDecay: Float(weightDecay))
    case .sgd: .stochasticGradientDescent(momentum: Float(momentum))
    }
  }
}

/// What all training commands share beside their data.
struct TrainingFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the run; made if it is not there.", valueName: "run"))
  var out: String

  @Option(help: ArgumentHelp("Updates, 1 or more.", valueName: "n"))
  var steps = 300

  @Option(help: ArgumentHelp("Prompts or examples of an update, 1 or more.", valueName: "n"))
  var batchSize = 32

  @Option(help: ArgumentHelp("Learning rate, above 0. Adafactor's is relative to each tensor's size.", valueName: "rate"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("Steps of linear growth from 0.", valueName: "n"))
  var warmupSteps = 0

  @Option(help: "How the rate falls after the warm-up: \(Schedule.Shape.allCases.map(\.rawValue).joined(separator: ", ")).")
  var schedule: Schedule.Shape?

  @Option(help: "adafactor (no momentum), adamw or sgd.")
  var optimizer: OptimizerName?

  @Option(
    help: ArgumentHelp(
      """
      Momentum of adamw or sgd, in [0, 1). Online it makes policies orbit where preferences are cyclic. (default: 0.9 for adamw \
      where examples are fixed, else 0)
      """, valueName: "beta"))
  var momentum: Double?

  @Option(help: ArgumentHelp("Weight decay of adamw's matrices, 0 or more.", valueName: "lambda"))
  var weightDecay = 0.01

  @Option(help: ArgumentHelp("Scale the gradient down to this norm, above 0.", valueName: "norm"))
  var gradientClip = 1.0

  @Option(help: ArgumentHelp("Parts of a batch for the workers, 1 or more; it changes the last bits of a run.", valueName: "s"))
  var shards = 4

  @Option(help: ArgumentHelp("Steps between checkpoints; 0 is only at the end.", valueName: "n"))
  var checkpointEvery = 0

  @Option(
    help: ArgumentHelp(
      """
      Steps between lines of metrics.jsonl, 1 or more: a line is about a kilobyte. Those with looks at the policy or at held-out data \
      and the last are always there. What is recorded is the step itself, not a mean of those before.
      """, valueName: "n"))
  var logEvery = 1

  @Option(help: ArgumentHelp("Newest checkpoints that stay, 1 or more; 2 survive a damaged disk.", valueName: "n"))
  var keepLast = 2

  @Option(
    help: ArgumentHelp(
      """
      Keep the checkpoint with the best mean of this metric since the one before it, too: \
      \(CheckpointCriterion.allCases.map(\.rawValue).joined(separator: ", ")). It needs --checkpoint-every.
      """, valueName: "metric"))
  var keepBest: CheckpointCriterion?

  @Option(help: ArgumentHelp("Stop after this update, with a checkpoint to resume from, 1 or more.", valueName: "n"))
  var stopAfter: Int?

  @Flag(help: "Continue the run in --out from its newest complete checkpoint.")
  var resume = false

  func validate() throws {
    try requireRange("--steps", steps, 1...1_000_000_000)
    try requireRange("--batch-size", batchSize, 1...1_000_000)
    if let learningRate { try requireRange("--learning-rate", learningRate, 1e-12...1e3) }
    try requireRange("--warmup-steps", warmupSteps, 0...1_000_000_000)
    if let momentum {
      try requireRange("--momentum", momentum, 0...0.999999)
      if optimizer == .adafactor, momentum > 0 { throw ValidationError("adafactor has no momentum; use adamw or sgd.") }
    }
    try requireRange("--weight-decay", weightDecay, 0...1e6)
    try requireRange("--gradient-clip", gradientClip, 1e-9...1e9)
    try requireRange("--shards", shards, 1...4096)
    try requireRange("--checkpoint-every", checkpointEvery, 0...1_000_000_000)
    if keepBest != nil, checkpointEvery == 0 {
      throw ValidationError("--keep-best needs --checkpoint-every N, or there is one checkpoint to choose from.")
    }
    if let stopAfter { try requireRange("--stop-after", stopAfter, 1...1_000_000_000) }
    try requireRange("--log-every", logEvery, 1...1_000_000_000)
    try requireRange("--keep-last", keepLast, 1...1_000_000)
  }

  /// What a command uses where the user said nothing.
  struct Defaults {
    var optimizer: OptimizerName
    var learningRate: Double
    var schedule: Schedule.Shape
    /// Of adamw.
    var momentum = 0.9
  }

  private func resolvedMomentum(_ defaults: Defaults) -> Double {
    let name = optimizer ?? defaults.optimizer
    return momentum ?? (name == .adamw ? defaults.momentum : 0)
  }

  func options(_ defaults: Defaults, seed: UInt64) -> TrainingOptions {
    TrainingOptions(
      steps: steps, batchSize: batchSize,
      schedule: Schedule(
        rate: learningRate ?? defaults.learningRate, warmupSteps: warmupSteps, shape: schedule ?? defaults.schedule,
        totalSteps: steps, floor: 0.1),
      optimizer: (optimizer ?? defaults.optimizer).kind(
        momentum: resolvedMomentum(defaults), weightDecay: weightDecay),
      gradientClip: gradientClip, shards: shards, seed: seed)
  }

  /// The resolved options, for `poise_run.json`.
  func resolved(_ defaults: Defaults) -> JSON.Object {
    var object = JSON.Object()
    object["steps"] = .init(steps)
    object["batch_size"] = .init(batchSize)
    object["learning_rate"] = .init(learningRate ?? defaults.learningRate)
    object["warmup_steps"] = .init(warmupSteps)
    object["schedule"] = .string((schedule ?? defaults.schedule).rawValue)
    object["optimizer"] = .string((optimizer ?? defaults.optimizer).rawValue)
    object["momentum"] = .init(resolvedMomentum(defaults))
    object["weight_decay"] = .init(weightDecay)
    object["gradient_clip"] = .init(gradientClip)
    object["shards"] = .init(shards)
    return object
  }
}
