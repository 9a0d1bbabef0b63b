/// What a reward model is trained by: the likelihood of preferences under Bradley & Terry's model p(y ≻ y′) = σ(r − r′), with a
/// soft label p, and a term that centres rewards, which the likelihood leaves free to drift together (Eisenstein et al. 2023,
/// arXiv 2312.09244):
///
///     −p log σ(r − r′) − (1 − p) log σ(r′ − r) + λ(r + r′)²
public struct BradleyTerryLoss: Sendable, Equatable {
  /// λ ≥ 0: the weight of the centring term; 0 leaves it out.
  public var centring: Double

  public init(centring: Double = 0) {
    precondition(centring >= 0)
    self.centring = centring
  }

  /// - Parameters:
  ///   - first: r, the reward of the first response.
  ///   - second: r′, of the second.
  ///   - preference: p(first ≻ second) in [0, 1].
  /// - Returns: the loss, ∂loss/∂r and ∂loss/∂r′.
  public func evaluate(
    _ first: Double, _ second: Double, preference: Double
  ) -> (loss: Double, coefficients: (first: Double, second: Double)) {
    let likelihood = LogisticLoss().evaluate(first - second, label: preference)
    let sum = first + second
    let pull = 2 * centring * sum
    return (
      likelihood.loss + centring * sum * sum, (likelihood.coefficient + pull, -likelihood.coefficient + pull)
    )
  }
}
