// The geometric mixture of two policies at one token. Goals: both ends bit for bit; normalised to the error of
// log Σ exp; fast.

extension Kernels {
  /// mixture ← (1−m) log π + m log μ − log Z; returns log Z. Where the two have no token in common, every element and
  /// log Z are −∞.
  public func geometricMixture(
    policy: Span<Float>, reference: Span<Float>, weight: Float, into mixture: consuming MutableSpan<Float>
  ) -> Float {
    precondition(policy.count == reference.count && policy.count == mixture.count && 0 <= weight && weight <= 1)
    if weight == 0 || weight == 1 {
      let source = weight == 0 ? policy : reference
      for i in source.indices { mixture[i] = source[i] }
      return 0
    }
    for i in policy.indices { mixture[i] = (1 - weight) * policy[i] + weight * reference[i] }
    let logPartition = min(0, logSumExp(mixture.span))
    guard logPartition > -.infinity else { return logPartition }
    for i in mixture.indices { mixture[i] -= logPartition }
    return logPartition
  }
}
