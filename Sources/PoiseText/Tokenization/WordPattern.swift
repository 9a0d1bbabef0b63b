/// GPT-2's splitting of text into words, by hand because Swift's `Regex` is orders of magnitude slower:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// A space goes with the word that follows it; of several white-space characters before a word, all but the last stand alone.
enum WordPattern {
  private enum Kind { case letter, number, space, other }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { ByteText($0.utf8) }

  /// Where the word ends that starts at `range.lowerBound`, seeing nothing beyond `range`; one pass, never backwards by more
  /// than a character.
  static func endOfWord(in text: ByteText, _ range: Range<Int>) -> Int {
    let start = range.lowerBound
    if text[start] == UInt8(ascii: "'"), let end = endOfContraction(in: text, range) { return end }
    let (kind, end) = kind(in: text, at: start)
    if kind != .space { return endOfRun(of: kind, in: text, end..<range.upperBound) }
    if text[start] == UInt8(ascii: " "), end < range.upperBound {
      let next = Self.kind(in: text, at: end)
      if next.kind != .space { return endOfRun(of: next.kind, in: text, next.end..<range.upperBound) }
    }
    return endOfSpaces(in: text, range)
  }

  private static func kind(in text: ByteText, at position: Int) -> (kind: Kind, end: Int) {
    let (scalar, end) = text.scalar(at: position)
    return (scalar.isLetter ? .letter : scalar.isSpace ? .space : scalar.isNumber ? .number : .other, end)
  }

  private static func endOfContraction(in text: ByteText, _ range: Range<Int>) -> Int? {
    for contraction in contractions where text.hasPrefix(contraction, at: range.lowerBound) {
      let end = range.lowerBound + contraction.count
      return end <= range.upperBound ? end : nil
    }
    return nil
  }

  private static func endOfRun(of kind: Kind, in text: ByteText, _ range: Range<Int>) -> Int {
    var position = range.lowerBound
    while position < range.upperBound {
      let next = Self.kind(in: text, at: position)
      guard next.kind == kind else { break }
      position = next.end
    }
    return position
  }

  /// `\s+(?!\S)|\s+`: spaces up to the end, or all but the last where text follows, or a lone one.
  private static func endOfSpaces(in text: ByteText, _ range: Range<Int>) -> Int {
    var position = range.lowerBound
    var lastStart = position
    while position < range.upperBound {
      let next = kind(in: text, at: position)
      guard next.kind == .space else { return lastStart > range.lowerBound ? lastStart : position }
      lastStart = position
      position = next.end
    }
    return position
  }
}
