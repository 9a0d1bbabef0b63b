import CLAPACKE

/// The one place that calls LAPACK.
package enum LinearSystem {
  /// x with A x = b, by LU decomposition with partial pivoting (`dgetrf`, `dgetrs`).
  /// - Parameter matrix: A, row-major (n, n).
  /// - Returns: nil where A is singular to working precision, or something is not a number.
  package static func solve(_ matrix: consuming [Double], _ right: [Double]) -> [Double]? {
    solve(overwriting: &matrix, right)
  }

  /// x with x[pinned] = 0 that satisfies every equation of A x = b but the pinned one, for systems that leave a constant open.
  /// - Parameter matrix: A, row-major (n, n); something else afterwards.
  /// - Returns: nil where what is left of A is singular to working precision, or something is not a number.
  package static func solve(overwriting matrix: inout [Double], _ right: [Double], pinning pinned: Int) -> [Double]? {
    let order = right.count
    precondition(matrix.count == order * order)
    // A row and a column of the identity: no other equation and no other unknown meets them, and nothing has to be moved.
    for other in 0..<order {
      matrix[pinned * order + other] = 0
      matrix[other * order + pinned] = 0
    }
    matrix[pinned * order + pinned] = 1
    var pinnedRight = right
    pinnedRight[pinned] = 0
    return solve(overwriting: &matrix, pinnedRight)
  }

  /// LAPACK reads columns where A has rows: what it decomposes is the transpose, and what it is asked for the solution with
  /// the transpose of that. Row-major calls would copy the matrix there and back.
  private static func solve(overwriting matrix: inout [Double], _ right: [Double]) -> [Double]? {
    precondition(matrix.count == right.count * right.count)
    guard !right.isEmpty else { return [] }
    let order = Int32(right.count)
    let transposed = CChar(UInt8(ascii: "T"))
    var pivots = [Int32](repeating: 0, count: right.count)
    var solution = right
    guard LAPACKE_dgetrf(LAPACK_COL_MAJOR, order, order, &matrix, order, &pivots) == 0,
      LAPACKE_dgetrs(LAPACK_COL_MAJOR, transposed, order, 1, matrix, order, pivots, &solution, order) == 0
    else { return nil }
    return solution.allSatisfy(\.isFinite) ? solution : nil
  }

  /// The shortest x among those that bring A x closest to b, by a complete orthogonal factorisation (`dgelsy`): for systems
  /// that contradict themselves or leave unknowns open.
  /// - Parameter matrix: A, row-major (rows, columns), with at least as many rows as columns; b has the rows.
  /// - Returns: nil where something is not a number.
  package static func leastSquares(_ matrix: [Double], _ right: [Double]) -> [Double]? {
    let rows = right.count
    precondition(rows > 0 && matrix.count % rows == 0)
    let columns = matrix.count / rows
    precondition((1...rows).contains(columns))
    var (factors, solution) = (matrix, right)
    var pivots = [Int32](repeating: 0, count: columns)
    var rank: Int32 = 0
    // What is smaller by this factor than the largest direction is rounding.
    let condition = 0x1p-52 * Double(rows)
    let information = LAPACKE_dgelsy(
      LAPACK_ROW_MAJOR, Int32(rows), Int32(columns), 1, &factors, Int32(columns), &solution, 1, &pivots, condition, &rank)
    let unknowns = solution.prefix(columns)
    return information == 0 && unknowns.allSatisfy(\.isFinite) ? Array(unknowns) : nil
  }

  /// The eigenvalues of a real matrix, in no order (`dgeev`).
  /// - Parameter matrix: row-major (n, n).
  /// - Returns: nil where the QR iteration does not converge, or something is not a number.
  static func eigenvalues(_ matrix: [Double], order: Int) -> [Eigenvalue]? {
    precondition(matrix.count == order * order)
    guard order > 0 else { return [] }
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    // The transpose has the same eigenvalues: row-major or column-major is all one.
    var work = matrix
    let size = Int32(order)
    var (real, imaginary) = ([Double](repeating: 0, count: order), [Double](repeating: 0, count: order))
    let none = Int8(UInt8(ascii: "N"))
    let information = LAPACKE_dgeev(LAPACK_COL_MAJOR, none, none, size, &work, size, &real, &imaginary, nil, 1, nil, 1)
    return information == 0 ? zip(real, imaginary).map { Eigenvalue(real: $0, imaginary: $1) } : nil
  }
}
