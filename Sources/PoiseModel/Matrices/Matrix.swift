/// A rectangle of a tensor as a matrix product sees it: rows of `columns` floats, `stride` apart. It lives no longer than the
/// arena it is lent from.
package struct Matrix: ~Escapable {
  let start: UnsafeMutablePointer<Float>
  let rows: Int
  let columns: Int
  let stride: Int
  let isTransposed: Bool

  @_lifetime(borrow owner)
  fileprivate init(
    start: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, isTransposed: Bool = false,
    owner: borrowing Arena
  ) {
    self.start = start
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.isTransposed = isTransposed
  }

  @_lifetime(copy other)
  private init(transposing other: Matrix) {
    start = other.start
    rows = other.columns
    columns = other.rows
    stride = other.stride
    isTransposed = !other.isTransposed
  }

  /// Floats from one row, or column, to the next.
  var rowStride: Int { isTransposed ? 1 : stride }
  var columnStride: Int { isTransposed ? stride : 1 }

  /// All floats from the first element to the last.
  var elements: UnsafeBufferPointer<Float> { UnsafeBufferPointer(mutableElements) }
  var mutableElements: UnsafeMutableBufferPointer<Float> {
    let count = rows == 0 || columns == 0 ? 0 : (rows - 1) * rowStride + (columns - 1) * columnStride + 1
    return UnsafeMutableBufferPointer(start: start, count: count)
  }

  /// The same memory read the other way round.
  package var transposed: Matrix {
    @_lifetime(copy self) get { Matrix(transposing: self) }
  }
}

extension Arena {
  /// Rows and columns of a tensor; all of them unless said otherwise.
  @_lifetime(borrow self)
  package func matrix(_ tensor: Tensor, rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> Matrix {
    let rows = rows ?? 0..<tensor.rows
    let columns = columns ?? 0..<tensor.columns
    precondition(rows.upperBound <= tensor.rows && columns.upperBound <= tensor.columns, "outside \(tensor.name)")
    let start = base + tensor.offset + rows.lowerBound * tensor.columns + columns.lowerBound
    return Matrix(start: start, rows: rows.count, columns: columns.count, stride: tensor.columns, owner: self)
  }
}
