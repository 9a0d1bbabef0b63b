/// Rows and columns of a kernel's main input. What a kernel takes for a row is its own affair: tokens, positions, scores.
public struct KernelShape: Sendable, Hashable, CustomStringConvertible {
  public var rows: Int
  public var columns: Int

  public init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  /// Elements.
  public var count: Int { rows * columns }

  public var description: String { rows == 1 ? "\(columns)" : "\(rows)×\(columns)" }
}

extension [KernelShape] {
  /// Shapes to be timed, each list in the same order: one that stays in the first cache, one of a small model, one far larger
  /// than the caches of a core.
  static let vectors = shapes((1, 2_048), (1, 65_536), (1, 4_194_304))
  static let layers = shapes((32, 128), (512, 256), (4_096, 1_024))
  static let vocabularies = shapes((4, 1_024), (64, 1_024), (64, 50_257))
  static let weights = shapes((16, 128), (352, 128), (4_096, 1_024))

  private static func shapes(_ sizes: (rows: Int, columns: Int)...) -> [KernelShape] {
    sizes.map { KernelShape(rows: $0.rows, columns: $0.columns) }
  }
}
