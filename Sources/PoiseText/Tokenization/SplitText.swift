/// Text cut into words: `words` are ranges of `bytes` in order; what is between them is no text to be encoded.
struct SplitText {
  private(set) var bytes: ByteText
  private(set) var words: [Range<Int>]

  /// One word, or none where there is no text.
  init(_ bytes: ByteText) {
    self.bytes = bytes
    words = bytes.isEmpty ? [] : [bytes.indices]
  }

  /// Cuts every word further.
  /// - Parameter endOfPart: given all bytes and what is left of a word, where its next part ends: after the start.
  mutating func divide(_ endOfPart: (ByteText, Range<Int>) -> Int) {
    var parts: [Range<Int>] = []
    for word in words {
      var start = word.lowerBound
      while start < word.upperBound {
        let end = endOfPart(bytes, start..<word.upperBound)
        parts.append(start..<end)
        start = end
      }
    }
    words = parts
  }

  /// Leaves words out that start with a white-space character.
  mutating func removeSpaces() {
    words.removeAll { bytes.scalar(at: $0.lowerBound).scalar.isSpace }
  }

  /// Puts `prefix` before the words that do not start with it.
  /// - Parameter onlyAtStart: leave all words but the first as they are.
  mutating func prepend(_ prefix: ByteText, onlyAtStart: Bool = false) {
    rewrite { word, isFirst in
      word.hasPrefix(prefix) || (onlyAtStart && !isFirst) ? word : prefix + word
    }
  }

  mutating func replaceAll(_ pattern: ByteText, with replacement: ByteText) {
    rewrite { word, _ in word.replacingAll(pattern, with: replacement) }
  }

  private mutating func rewrite(_ change: (_ word: ByteText, _ isFirst: Bool) -> ByteText) {
    var text: ByteText = []
    var ranges: [Range<Int>] = []
    for (index, word) in words.enumerated() {
      let start = text.count
      text += change(ByteText(bytes[word]), index == 0)
      ranges.append(start..<text.count)
    }
    (bytes, words) = (text, ranges)
  }
}
