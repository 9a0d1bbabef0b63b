/// The gradient of a scalar function by central differences in double precision: exact to about ten digits where the
/// function and its third derivative are of order one.
public func centralDifference(of function: ([Double]) -> Double, at point: [Double], step: Double = 1e-5) -> [Double] {
  var shifted = point
  return point.indices.map { i in
    defer { shifted[i] = point[i] }
    shifted[i] = point[i] + step
    let above = function(shifted)
    shifted[i] = point[i] - step
    return (above - function(shifted)) / (2 * step)
  }
}
