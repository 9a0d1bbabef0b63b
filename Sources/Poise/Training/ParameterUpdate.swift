import PoiseFiles
import PoiseModel

/// From a batch's gradient to new parameters: guard, clip, schedule, optimiser.
struct ParameterUpdate {
  let options: TrainingOptions
  let optimizer: Optimizer
  let pool: WorkerPool

  init(_ options: TrainingOptions, _ parameters: Layout, pool: WorkerPool) {
    self.options = options
    optimizer = Optimizer(options.optimizer, parameters: parameters)
    self.pool = pool
  }

  /// - Returns: the gradient's norm before clipping, and the rate.
  /// - Throws: `DivergenceError` before anything is changed, where loss or gradient is not finite; afterwards, where a parameter no longer
  ///   is, and must not be kept.
  func apply<Model>(
    _ pass: ShardedPass<Model>, to parameters: Arena, loss: Double
  ) throws(DivergenceError) -> (norm: Double, rate: Double) {
    let step = optimizer.step
    let (norm, tensor) = profiled(.update) { pass.gradientNorm() }
    if let tensor { throw DivergenceError(step: step + 1, what: "the gradient of \(tensor)") }
    guard loss.isFinite else { throw DivergenceError(step: step + 1, what: "the loss") }
    let rate = options.schedule.rate(at: step)
    let scale = norm > options.gradientClip ? options.gradientClip / norm : 1
    profiled(.update) {
      optimizer.update(parameters, gradients: pass.gradients, gradientScale: Float(scale), rate: Float(rate), pool: pool)
    }
    if let tensor = profiled(.update, { parameters.firstNotFinite(of: pass.model.parameterLayout) }) {
      throw DivergenceError(step: step + 1, what: "the new value of \(tensor.name)", spoilsParameters: true)
    }
    return (norm, rate)
  }
}

/// Training that left the finite numbers.
public struct DivergenceError: ExplainedError, Equatable {
  /// From 1.
  public let step: Int
  /// `the loss`, `the gradient of …` or `the new value of …`.
  public let what: String
  /// Whether the parameters in memory are those of the failed step.
  public let spoilsParameters: Bool

  init(step: Int, what: String, spoilsParameters: Bool = false) {
    (self.step, self.what, self.spoilsParameters) = (step, what, spoilsParameters)
  }

  public var category: FailureCategory { .internalFault }

  public var description: String {
    "Training diverged: at step \(step), \(what) is not a finite number. "
      + (spoilsParameters ? "Nothing of this step was saved. " : "Parameters were not touched by this step. ")
      + "Try a lower --learning-rate, or a larger --tau; the last checkpoint is intact."
  }
}
