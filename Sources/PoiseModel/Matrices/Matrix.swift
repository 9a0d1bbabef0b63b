/// A rectangle of a tensor as a matrix product sees it: rows of `columns` floats, `stride` apart. It lives no longer than the
/// arena it is lent from.
struct Matrix: ~Escapable {
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

  /// The same memory read the other way round.
  var transposed: Matrix {
    @_lifetime(copy self) get { Matrix(transposing: self) }
  }
}

extension Arena {
  /// Rows and columns of a tensor; all of them unless said otherwise.
  @_lifetime(borrow self)
  func matrix(_ tensor: Tensor, rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> Matrix {
    let rows = rows ?? 0..<tensor.rows
    let columns = columns ?? 0..<tensor.columns
    precondition(rows.upperBound <= tensor.rows && columns.upperBound <= tensor.columns, "outside \(tensor.name)")
    let start = base + tensor.offset + rows.lowerBound * tensor.columns + columns.lowerBound
    return Matrix(start: start, rows: rows.count, columns: columns.count, stride: tensor.columns, owner: self)
  }

  /// A tensor as scratch whose shape changes from use to use: rows `stride` long from its first float on, of which some rows
  /// and columns are taken.
  @_lifetime(borrow self)
  func matrix(scratch tensor: Tensor, rows: Range<Int>, columns: Range<Int>, stride: Int) -> Matrix {
    precondition(rows.upperBound * stride <= tensor.count && columns.upperBound <= stride, "outside \(tensor.name)")
    let start = base + tensor.offset + rows.lowerBound * stride + columns.lowerBound
    return Matrix(start: start, rows: rows.count, columns: columns.count, stride: stride, owner: self)
  }
}
