import PoiseModel

/// Something that improves a policy step by step.
public protocol Trainer: AnyObject {
  /// The policy as it is now.
  var policy: Policy { get }
  var options: TrainingOptions { get }
  /// Moments and step count: with the policy, all that the next step depends on.
  var optimizer: Optimizer { get }
  /// One update. `throws` leave policy and optimiser as they were.
  func step() throws -> StepRecord
}
