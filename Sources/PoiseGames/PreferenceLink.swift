/// What an online contrastive loss takes a margin u = τ h for: the preference g(u) that it is content with. Increasing, with
/// g(−u) = 1 − g(u).
protocol PreferenceLink {
  /// p − g(u): what the loss still wants.
  /// - Parameter opposite: 1 − p. Where it is the smaller of the two, it has the digits that p lost to rounding. It stands in
  ///   another row of the matrix, far away in memory, and is fetched only by links that lose those digits.
  static func shortfall(preference: Double, opposite: @autoclosure () -> Double, margin: Double) -> Double

  /// dg/du.
  static func slope(margin: Double) -> Double
}

/// g(u) = ½ + u: IPO.
enum LinearLink: PreferenceLink {
  static func shortfall(preference: Double, opposite: @autoclosure () -> Double, margin: Double) -> Double {
    preference - 0.5 - margin
  }
  static func slope(margin: Double) -> Double { 1 }
}

/// g(u) = σ(u): DPO, and the model of Bradley & Terry.
enum LogisticLink: PreferenceLink {
  static func shortfall(preference: Double, opposite: @autoclosure () -> Double, margin: Double) -> Double {
    preference <= 0.5 ? preference - sigmoid(margin) : sigmoid(-margin) - opposite()
  }
  static func slope(margin: Double) -> Double { sigmoid(margin) * sigmoid(-margin) }
}
