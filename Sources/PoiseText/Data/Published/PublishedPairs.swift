import PoiseFiles

/// What was read of published data: the rows that say which answer is better, and how many do not, for which reason.
public struct PublishedPairs: Sendable {
  /// In the order of the file.
  public private(set) var pairs: [PublishedPair] = []
  /// Rows by the reason for which they are no pairs.
  public private(set) var skipped: [SkipReason: Int] = [:]

  /// Rows read, used or not.
  public var rowCount: Int { pairs.count + skipped.values.reduce(0, +) }

  /// Counts a row: a pair, or the reason for which it is none.
  mutating func add(_ pair: () throws(SkipReason) -> PublishedPair) {
    do throws(SkipReason) { pairs.append(try pair()) } catch { skipped[error, default: 0] += 1 }
  }

  /// - Throws: `DataError` where no row can be used.
  func requirePairs(of path: String) throws(DataError) -> PublishedPairs {
    guard pairs.isEmpty else { return self }
    throw DataError(path, "none of its \(rowCount) rows says which of two answers is better. Check that it is the whole file.")
  }
}
