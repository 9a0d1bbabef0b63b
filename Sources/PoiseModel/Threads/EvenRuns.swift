/// Contiguous runs of a batch's items, as even as can be: how a batch becomes shards. A pure function of two counts, never of the
/// machine. There are at most as many runs as items, so none is empty.
public struct EvenRuns: RandomAccessCollection, Sendable {
  private let itemCount: Int
  public let endIndex: Int
  public var startIndex: Int { 0 }

  /// - Parameter runCount: at least 1.
  public init(of itemCount: Int, into runCount: Int) {
    self.itemCount = itemCount
    endIndex = Swift.min(itemCount, runCount)
  }

  public subscript(run: Int) -> Range<Int> { itemCount * run / count..<itemCount * (run + 1) / count }
}
