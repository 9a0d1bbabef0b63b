// Units that pass one half of what they read through a nonlinearity and multiply the other by it (Shazeer 2020). A row is its gate,
// then its up; which nonlinearity it is, a kernel says.

extension Kernels {
  /// Rows of y ← f(gate, up).
  func gateForward(
    _ gateUp: Span<Float>, columns: Int, _ function: some LanePairFunction, into y: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && y.count.isMultiple(of: columns) && gateUp.count == 2 * y.count)
    let pastCaches = arePastCaches(elements: 3 * y.count)
    for t in 0..<y.count / columns {
      var row = y._mutatingExtracting(rowRange(t, of: columns))
      row.setLanes(
        from: gateUp.extracting(rowRange(2 * t, of: columns)), gateUp.extracting(rowRange(2 * t + 1, of: columns)), function,
        ahead: max(prefetchDistance, 2 * columns), pastCaches: pastCaches)
    }
    finishWriting(pastCaches: pastCaches)
  }

  /// Rows of (dgate, dup) ← f(gate, up, dy).
  func gateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, _ function: some LaneTripleFunction,
    into dGateUp: consuming MutableSpan<Float>
  ) {
    precondition(columns > 0 && dY.count.isMultiple(of: columns))
    precondition(gateUp.count == 2 * dY.count && dGateUp.count == gateUp.count)
    let pastCaches = arePastCaches(elements: 5 * dY.count)
    for t in 0..<dY.count / columns {
      var dRow = dGateUp._mutatingExtracting(rowRange(t, of: 2 * columns))
      dRow.setHalves(
        from: gateUp.extracting(rowRange(t, of: 2 * columns)), dY.extracting(rowRange(t, of: columns)), function,
        pastCaches: pastCaches)
    }
    finishWriting(pastCaches: pastCaches)
  }
}
