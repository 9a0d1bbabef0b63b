// The geometric mixture of two policies at one token. Goals: both ends bit for bit; normalised to the error of
// log Σ exp; fast.

extension Kernels {
  /// mixture ← (1−m) log π + m log μ, not normalised; returns log Z = log Σ exp of it. Where the two have no token in common, every
  /// element and log Z are −∞.
  public func geometricMixture(
    policy: Span<Float>, policyLogPartition: Float, reference: Span<Float>, referenceLogPartition: Float, weight: Float,
    into mixture: consuming MutableSpan<Float>
  ) -> Float {
    precondition(policy.count == reference.count && policy.count == mixture.count && 0 <= weight && weight <= 1)
    if weight == 0 || weight == 1 {
      let (source, origin) = (weight == 0 ? policy : reference, weight == 0 ? policyLogPartition : referenceLogPartition)
      for i in source.indices { mixture[i] = source[i] - origin }
      return 0
    }
    for i in policy.indices {
      mixture[i] = (1 - weight) * (policy[i] - policyLogPartition) + weight * (reference[i] - referenceLogPartition)
    }
    return min(0, logSumExp(mixture.span))
  }
}
