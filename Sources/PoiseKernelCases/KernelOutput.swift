import PoiseTwins

/// One output of a kernel, what it should have been, and how far it may be off.
public struct KernelOutput: Sendable {
  public let name: String
  public let found: [Float]
  public let exact: [Double]
  public let allowedUlps: Double
  /// Counts in ulps of this magnitude where an exact value is smaller: the size of the terms of a sum that may cancel.
  public let magnitude: Double?

  init(_ name: String, _ found: [Float], twin exact: [Double], ulps: Double, ofTerms magnitude: Double? = nil) {
    (self.name, self.found, self.exact, allowedUlps, self.magnitude) = (name, found, exact, ulps, magnitude)
  }

  init(_ name: String, _ operand: Operand, twin exact: [Double], ulps: Double, ofTerms magnitude: Double? = nil) {
    self.init(name, operand.found, twin: exact, ulps: ulps, ofTerms: magnitude)
  }

  public var ulps: Double { largestUlps(of: found, from: exact, magnitude: magnitude) }
}
