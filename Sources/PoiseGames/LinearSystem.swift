import CLAPACKE

/// The one place that calls LAPACK.
package enum LinearSystem {
  /// x with A x = b, by LU decomposition with partial pivoting (`dgesv`).
  /// - Parameter matrix: A, row-major (n, n).
  /// - Returns: nil where A is singular to working precision, or something is not a number.
  package static func solve(_ matrix: [Double], _ right: [Double]) -> [Double]? {
    precondition(matrix.count == right.count * right.count)
    guard !right.isEmpty else { return [] }
    let order = Int32(right.count)
    var factors = matrix
    var pivots = [Int32](repeating: 0, count: right.count)
    var solution = right
    let information = LAPACKE_dgesv(LAPACK_ROW_MAJOR, order, 1, &factors, order, &pivots, &solution, 1)
    return information == 0 && solution.allSatisfy(\.isFinite) ? solution : nil
  }
  /// x with x[pinned] = 0 that satisfies every equation of A x = b but the pinned one, for systems that leave a constant open.
  /// - Parameter matrix: A, row-major (n, n).
  /// - Returns: nil where what is left of A is singular to working precision, or something is not a number.
  package static func solve(_ matrix: [Double], _ right: [Double], pinning pinned: Int) -> [Double]? {
    let kept = right.indices.filter { $0 != pinned }
    let minor = kept.flatMap { row in kept.map { matrix[row * right.count + $0] } }
    guard var solution = solve(minor, kept.map { right[$0] }) else { return nil }
    solution.insert(0, at: pinned)
    return solution
  }
}
