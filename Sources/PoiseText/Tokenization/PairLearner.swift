/// The words of a corpus as tokens, and how often each pair of neighbouring tokens occurs, kept up to date from merge to
/// merge: a merge costs what it changes.
struct PairLearner {
  private struct Word {
    var tokens: [Int32]
    let count: Int
  }

  /// A pair with the count that it had when it was put into the queue; where that has risen since, it is there again.
  private struct Candidate: Comparable {
    let count: Int
    let pair: TokenPair
    let left: ByteText
    let right: ByteText

    /// The queue gives the smallest first: the most frequent, of equals the greatest bytes.
    static func < (a: Candidate, b: Candidate) -> Bool {
      if a.count != b.count { return a.count > b.count }
      if a.left != b.left { return b.left.lexicographicallyPrecedes(a.left) }
      return b.right.lexicographicallyPrecedes(a.right)
    }
  }

  /// The bytes of every token: the 256 single ones, then a token a merge.
  private(set) var tokens: [ByteText] = ByteAlphabet.bytesInOrder.map { [$0] }
  private(set) var merges: [TokenPair] = []

  private var ids: [ByteText: Int32] = [:]
  private var words: [Word] = []
  private var counts: [TokenPair: Int] = [:]
  /// The words that a pair has been seen in; it may have gone from some.
  private var places: [TokenPair: Set<Int>] = [:]
  private var queue = BinaryHeap<Candidate>()

  init(words: [ByteText: Int]) {
    for (id, token) in tokens.enumerated() { ids[token] = Int32(id) }
    for (word, count) in words where word.count > 1 {
      let index = self.words.count
      self.words.append(Word(tokens: word.map { ids[[$0]]! }, count: count))
      for (left, right) in zip(self.words[index].tokens, self.words[index].tokens.dropFirst()) {
        change(TokenPair(left, right), by: count, in: index)
      }
    }
    for pair in counts.keys { enqueue(pair) }
  }

  /// Merges the most frequent pair everywhere.
  /// - Returns: false where no pair is as frequent as `minimumCount`.
  mutating func mergeNext(minimumCount: Int) -> Bool {
    while let candidate = queue.popFirst() {
      let count = counts[candidate.pair] ?? 0
      guard count >= max(1, minimumCount) else { continue }
      if count == candidate.count {
        merge(candidate.pair)
        return true
      }
      enqueue(candidate.pair)
    }
    return false
  }

  private mutating func merge(_ pair: TokenPair) {
    let result = token(of: tokens[Int(pair.left)] + tokens[Int(pair.right)])
    merges.append(pair)
    var created: Set<TokenPair> = []
    for index in places[pair] ?? [] { merge(pair, into: result, inWord: index, creating: &created) }
    counts[pair] = nil
    places[pair] = nil
    for pair in created where counts[pair] ?? 0 > 0 { enqueue(pair) }
  }

  /// A new token, unless another pair has made the same bytes before.
  private mutating func token(of bytes: ByteText) -> Int32 {
    if let id = ids[bytes] { return id }
    let id = Int32(tokens.count)
    ids[bytes] = id
    tokens.append(bytes)
    return id
  }

  /// From left to right; of `aaa` the first two are merged.
  private mutating func merge(_ pair: TokenPair, into result: Int32, inWord index: Int, creating created: inout Set<TokenPair>) {
    let old = words[index].tokens
    let count = words[index].count
    var new: [Int32] = []
    var position = 0
    while position < old.count {
      guard position + 1 < old.count, TokenPair(old[position], old[position + 1]) == pair else {
        new.append(old[position])
        position += 1
        continue
      }
      if let before = new.last {
        change(TokenPair(before, pair.left), by: -count, in: index)
        change(TokenPair(before, result), by: count, in: index)
        created.insert(TokenPair(before, result))
      }
      if position + 2 < old.count {
        change(TokenPair(pair.right, old[position + 2]), by: -count, in: index)
        change(TokenPair(result, old[position + 2]), by: count, in: index)
        created.insert(TokenPair(result, old[position + 2]))
      }
      new.append(result)
      position += 2
    }
    words[index].tokens = new
  }

  private mutating func change(_ pair: TokenPair, by amount: Int, in word: Int) {
    counts[pair, default: 0] += amount
    if amount > 0 { places[pair, default: []].insert(word) }
  }

  private mutating func enqueue(_ pair: TokenPair) {
    queue.insert(
      Candidate(count: counts[pair] ?? 0, pair: pair, left: tokens[Int(pair.left)], right: tokens[Int(pair.right)]))
  }
}
