import Foundation

/// log Σ exp x, without overflow; −∞ for an empty sum.
func logSumExp(_ x: [Double]) -> Double {
  let top = x.max() ?? -.infinity
  guard top > -.infinity else { return top }
  return top + log(x.reduce(0) { $0 + exp($1 - top) })
}

/// The distribution proportional to exp x.
func softmax(_ x: [Double]) -> [Double] {
  let partition = logSumExp(x)
  return x.map { exp($0 - partition) }
}

/// KL(a | b), where 0 log 0 = 0; infinite where `a` has mass and `b` has none.
func divergence(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { sum, pair in pair.0 == 0 ? sum : sum + pair.0 * log(pair.0 / pair.1) }
}

/// 1/(1 + exp(−x)), without overflow and to full relative precision.
func sigmoid(_ x: Double) -> Double {
  guard x < 0 else { return 1 / (1 + exp(-x)) }
  let odds = exp(x)
  return odds / (1 + odds)
}
