/// A x for a row-major matrix with as many columns as x has entries.
///
/// Iterative solvers spend their time here, in debug builds most of all, where every subscript of an array is a call. Hence
/// pointers, which are not, and two sums, of which neither waits for the other.
func multiply(_ matrix: [Double], _ vector: [Double]) -> [Double] {
  let count = vector.count
  precondition(count > 0 && matrix.count % count == 0)
  var product = [Double](repeating: 0, count: matrix.count / count)
  matrix.withUnsafeBufferPointer { matrix in
    vector.withUnsafeBufferPointer { vector in
      guard let rows = matrix.baseAddress, let vector = vector.baseAddress else { return }
      for row in product.indices { product[row] = dot(rows + row * count, vector, count) }
    }
  }
  return product
}

/// Σ a b over two runs of numbers.
private func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var (even, odd) = (0.0, 0.0)
  var index = 0
  while index &+ 1 < count {
    even += a[index] * b[index]
    odd += a[index &+ 1] * b[index &+ 1]
    index &+= 2
  }
  if index < count { even += a[index] * b[index] }
  return even + odd
}
