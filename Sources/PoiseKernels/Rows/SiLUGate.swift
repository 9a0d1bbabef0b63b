import CLanes

// The gated unit of SwiGLU (Shazeer 2020). Goals: relative accuracy of σ on both sides; fast. Forward ≤ 4 ulp; backward ≤ 6 ulp
// of the larger of its terms.

extension Kernels {
  /// y = silu(gate) ∘ up, silu(z) = z·σ(z). A row of `gateUp` is its gate, then its up.
  public func siluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    precondition(columns > 0 && y.count.isMultiple(of: columns) && gateUp.count == 2 * y.count)
    let pastCaches = arePastCaches(elements: 3 * y.count)
    for t in 0..<y.count / columns {
      var row = y._mutatingExtracting(rowRange(t, of: columns))
      row.setLanes(
        from: gateUp.extracting(rowRange(2 * t, of: columns)), gateUp.extracting(rowRange(2 * t + 1, of: columns)), SiLUGate(),
        ahead: max(prefetchDistance, 2 * columns), pastCaches: pastCaches)
    }
    finishWriting(pastCaches: pastCaches)
  }

  /// dgate = dy ∘ up ∘ σ ∘ (1 + z(1 − σ)), dup = dy ∘ z ∘ σ.
  public func siluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && dY.count.isMultiple(of: columns))
    precondition(gateUp.count == 2 * dY.count && dGateUp.count == gateUp.count)
    let pastCaches = arePastCaches(elements: 5 * dY.count)
    for t in 0..<dY.count / columns {
      var dRow = dGateUp._mutatingExtracting(rowRange(t, of: 2 * columns))
      dRow.setHalves(
        from: gateUp.extracting(rowRange(t, of: 2 * columns)), dY.extracting(rowRange(t, of: columns)), SiLUGateGradient(),
        pastCaches: pastCaches)
    }
    finishWriting(pastCaches: pastCaches)
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
