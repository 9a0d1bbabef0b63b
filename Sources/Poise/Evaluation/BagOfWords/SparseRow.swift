/// A vector that is mostly zeros.
struct SparseRow: Equatable {
  /// Ascending.
  let columns: [Int]
  let values: [Double]

  /// - Parameter elements: by ascending column.
  init(_ elements: [(column: Int, value: Double)]) {
    columns = elements.map(\.column)
    values = elements.map(\.value)
  }

  func dot(_ vector: [Double]) -> Double {
    var sum = 0.0
    for index in columns.indices { sum += values[index] * vector[columns[index]] }
    return sum
  }

  /// vector += scale · self
  func add(scale: Double, to vector: inout [Double]) {
    for index in columns.indices { vector[columns[index]] += scale * values[index] }
  }
}
