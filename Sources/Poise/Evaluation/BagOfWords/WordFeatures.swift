import Foundation

/// The features of texts: log(1 + how often a word occurs), and the same of two neighbouring words; before the first and behind
/// the last word stands the text's border. Long texts thus have more and larger features, but not in proportion to their length.
struct WordFeatures {
  private var wordIDs: [String: UInt32] = [:]
  private var columns: [UInt64: Int] = [:]

  /// How many features there are.
  var count: Int { columns.count }

  private static let border: UInt32 = 0
  private static let alone: UInt32 = .max

  /// The features of a text, all of which become known.
  mutating func learn(_ text: String) -> SparseRow {
    let ids = WordSplitter.words(of: text).map { word in
      wordIDs[word]
        ?? {
          let id = UInt32(wordIDs.count + 1)
          wordIDs[word] = id
          return id
        }()
    }
    for key in Self.keys(ids) where columns[key] == nil { columns[key] = columns.count }
    return row(ids)
  }

  /// The features of a text that are known.
  func row(_ text: String) -> SparseRow { row(WordSplitter.words(of: text).map { wordIDs[$0] }) }

  private func row(_ ids: [UInt32?]) -> SparseRow {
    var counts: [Int: Int] = [:]
    for key in Self.keys(ids) {
      if let column = columns[key] { counts[column, default: 0] += 1 }
    }
    return SparseRow(counts.sorted { $0.key < $1.key }.map { ($0.key, log1p(Double($0.value))) })
  }

  /// Keys of single words and of neighbours; none for words that are not known.
  private static func keys(_ ids: [UInt32?]) -> [UInt64] {
    func key(_ first: UInt32?, _ second: UInt32?) -> UInt64? {
      guard let first, let second else { return nil }
      return UInt64(first) << 32 | UInt64(second)
    }
    let neighbours = zip([border] + ids, ids + [border])
    return ids.compactMap { key(alone, $0) } + neighbours.compactMap { key($0, $1) }
  }
}
