/// σ(x) = 1/(1 + e⁻ˣ), accurate relative to its own size on both sides: σ(−500) is e⁻⁵⁰⁰, not 0.
func logistic(_ x: Double) -> Double {
  let tail = exponential(-x.magnitude)
  return (x >= 0 ? 1 : tail) / (1 + tail)
}

/// log(1 + eˣ) = −log σ(−x), without overflow.
func softplus(_ x: Double) -> Double { max(x, 0) + logarithmOfOnePlus(exponential(-x.magnitude)) }
