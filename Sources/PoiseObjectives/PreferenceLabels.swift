/// What a loss is told of a preference p(y ≻ y′).
public enum PreferenceLabels: String, Sendable, CaseIterable {
  /// p itself.
  case soft
  /// The majority: 1 where p > ½, 0 where p < ½. A different game, in which p = 0.51 counts as much as p = 0.99; a tie stays ½.
  case hard

  public func label(_ preference: Double) -> Double {
    switch self {
    case .soft: preference
    case .hard: preference > 0.5 ? 1 : preference < 0.5 ? 0 : 0.5
    }
  }
}
