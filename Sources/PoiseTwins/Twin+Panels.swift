extension Twin {
  /// Panels of `width` columns, one after the other, each of them k rows; the last is filled up with zeros. Element (i, j) of b is
  /// `b[i·rowStride + j·columnStride]`.
  public static func packPanels(
    _ b: [Double], rows k: Int, columns: Int, rowStride: Int, columnStride: Int, width: Int
  ) -> [Double] {
    var panels: [Double] = []
    for first in stride(from: 0, to: columns, by: width) {
      for i in 0..<k {
        for j in first..<first + width { panels.append(j < columns ? b[i * rowStride + j * columnStride] : 0) }
      }
    }
    return panels
  }

  /// C ← C + a·b, or C ← a·b. a (m, k), element (i, p) is `a[i·rowStride + p·columnStride]`; b (k, columns); c (m, stride), of whose
  /// rows the elements behind the first `columns` stay.
  public static func multiply(
    _ a: [Double], rows m: Int, rowStride: Int, columnStride: Int, _ b: [Double], columns: Int, adding: Bool, stride: Int,
    into c: [Double]
  ) -> [Double] {
    var c = c
    for i in 0..<m {
      for j in 0..<columns {
        c[i * stride + j] = (0..<b.count / columns).reduce(adding ? c[i * stride + j] : 0) {
          $0 + a[i * rowStride + $1 * columnStride] * b[$1 * columns + j]
        }
      }
    }
    return c
  }
}
