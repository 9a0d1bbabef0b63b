import COpenBLAS

/// c ← a·b.
func multiply(_ a: borrowing Matrix, _ b: borrowing Matrix, into c: borrowing Matrix) { product(a, b, keeping: 0, in: c) }

/// c ← c + a·b.
func multiply(_ a: borrowing Matrix, _ b: borrowing Matrix, addingTo c: borrowing Matrix) { product(a, b, keeping: 1, in: c) }

private func product(_ a: borrowing Matrix, _ b: borrowing Matrix, keeping beta: Float, in c: borrowing Matrix) {
  precondition(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows && !c.isTransposed)
  guard c.rows > 0, c.columns > 0 else { return }
  let call = mark(a, b, keeping: beta)
  defer { call.end() }
  cblas_sgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
    blasint(c.rows), blasint(c.columns), blasint(a.columns), 1, a.start, blasint(a.stride), b.start, blasint(b.stride),
    beta, c.start, blasint(c.stride))
}

/// Two operations a multiplication and addition; the result is read only where it is added to.
private func mark(_ a: borrowing Matrix, _ b: borrowing Matrix, keeping beta: Float) -> ActivityMark {
  let (m, k, n) = (a.rows, a.columns, b.columns)
  return ActivityMark(
    Activity(product: m, k, n, transposing: a.isTransposed, b.isTransposed),
    CountedWork(floats: m * k + k * n + (beta == 0 ? 1 : 2) * m * n, operations: 2 * m * n * k))
}

/// The linear algebra library underneath.
public enum LinearAlgebra {
  /// Workers multiply side by side, each on one thread: results then do not depend on how many workers there are.
  static func useOneThreadPerProduct() { openblas_set_num_threads(1) }

  /// For example `OpenBLAS 0.3.21 … SkylakeX`.
  public static var description: String { String(cString: openblas_get_config()) }

  /// The processor OpenBLAS has chosen its kernels for.
  public static var core: String { String(cString: openblas_get_corename()) }
}
