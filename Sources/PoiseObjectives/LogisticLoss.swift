/// The cross-entropy of one logit f with a soft label p: −p log σ(f) − (1 − p) log σ(−f), in nats. Its derivative is σ(f) − p
/// and vanishes where σ(f) = p.
///
/// It is what a preference model that sees both responses at once is trained by.
public struct LogisticLoss: Sendable, Equatable {
  public init() {}

  /// - Parameter label: p in [0, 1]; both ends are fine.
  /// - Returns: the loss and ∂loss/∂f.
  public func evaluate(_ logit: Double, label: Double) -> (loss: Double, coefficient: Double) {
    // Not σ(f) − p: a certain label would lose the digits of a small derivative.
    (
      label * softplus(-logit) + (1 - label) * softplus(logit),
      (1 - label) * logistic(logit) - label * logistic(-logit)
    )
  }
}
