// The rectified linear unit (Nair & Hinton 2010): exact. What is not a number passes through.

extension Kernels {
  /// y = max(x, 0).
  public func reluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    precondition(x.count == y.count)
    for i in x.indices { y[i] = x[i] < 0 ? 0 : x[i] }
  }

  /// dx = dy where x > 0, else 0.
  public func reluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
    precondition(x.count == dY.count && x.count == dX.count)
    for i in x.indices { dX[i] = x[i] > 0 ? dY[i] : 0 }
  }
}
