/// The learning rate of every step.
public struct Schedule: Sendable, Equatable {
  public enum Shape: String, Sendable, CaseIterable { case constant, linear, cosine }

  /// The rate after the warm-up.
  public var rate: Double
  /// Steps of linear growth from 0.
  public var warmupSteps: Int
  /// How the rate falls from the warm-up's end to `totalSteps`.
  public var shape: Shape
  public var totalSteps: Int
  /// Share of `rate` that is left at the end.
  public var floor: Double

  public init(rate: Double, warmupSteps: Int = 0, shape: Shape = .constant, totalSteps: Int, floor: Double = 0) {
    self.rate = rate
    self.warmupSteps = warmupSteps
    self.shape = shape
    self.totalSteps = totalSteps
    self.floor = floor
  }

  /// - Parameter step: from 0.
  public func rate(at step: Int) -> Double {
    if step < warmupSteps { return rate * Double(step + 1) / Double(warmupSteps) }
    let progress = min(1, Double(step - warmupSteps) / Double(max(totalSteps - warmupSteps, 1)))
    switch shape {
    case .constant: return rate
    case .linear: return rate * (1 - (1 - floor) * progress)
    case .cosine: return rate * (floor + (1 - floor) * (1 + cosine(.pi * progress)) / 2)
    }
  }
}
