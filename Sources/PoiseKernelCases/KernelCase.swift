import PoiseKernels

/// One description of a kernel: what it is tried on, what it should return and how far off it may be, what it cannot do without.
/// Tests and benchmarks are made of it.
public struct KernelCase: Sendable, CustomStringConvertible {
  public let name: String
  /// The requirement of `KernelTable` that is run, without its labels.
  public let kernel: String
  /// To be tested with.
  public let testedShapes: [KernelShape]
  /// To be timed with; empty where another case times the same kernel.
  public let shapes: [KernelShape]
  /// Puts inputs in memory, the same for the same shape.
  public let prepare: @Sendable (_ kernels: any KernelTable, _ shape: KernelShape) -> PreparedKernel

  init(
    _ name: String, of kernel: String? = nil, tested: [KernelShape], shapes: [KernelShape],
    prepare: @escaping @Sendable (_ kernels: any KernelTable, _ shape: KernelShape) -> PreparedKernel
  ) {
    self.name = name
    self.kernel = kernel ?? name
    testedShapes = tested
    self.shapes = shapes
    self.prepare = prepare
  }

  /// - Parameters:
  ///   - lengths: of the rows to be tested with.
  ///   - rows: how many of a length.
  init(
    _ name: String, of kernel: String? = nil, lengths: [Int] = Self.everyTail, rows: (_ length: Int) -> Int = { _ in 3 },
    shapes: [KernelShape], prepare: @escaping @Sendable (_ kernels: any KernelTable, _ shape: KernelShape) -> PreparedKernel
  ) {
    let tested = lengths.map { KernelShape(rows: rows($0), columns: $0) }
    self.init(name, of: kernel, tested: tested, shapes: shapes, prepare: prepare)
  }

  public var description: String { name }

  /// The largest error at a shape, in ulps. Rows are alike, and the twin takes its time: at most 64 of them are looked at.
  public func largestError(_ kernels: any KernelTable, _ shape: KernelShape) -> Double {
    let part = KernelShape(rows: min(64, shape.rows), columns: shape.rows == 1 ? min(65_536, shape.columns) : shape.columns)
    return prepare(kernels, part).outputs().map(\.ulps).max()!
  }

  public static let all =
    elementwise + norms + activations + positions + attention + panels + softmaxes + optimizers + limits

  static let everyTail = Array(1...33) + [64, 1_000]
  static let vocabulary = everyTail + [4_096, 50_257]
}

/// The rows of a single vector.
@Sendable func oneRow(ofLength _: Int) -> Int { 1 }

/// One row of a whole vocabulary is enough; the number of rows is the business of the short ones.
@Sendable func fewRows(ofLength columns: Int) -> Int { columns < 10_000 ? 3 : 1 }
