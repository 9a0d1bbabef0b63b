import PoiseFiles
import PoiseKernels
import PoiseModel

/// Looks at every step for what should be said at once, while there is something to be saved: that the first step moved nothing, that
/// the gradient is far larger than it used to be, that the policy has run away from its reference. What it says are warnings; the run
/// goes on.
public final class StepAlarm {
  /// Times the running median that a gradient's norm may be.
  static let gradientFactor = 10.0
  /// Steps whose median that is, and how many of them there must be.
  static let (gradientWindow, fewestGradients) = (50, 10)
  /// Steps before the same is said again.
  static let silence = 50

  private let layout: Layout
  private let parameters: Arena
  private let warn: (String) -> Void
  /// Σ p² of every tensor before the first step, which no update leaves as it is; nil after it.
  private var squares: [Double]?
  private var norms: [Double] = []
  private var (lastGradientWarning, lastDivergenceWarning): (Int?, Int?)

  /// - Parameters:
  ///   - parameters: what is trained, before its next step.
  ///   - warn: is given a sentence or two.
  public init(_ parameters: Arena, _ layout: Layout, warn: @escaping (String) -> Void) {
    self.layout = layout
    self.parameters = parameters
    self.warn = warn
    squares = currentSquares
  }

  /// - Parameter record: of every step, in order, when its update has been made.
  public func look(at record: StepRecord) {
    checkMovement(record)
    checkGradient(record)
    checkDivergence(record)
  }

  private var currentSquares: [Double] {
    let parameters = parameters
    return layout.tensors.map { kernels.sumOfSquares(parameters[$0]) }
  }

  private func checkMovement(_ record: StepRecord) {
    guard let before = squares else { return }
    squares = nil
    guard before == currentSquares else { return }
    let reason =
      record.gradientNorm == 0
      ? "its gradient is zero, as where all pairs are ties or identical. Look at the annotator's answers, or at the data."
      : "the learning rate of \(record.learningRate.formatted(significantDigits: 2)) is too small for numbers in single precision. "
        + "Raise --learning-rate, or shorten --warmup-steps."
    warn("Warning: step \(record.step) moved no parameter: \(reason)")
  }

  private func checkGradient(_ record: StepRecord) {
    defer { norms = (norms + [record.gradientNorm]).suffix(Self.gradientWindow) }
    guard norms.count >= Self.fewestGradients else { return }
    let median = norms.sorted()[norms.count / 2]
    guard record.gradientNorm > Self.gradientFactor * median, isTime(&lastGradientWarning, record.step) else { return }
    warn(
      "Warning: at step \(record.step) the gradient's norm is \(record.gradientNorm.formatted(significantDigits: 3)), more than "
        + "\(Self.gradientFactor.formatted(decimals: 0)) times its median of \(median.formatted(significantDigits: 3)) over the last "
        + "\(norms.count) steps. If that goes on, try a lower --learning-rate or --gradient-clip.")
  }

  private func checkDivergence(_ record: StepRecord) {
    guard let divergence = record.sampling?.exactDivergence,
      RunDiagnosis.hasRunAway(divergence: divergence, tokens: record.responseLength), isTime(&lastDivergenceWarning, record.step)
    else { return }
    warn(
      "Warning: at step \(record.step) the policy is \(divergence.formatted(decimals: 1)) nats a response from its reference, "
        + "\((divergence / max(record.responseLength, 1)).formatted(decimals: 2)) a token. If that goes on, try a larger --tau or a lower "
        + "--learning-rate.")
  }

  private func isTime(_ last: inout Int?, _ step: Int) -> Bool {
    if let last, step - last < Self.silence { return false }
    last = step
    return true
  }
}
