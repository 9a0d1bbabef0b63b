/// Raw answers of a judge who was asked about one pair in both orders.
public struct BothOrdersPrediction: Sendable, Equatable {
  /// p(a ≻ b) with a shown first.
  public var forth: Double
  /// p(b ≻ a) with b shown first.
  public var back: Double

  public init(forth: Double, back: Double) {
    self.forth = forth
    self.back = back
  }

  /// |p(a ≻ b) + p(b ≻ a) − 1|: 0 for a judge to whom the order means nothing.
  public var asymmetry: Double { abs(forth + back - 1) }

  /// The same answers about (b, a).
  var swapped: BothOrdersPrediction { BothOrdersPrediction(forth: back, back: forth) }
}

/// A judge's preferences among three answers to one prompt.
public struct PreferenceTriple: Sendable, Equatable {
  /// p(a ≻ b)
  public var ab: Double
  /// p(b ≻ c)
  public var bc: Double
  /// p(c ≻ a)
  public var ca: Double

  public init(ab: Double, bc: Double, ca: Double) {
    self.ab = ab
    self.bc = bc
    self.ca = ca
  }

  /// Whether each answer is preferred to the next all the way round, in one direction or the other. A judge who scores answers
  /// one by one never is; with a tie among the three nobody is.
  public var isCyclic: Bool {
    let preferences = [ab, bc, ca]
    return preferences.allSatisfy { $0 > 0.5 } || preferences.allSatisfy { $0 < 0.5 }
  }
}

/// The figures of a judge that need no labels.
public enum JudgeConsistency {
  /// The mean asymmetry; nil without predictions.
  public static func meanAsymmetry(_ predictions: [BothOrdersPrediction]) -> Double? { mean(predictions.map(\.asymmetry)) }

  /// The share of triples that are cyclic; nil without triples.
  public static func cyclicShare(_ triples: [PreferenceTriple]) -> Double? { mean(triples.map { $0.isCyclic ? 1 : 0 }) }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
