import PoiseFiles

/// The regular expressions by which byte-level vocabularies cut text into words, by hand, because Swift's `Regex` is orders of
/// magnitude slower. Each reads the text once, and never backwards by more than a character.
enum WordPattern: Sendable {
  ///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  ///
  /// A space goes with the word that follows it; of several white-space characters before a word all but the last are a word.
  case gpt2
  ///     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
  ///
  /// OpenAI's cl100k, of Llama 3; Qwen 2 has one digit where this has up to three. Any one character goes with the letters
  /// that follow it, and line ends stay together.
  case cl100k(digits: Int)

  /// - Returns: nil where the regular expression is not one of these.
  init?(regularExpression: String) {
    let cl100k =
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    switch regularExpression {
    case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: self = .gpt2
    case cl100k: self = .cl100k(digits: 3)
    case cl100k.replacing("{1,3}", with: ""): self = .cl100k(digits: 1)
    default: return nil
    }
  }

  /// Where the word ends that starts at `range.lowerBound`, seeing nothing beyond `range`.
  func endOfWord(in text: ByteText, _ range: Range<Int>) -> Int {
    switch self {
    case .gpt2: WordPattern.endOfGPT2Word(in: text, range)
    case .cl100k(let digits): WordPattern.endOfCL100KWord(in: text, range, digits: digits)
    }
  }

  // MARK: the patterns

  private static func endOfGPT2Word(in text: ByteText, _ range: Range<Int>) -> Int {
    if let end = endOfContraction(in: text, range, ignoringCase: false) { return end }
    let first = character(in: text, at: range.lowerBound)
    if first.kind != .space { return endOfRun(of: first.kind, in: text, first.end..<range.upperBound) }
    if first.scalar == " ", first.end < range.upperBound {
      let second = character(in: text, at: first.end)
      if second.kind != .space { return endOfRun(of: second.kind, in: text, second.end..<range.upperBound) }
    }
    return endOfSpaces(in: text, range)
  }

  private static func endOfCL100KWord(in text: ByteText, _ range: Range<Int>, digits: Int) -> Int {
    if let end = endOfContraction(in: text, range, ignoringCase: true) { return end }
    let first = character(in: text, at: range.lowerBound)
    let rest = first.end..<range.upperBound
    if first.kind == .letter { return endOfRun(of: .letter, in: text, rest) }
    if first.kind == .number { return endOfRun(of: .number, in: text, rest, atMost: digits - 1) }
    let second = rest.isEmpty ? nil : character(in: text, at: rest.lowerBound)
    if let second, second.kind == .letter, !isLineEnd(first.scalar) {
      return endOfRun(of: .letter, in: text, second.end..<range.upperBound)
    }
    if first.kind == .other || (first.scalar == " " && second?.kind == .other) {
      return endOfLineEnds(in: text, endOfRun(of: .other, in: text, rest)..<range.upperBound)
    }
    return endOfLastLineEnd(in: text, range) ?? endOfSpaces(in: text, range)
  }

  // MARK: their pieces

  private enum Kind { case letter, number, space, other }

  private static func character(in text: ByteText, at position: Int) -> (scalar: Unicode.Scalar, kind: Kind, end: Int) {
    let (scalar, end) = text.scalar(at: position)
    return (scalar, scalar.isLetter ? .letter : scalar.isSpace ? .space : scalar.isNumber ? .number : .other, end)
  }

  private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\r" }

  private static let contractions = ["s", "t", "re", "ve", "m", "ll", "d"].map { Array($0.unicodeScalars) }

  private static func endOfContraction(in text: ByteText, _ range: Range<Int>, ignoringCase: Bool) -> Int? {
    guard text[range.lowerBound] == UInt8(ascii: "'") else { return nil }
    for contraction in contractions {
      var position = range.lowerBound + 1
      let matches = contraction.allSatisfy { letter in
        guard position < range.upperBound else { return false }
        let (scalar, end) = text.scalar(at: position)
        position = end
        return ignoringCase ? scalar.caseFolded == letter : scalar == letter
      }
      if matches { return position }
    }
    return nil
  }

  private static func endOfRun(of kind: Kind, in text: ByteText, _ range: Range<Int>, atMost limit: Int = .max) -> Int {
    var position = range.lowerBound
    var count = 0
    while position < range.upperBound, count < limit {
      let next = character(in: text, at: position)
      guard next.kind == kind else { break }
      position = next.end
      count += 1
    }
    return position
  }

  /// `[\r\n]*`
  private static func endOfLineEnds(in text: ByteText, _ range: Range<Int>) -> Int {
    range.first { !isLineEnd(Unicode.Scalar(text[$0])) } ?? range.upperBound
  }

  /// `\s*[\r\n]+`: up to the last line end among the spaces; nil where they have none.
  private static func endOfLastLineEnd(in text: ByteText, _ range: Range<Int>) -> Int? {
    let end = endOfRun(of: .space, in: text, range)
    return text[range.lowerBound..<end].lastIndex { isLineEnd(Unicode.Scalar($0)) }.map { $0 + 1 }
  }

  /// `\s+(?!\S)|\s+`: spaces up to the end, or all but the last where text follows, or a lone one.
  private static func endOfSpaces(in text: ByteText, _ range: Range<Int>) -> Int {
    var position = range.lowerBound
    var lastStart = position
    while position < range.upperBound {
      let next = character(in: text, at: position)
      guard next.kind == .space else { return lastStart > range.lowerBound ? lastStart : position }
      lastStart = position
      position = next.end
    }
    return position
  }
}

extension Unicode.Scalar {
  /// The small ASCII letter that this is the same as but for case; `ſ` is an `s`.
  fileprivate var caseFolded: Unicode.Scalar {
    if self == "ſ" { return "s" }
    return ("A"..."Z").contains(self) ? Unicode.Scalar(UInt8(value) + 32) : self
  }
}
