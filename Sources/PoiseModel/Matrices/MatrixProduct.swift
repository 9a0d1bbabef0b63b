import COpenBLAS
import PoiseKernels

// Policy: products are the kernels' own. OpenBLAS is as fast where both factors are large and its kernels fit the processor; it is
// two to eight times slower where rows are few, and half as fast where it, or OPENBLAS_CORETYPE, takes a processor of 512-bit
// vectors for one of 256. And a sum in the order of its terms has the same bits with every instruction set, for every cut of a
// batch, with every library. `poise bench` measures both; Benchmarks/LOG.md has figures.

/// c ← a·b.
package func multiply(_ a: borrowing Matrix, _ b: borrowing Matrix, into c: borrowing Matrix) {
  product(a, b, adding: false, in: c)
}

/// c ← c + a·b.
package func multiply(_ a: borrowing Matrix, _ b: borrowing Matrix, addingTo c: borrowing Matrix) {
  product(a, b, adding: true, in: c)
}

private func product(_ a: borrowing Matrix, _ b: borrowing Matrix, adding: Bool, in c: borrowing Matrix) {
  precondition(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows && !c.isTransposed)
  guard c.rows > 0, c.columns > 0 else { return }
  let call = mark(a, b, adding: adding)
  defer { call.end() }
  let scratch = PackingScratch.ofThisThread
  kernels.matrixProduct(
    Span(_unsafeElements: a.elements), aRow: a.rowStride, aColumn: a.columnStride, Span(_unsafeElements: b.elements),
    bRow: b.rowStride, bColumn: b.columnStride, rows: c.rows, inner: a.columns, columns: c.columns, adding: adding,
    scratch: MutableSpan(_unsafeElements: scratch), into: MutableSpan(_unsafeElements: c.mutableElements), stride: c.stride)
}

/// c ← a·b by OpenBLAS: what the kernels' products are measured against.
package func multiplyByLibrary(_ a: borrowing Matrix, _ b: borrowing Matrix, into c: borrowing Matrix) {
  precondition(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows && !c.isTransposed)
  cblas_sgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
    blasint(c.rows), blasint(c.columns), blasint(a.columns), 1, a.start, blasint(a.stride), b.start, blasint(b.stride),
    0, c.start, blasint(c.stride))
}

/// Two operations a multiplication and addition; the result is read only where it is added to.
private func mark(_ a: borrowing Matrix, _ b: borrowing Matrix, adding: Bool) -> ActivityMark {
  let (m, k, n) = (a.rows, a.columns, b.columns)
  return ActivityMark(
    Activity(product: m, k, n, transposing: a.isTransposed, b.isTransposed),
    CountedWork(floats: m * k + k * n + (adding ? 2 : 1) * m * n, operations: 2 * m * n * k))
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
