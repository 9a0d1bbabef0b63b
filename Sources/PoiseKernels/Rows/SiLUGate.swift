import CLanes

// The gated unit of SwiGLU (Shazeer 2020). Goals: relative accuracy of σ on both sides; fast. Forward ≤ 4 ulp; backward ≤ 6 ulp
// of the larger of its terms.

extension Kernels {
  /// y = silu(gate) ∘ up, silu(z) = z·σ(z). A row of `gateUp` is its gate, then its up.
  public func siluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    gateForward(gateUp, columns: columns, SiLUGate(), into: y)
  }

  /// dgate = dy ∘ up ∘ σ ∘ (1 + z(1 − σ)), dup = dy ∘ z ∘ σ.
  public func siluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    gateBackward(dY, gateUp: gateUp, columns: columns, SiLUGateGradient(), into: dGateUp)
  }
}

private struct SiLUGate: LanePairFunction {
  @inline(__always)
  func form(_ gate: inout Lanes, _ up: Lanes) {
    var odds = poise_maximum(gate, Lanes(repeating: -88.9))
    odds.formOddsAgainst()
    gate = gate * up / (odds + 1)
  }
}

private struct SiLUGateGradient: LaneTripleFunction {
  @inline(__always)
  func form(_ gate: inout Lanes, _ up: inout Lanes, _ dY: Lanes) {
    var (share, complement) = (gate, gate)
    share.formSigmoid(complement: &complement)
    let dGate = dY * up * share * (1 + gate * complement)
    up = dY * gate * share
    gate = dGate
  }
}
