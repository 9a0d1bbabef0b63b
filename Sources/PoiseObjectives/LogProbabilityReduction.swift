/// How the log-probabilities of a response's tokens become the one number that a loss sees.
public enum LogProbabilityReduction: String, Sendable, CaseIterable {
  /// log π(y): what the theory is about.
  case sum
  /// log π(y)/|y|: what the published temperatures fit. The fixed point is then tilted in length, and a regularised Nash
  /// equilibrium only where all lengths are equal.
  case mean

  /// What one token counts in the reduced number.
  func weight(_ response: ResponseStatistics) -> Double {
    switch self {
    case .sum: 1
    case .mean: 1 / Double(max(response.length, 1))
    }
  }

  func reduced(_ response: ResponseStatistics) -> ResponseStatistics {
    let weight = weight(response)
    return ResponseStatistics(
      logProbability: weight * response.logProbability, referenceLogProbability: weight * response.referenceLogProbability,
      length: response.length, advantage: response.advantage)
  }
}

/// An objective on reduced log-probabilities; its coefficients are still derivatives by the sums.
public struct Reduced<Objective: PairObjective>: PairObjective {
  public var objective: Objective
  public var reduction: LogProbabilityReduction

  public init(_ objective: Objective, reduction: LogProbabilityReduction) {
    self.objective = objective
    self.reduction = reduction
  }

  public func evaluate(_ pair: Pair) -> PairLoss {
    var result = objective.evaluate(
      Pair(first: reduction.reduced(pair.first), second: reduction.reduced(pair.second), preference: pair.preference))
    let (first, second) = (reduction.weight(pair.first), reduction.weight(pair.second))
    result.coefficients.first *= first
    result.coefficients.second *= second
    // Once as every coefficient, once because the log-ratio that it multiplies was reduced too.
    result.logRatioCoefficients.first *= first * first
    result.logRatioCoefficients.second *= second * second
    return result
  }
}
