/// How far a float is from the exact result, in units in the last place of the exact result. Below the least normal number
/// the unit is the spacing of subnormal numbers. Equal infinities, and a NaN for a NaN, are 0 apart.
/// - Parameter magnitude: whose units to count in instead: for a sum with cancellation, the size of its largest term, since
///   the units of a result that is nearly zero say nothing.
public func ulps(of found: Float, from exact: Double, magnitude: Double? = nil) -> Double {
  if found.isNaN || exact.isNaN { return found.isNaN && exact.isNaN ? 0 : .infinity }
  // What rounds to an infinite float is that infinity; found otherwise, it is one unit beyond the largest.
  if found.isInfinite || exact.isInfinite { return found == Float(exact) ? 0 : .infinity }
  let size = max(abs(exact), magnitude ?? 0, Double(Float.leastNormalMagnitude))
  return abs(Double(found) - exact) / Double(Float(min(size, Double(Float.greatestFiniteMagnitude))).ulp)
}

/// The largest distance in two rows of equal length; infinite if they are not.
public func largestUlps(of found: [Float], from exact: [Double], magnitude: Double? = nil) -> Double {
  guard found.count == exact.count else { return .infinity }
  return zip(found, exact).map { ulps(of: $0, from: $1, magnitude: magnitude) }.max() ?? 0
}
