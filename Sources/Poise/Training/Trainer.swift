import PoiseModel

/// Something that improves a model step by step.
public protocol Trainer: AnyObject {
  var options: TrainingOptions { get }
  /// Moments and step count: with the parameters and ``extraState``, all that the next step depends on.
  var optimizer: Optimizer { get }
  /// Tokens of all responses that were learnt from so far.
  var tokenCount: Int { get set }
  /// Whether the last step has been made: by number, or because more would not help.
  var isFinished: Bool { get }
  /// One update. `throws` leave parameters and optimiser as they were, but for a `DivergenceError` that says otherwise.
  func step() throws -> StepRecord
  /// What else a checkpoint must hold.
  var extraState: [SafeTensorsWriter.Tensor] { get }
  /// Takes up the ``extraState`` of a checkpoint.
  ///
  /// - Throws: `CheckpointError` where it is damaged or belongs to another model.
  func restoreExtraState(from weights: SafeTensorsCollection) throws
}

/// Trainers whose steps depend on parameters and optimiser alone.
public protocol PlainTrainer: Trainer {}

extension PlainTrainer {
  public var isFinished: Bool { optimizer.step >= options.steps }
  public var extraState: [SafeTensorsWriter.Tensor] { [] }
  public func restoreExtraState(from weights: SafeTensorsCollection) {}
}
