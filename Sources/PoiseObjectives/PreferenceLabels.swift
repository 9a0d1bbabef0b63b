/// What a loss is told of a preference p(y ≻ y′).
public struct PreferenceLabels: Sendable, Equatable {
  /// How a label follows from a preference.
  public enum Kind: String, CaseIterable, Sendable {
    /// p itself.
    case soft
    /// An unbiased draw: 1 with probability p, otherwise 0. The same gradient as `soft` on average, with more variance.
    case bernoulli
    /// The majority: 1 where p > ½, 0 where p < ½. A different game, in which p = 0.51 counts as much as p = 0.99; a tie
    /// stays ½.
    case argmax
  }

  /// How a label follows from a preference, before smoothing.
  public var kind: Kind
  /// ε in [0, ½]: how likely a label of that kind is taken to be the wrong way round. It becomes p + ε(1 − 2p); with ½ nothing
  /// is left of it.
  public var smoothing: Double

  /// Labels of a kind, smoothed by ε in [0, ½].
  public init(_ kind: Kind, smoothing: Double = 0) {
    precondition((0...0.5).contains(smoothing))
    self.kind = kind
    self.smoothing = smoothing
  }

  /// ``Kind/soft``, not smoothed.
  public static let soft = PreferenceLabels(.soft)
  /// ``Kind/bernoulli``, not smoothed.
  public static let bernoulli = PreferenceLabels(.bernoulli)
  /// ``Kind/argmax``, not smoothed.
  public static let argmax = PreferenceLabels(.argmax)

  /// - Parameters:
  ///   - preference: p in [0, 1].
  ///   - uniform: a uniform number from [0, 1), which decides a Bernoulli label: 1 where it is below p. Other kinds ignore it.
  public func label(_ preference: Double, uniform: Double) -> Double {
    let label = unsmoothed(preference, uniform)
    return label + smoothing * (1 - 2 * label)
  }

  private func unsmoothed(_ preference: Double, _ uniform: Double) -> Double {
    switch kind {
    case .soft: preference
    case .bernoulli: uniform < preference ? 1 : 0
    case .argmax: preference > 0.5 ? 1 : preference < 0.5 ? 0 : 0.5
    }
  }
}
