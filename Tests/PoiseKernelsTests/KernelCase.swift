import PoiseKernels
import PoiseTestSupport
import Testing

/// A kernel on inputs of any length, beside its double-precision twin.
struct KernelCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Row lengths to try.
  var lengths: [Int] = Self.everyTail
  /// Runs both on the same deterministic inputs with rows of the given length.
  let outputs: @Sendable (_ kernels: any KernelTable, _ columns: Int) -> [Output]

  var testDescription: String { name }

  static let everyTail = Array(1...33) + [64, 1_000]
  static let vocabulary = everyTail + [4_096, 50_257]

  static let all = elementwise + norms + activations + positions + softmaxes + optimizers
}

/// One output of a kernel, what it should have been, and how far it may be off.
struct Output {
  let name: String
  let found: [Float]
  let exact: [Double]
  let allowedUlps: Double
  /// Counts in ulps of this magnitude where an exact value is smaller: the size of the terms of a sum that may cancel.
  var magnitude: Double?

  init(_ name: String, _ found: [Float], twin exact: [Double], ulps: Double, ofTerms magnitude: Double? = nil) {
    (self.name, self.found, self.exact, allowedUlps, self.magnitude) = (name, found, exact, ulps, magnitude)
  }

  var ulps: Double { largestUlps(of: found, from: exact, magnitude: magnitude) }
}

/// How many rows the matrices of the cases have.
let rowCount = 3

/// One row of a whole vocabulary is enough; the number of rows is the business of the short ones.
func rowCount(ofLength columns: Int) -> Int { columns < 10_000 ? rowCount : 1 }
