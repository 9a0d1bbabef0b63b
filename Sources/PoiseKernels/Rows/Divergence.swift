// Entropies and divergences over the whole vocabulary. Goals, in order: probability 0 costs nothing, also as 0·∞; a
// divergence is never negative, 0 between equal rows, and keeps relative accuracy when the rows are close; fast.
//
// Entropy: ≤ 8 ulp, of 1 where it is smaller. Divergence: ≤ 8 ulp where log-ratios are about 1. Where they are about d, each
// still has the rounding errors of its logits, δ: the divergence, about d²/2, is off by about d·δ, not by δ.

/// Probabilities are 0 below it.
let leastLogProbability: Float = -87.33

extension Kernels {
  /// −Σ π log π: every term is positive, nothing cancels.
  public func entropies(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, into entropies: consuming MutableSpan<Float>
  ) {
    precondition(logits.count == logPartitions.count * columns && entropies.count == logPartitions.count)
    for t in entropies.indices {
      let logPartition = logPartitions[t]
      entropies[t] = sumLanes(
        logits.extracting(rowRange(t, of: columns)), padding: -.infinity, EntropyTerm(logPartition: logPartition))
    }
  }

  /// KL(π‖μ) = Σ π·φ(d) with d = log π − log μ and φ(d) = d + e^−d − 1 ≥ 0. The terms e^−d − 1 add up to nothing, Σ μ − Σ π,
  /// but make every term positive and of second order in d, so that the sum does not cancel when π is close to μ.
  public func divergences(
    policy: Span<Float>, policyLogPartitions: Span<Float>, reference: Span<Float>, referenceLogPartitions: Span<Float>,
    columns: Int, into divergences: consuming MutableSpan<Float>
  ) {
    precondition(policy.count == divergences.count * columns && reference.count == policy.count)
    precondition(policyLogPartitions.count == divergences.count && referenceLogPartitions.count == divergences.count)
    for t in divergences.indices {
      let (policyLogPartition, referenceLogPartition) = (policyLogPartitions[t], referenceLogPartitions[t])
      let policyRow = policy.extracting(rowRange(t, of: columns))
      let referenceRow = reference.extracting(rowRange(t, of: columns))
      divergences[t] = sumLanes(
        policyRow, referenceRow, padding: -.infinity,
        DivergenceTerm(logPartition: policyLogPartition, referenceLogPartition: referenceLogPartition))
    }
  }
}

/// −π log π of a logit.
private struct EntropyTerm: LaneFunction {
  let logPartition: Float
  @inline(__always)
  func form(_ x: inout Lanes) {
    var logProbability = x - logPartition
    x = logProbability
    x.formDecay()
    logProbability.replace(with: Lanes.zero, where: logProbability .< leastLogProbability)
    x *= -logProbability
  }
}

private struct DivergenceTerm: LanePairFunction {
  let logPartition: Float
  let referenceLogPartition: Float
  @inline(__always)
  func form(_ x: inout Lanes, _ reference: Lanes) {
    x -= logPartition
    x.formDivergence(from: reference - referenceLogPartition)
  }
}

extension Lanes {
  /// self ← π·(d + e^−d − 1), where self = log π and d = log π − log μ. For |d| ≤ ½ as a series, otherwise as
  /// π·d + (μ − π); where π is 0 the term is μ.
  @inline(__always)
  fileprivate mutating func formDivergence(from reference: Lanes) {
    let vanishes = self .< leastLogProbability
    let difference = self - reference
    formDecay()
    var referenceProbability = reference
    referenceProbability.formDecay()
    var series = difference
    series.formSecondOrderRemainder()
    var term = difference * self + (referenceProbability - self)
    term.replace(with: series * self, where: difference * difference .< 0.25)
    term.replace(with: referenceProbability, where: vanishes)
    self = term
  }

  /// self ← d + e^−d − 1 where self = d, |d| ≤ ½, as d²·(1/2 − d/6 + d²/24 − …): what is dropped is below 1e-9 of the sum.
  @inline(__always)
  private mutating func formSecondOrderRemainder() {
    var series = Lanes(repeating: -1 / 362_880)
    series.multiply(by: self, adding: 1 / 40_320)
    series.multiply(by: self, adding: -1 / 5_040)
    series.multiply(by: self, adding: 1 / 720)
    series.multiply(by: self, adding: -1 / 120)
    series.multiply(by: self, adding: 1 / 24)
    series.multiply(by: self, adding: -1 / 6)
    series.multiply(by: self, adding: 1 / 2)
    self *= self * series
  }
}
