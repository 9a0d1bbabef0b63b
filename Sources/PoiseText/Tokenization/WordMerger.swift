/// Applies merges to words; keeps its memory from word to word. A word of n characters costs O(n log n), so that a megabyte
/// without a space is no worse than a page of prose.
struct WordMerger: WordEncoder {
  /// A token of the word, in a list that is linked both ways.
  private struct Link {
    var id: Int32
    var previous: Int32
    var next: Int32
    /// The merge with the next token; nil at the end and where there is none.
    var merge: BytePairModel.Merge?
  }

  private static let none: Int32 = -1

  private let model: BytePairModel
  private var links: [Link] = []
  /// Rank above place: the earliest merge first, of equals the leftmost. An entry is stale when its link has changed since.
  private var queue = BinaryHeap<UInt64>()
  private var characters: [Int32] = []

  init(_ model: BytePairModel) { self.model = model }

  mutating func encode(_ word: Range<Int>, of text: ByteText, isByteLevel: Bool, appendingTo ids: inout [Int]) {
    if let whole = model.wholeWord(word, of: text, isByteLevel: isByteLevel) { return ids.append(whole) }
    model.characters(word, of: text, isByteLevel: isByteLevel, into: &characters)
    // A text that is one word, as SentencePiece has it, falls apart where no token reaches across: small lists stay in cache.
    var start = 0
    for end in characters.indices.dropFirst() where !isByteLevel && !model.canMerge(characters[end - 1], characters[end]) {
      merge(start..<end, appendingTo: &ids)
      start = end
    }
    merge(start..<characters.count, appendingTo: &ids)
  }

  private mutating func merge(_ range: Range<Int>, appendingTo ids: inout [Int]) {
    if range.count == 1 { return ids.append(Int(characters[range.lowerBound])) }
    guard !range.isEmpty else { return }
    link(range)
    while let entry = queue.popFirst() {
      let place = Int(entry & 0xFFFF_FFFF)
      guard let merge = links[place].merge, UInt64(merge.rank) == entry >> 32 else { continue }
      apply(merge, at: place)
    }
    var place: Int32 = 0
    while place != WordMerger.none {
      ids.append(Int(links[Int(place)].id))
      place = links[Int(place)].next
    }
  }

  private mutating func link(_ range: Range<Int>) {
    links.removeAll(keepingCapacity: true)
    queue.removeAll()
    for (place, id) in characters[range].enumerated() {
      let next = place + 1 < range.count ? Int32(place + 1) : WordMerger.none
      links.append(Link(id: id, previous: Int32(place) - 1, next: next, merge: nil))
    }
    for place in links.indices { findMerge(at: place) }
  }

  private mutating func apply(_ merge: BytePairModel.Merge, at place: Int) {
    let absorbed = Int(links[place].next)
    links[place].id = merge.result
    links[place].next = links[absorbed].next
    links[absorbed].merge = nil
    if links[place].next != WordMerger.none { links[Int(links[place].next)].previous = Int32(place) }
    findMerge(at: place)
    if links[place].previous != WordMerger.none { findMerge(at: Int(links[place].previous)) }
  }

  private mutating func findMerge(at place: Int) {
    let next = links[place].next
    links[place].merge = next == WordMerger.none ? nil : model.merges[TokenPair(links[place].id, links[Int(next)].id)]
    if let merge = links[place].merge { queue.insert(UInt64(merge.rank) << 32 | UInt64(place)) }
  }
}
