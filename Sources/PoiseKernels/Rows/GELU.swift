import CLanes

// GELU with the tanh approximation (Hendrycks & Gimpel 2016). Since ½(1 + tanh u) = σ(2u), y = x·σ(z) with
// z = √(8/π)·(x + 0.044715·x³), and no tanh is needed.
//
// Goals, in order: relative accuracy on both sides (1 + tanh u cancels for negative x, σ does not); zero at zero; fast.
// z has three roundings, each of up to 2⁻²⁴ of z, which in e^z is |z| ulp where an ulp is least: forward ≤ 4 + 3|z| ulp where z < 0
// (2.5|z| found), ≤ 4 elsewhere. Backward: ≤ 8 ulp of |dy|. Of the gate the same, of the larger of its terms, and a rounding more.

/// √(8/π).
private let slope: Float = 1.595_769_121_605_730_7
/// √(8/π)·0.044715.
private let cubic: Float = 0.071_354_816_272_600_25
/// Both times log₂ e. As numbers of their own: a product of two that are rounded already is off by three times as much, and so
/// would be z.
private let slopeInHalvings: Float = 2.302_208_198_144_325
private let cubicInHalvings: Float = 0.102_943_239_580_023_5

extension Kernels {
  /// y = x·σ(z(x)).
  public func geluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let pastCaches = arePastCaches(elements: 2 * x.count)
    y.setLanes(from: x, GELU(), pastCaches: pastCaches)
    finishWriting(pastCaches: pastCaches)
  }

  /// dx = dy·(σ + x·σ·(1 − σ)·z′), z′ = √(8/π)·(1 + 3·0.044715·x²).
  public func geluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
    let pastCaches = arePastCaches(elements: 3 * x.count)
    dX.setLanes(from: dY, x, GELUGradient(), pastCaches: pastCaches)
    finishWriting(pastCaches: pastCaches)
  }
}

/// The gated unit of the second generation of T5.
extension Kernels {
  /// y = gelu(gate) ∘ up. A row of `gateUp` is its gate, then its up.
  public func geluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    gateForward(gateUp, columns: columns, GELUGate(), into: y)
  }

  /// dgate = dy ∘ up ∘ gelu′(gate), dup = dy ∘ gelu(gate).
  public func geluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    gateBackward(dY, gateUp: gateUp, columns: columns, GELUGateGradient(), into: dGateUp)
  }
}

private struct GELU: LaneFunction {
  @inline(__always) func form(_ x: inout Lanes) { x.formGELU() }
}

private struct GELUGate: LanePairFunction {
  @inline(__always)
  func form(_ gate: inout Lanes, _ up: Lanes) {
    gate.formGELU()
    gate *= up
  }
}

private struct GELUGateGradient: LaneTripleFunction {
  @inline(__always)
  func form(_ gate: inout Lanes, _ up: inout Lanes, _ dY: Lanes) {
    var (slope, share) = (gate, gate)
    slope.formGELUSlope(share: &share)
    let dGate = dY * up * slope
    up = dY * gate * share
    gate = dGate
  }
}

private struct GELUGradient: LanePairFunction {
  @inline(__always)
  func form(_ dY: inout Lanes, _ x: Lanes) {
    var (slope, share) = (x, x)
    slope.formGELUSlope(share: &share)
    dY *= slope
  }
}

extension Lanes {
  /// self ← x·σ(z), where self = x.
  @inline(__always)
  fileprivate mutating func formGELU() {
    var odds = poise_minimum(geluHalvings(square: self * self), Lanes(repeating: 128))
    odds.formOddsOfHalvings()
    self /= odds + 1
  }

  /// self ← σ + x·σ·(1 − σ)·z′ and share ← σ(z), where self = x.
  @inline(__always)
  fileprivate mutating func formGELUSlope(share: inout Lanes) {
    let square = self * self
    share = geluHalvings(square: square)
    var complement = share
    share.formSigmoidOfHalvings(complement: &complement)
    var growth = square  // z′
    growth.multiply(by: Lanes(repeating: 3 * cubic), adding: slope)
    growth *= self * complement
    self = share + share * growth
  }

  /// −z·log₂ e of self = x.
  @inline(__always)
  fileprivate func geluHalvings(square: Lanes) -> Lanes {
    var factor = square
    factor.multiply(by: Lanes(repeating: -cubicInHalvings), adding: -slopeInHalvings)
    return self * factor
  }
}
