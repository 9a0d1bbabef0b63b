import PoiseFiles

/// How text is cut into words, within which tokens are merged: the `pre_tokenizer` of a `tokenizer.json`.
indirect enum PreTokenizer: Sendable {
  /// After this one the words are bytes to be written in the byte alphabet, so it comes last.
  case byteLevel(addsPrefixSpace: Bool, splitsWords: Bool)
  case words(WordPattern)
  /// A text of its own wherever it stands.
  case literal(ByteText)
  case whitespace
  case metaspace(Metaspace)
  case digits(individually: Bool)
  case sequence([PreTokenizer])

  /// - Returns: nil where the part is null.
  /// - Throws: `DataError` (`.configuration`) for kinds that are not cases of this type, and for a Split by a regular
  ///   expression that `WordPattern` does not have.
  static func reading(_ part: Part) throws -> PreTokenizer? {
    if part.json.isNull { return nil }
    switch try part.type() {
    case "ByteLevel":
      return .byteLevel(
        addsPrefixSpace: try part.boolean("add_prefix_space", default: true),
        splitsWords: try part.boolean("use_regex", default: true))
    case "Split": return try split(part)
    case "WhitespaceSplit": return .whitespace
    case "Metaspace": return .metaspace(try Metaspace(reading: part))
    case "Digits": return .digits(individually: try part.boolean("individual_digits", default: false))
    case "Sequence":
      let steps = try part.members("pretokenizers").compactMap(reading)
      guard !steps.dropLast().contains(where: \.isByteLevel) else {
        throw part.unusable("the \(part.name) has a ByteLevel before its end, which is not supported here.")
      }
      return .sequence(steps)
    default: throw part.unknownKind()
    }
  }

  private static func split(_ part: Part) throws -> PreTokenizer {
    let behaviour = try part.string("behavior")
    func refused() -> DataError {
      part.unusable("the \(part.name) has a behavior that is not supported here (\"\(behaviour)\").")
    }
    let inverts = try part.boolean("invert", default: false)
    guard let expression = part.json["pattern"]?["Regex"]?.string else {
      guard behaviour == "Isolated", !inverts else { throw refused() }
      return .literal(try TextPattern.text(of: part))
    }
    guard let pattern = WordPattern(regularExpression: expression) else { throw TextPattern.unknown(in: part) }
    // The patterns leave nothing out, so that matches isolated, or all but the matches removed, are the same.
    guard behaviour == (inverts ? "Removed" : "Isolated") else { throw refused() }
    return .words(pattern)
  }

  /// Whether the model's characters are those of `ByteAlphabet`.
  var isByteLevel: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let steps): steps.contains(where: \.isByteLevel)
    case .words, .literal, .whitespace, .metaspace, .digits: false
    }
  }

  /// - Parameter isAtStart: whether this is the start of the whole text, rather than what follows an added token.
  func split(_ text: inout SplitText, isAtStart: Bool) {
    switch self {
    case .byteLevel(let addsPrefixSpace, let splitsWords):
      if addsPrefixSpace { text.prepend([UInt8(ascii: " ")]) }
      if splitsWords { text.divide(WordPattern.gpt2.endOfWord) }
    case .words(let pattern): text.divide(pattern.endOfWord)
    case .literal(let literal): text.divide { PreTokenizer.endOfLiteral(literal, in: $0, $1) }
    case .whitespace:
      text.divide(PreTokenizer.endOfSpaceOrWord)
      text.removeSpaces()
    case .metaspace(let metaspace): metaspace.split(&text, isAtStart: isAtStart)
    case .digits(let individually):
      text.divide { PreTokenizer.endOfDigits(in: $0, $1, individually: individually) }
    case .sequence(let steps):
      for step in steps { step.split(&text, isAtStart: isAtStart) }
    }
  }

  /// The literal where the range starts with it, else what is before its next occurrence.
  private static func endOfLiteral(_ literal: ByteText, in text: ByteText, _ range: Range<Int>) -> Int {
    guard !literal.isEmpty else { return range.upperBound }
    func isThere(_ position: Int) -> Bool {
      position + literal.count <= range.upperBound && text.hasPrefix(literal, at: position)
    }
    return isThere(range.lowerBound) ? range.lowerBound + literal.count : range.first(where: isThere) ?? range.upperBound
  }

  /// A run of numbers (or one number), or a run of anything else.
  private static func endOfDigits(in text: ByteText, _ range: Range<Int>, individually: Bool) -> Int {
    let (first, end) = text.scalar(at: range.lowerBound)
    return first.isNumber && individually ? end : endOfRun(in: text, range, sharing: \.isNumber)
  }

  private static func endOfSpaceOrWord(in text: ByteText, _ range: Range<Int>) -> Int {
    endOfRun(in: text, range, sharing: \.isSpace)
  }

  /// Where the scalars end that have or lack a property as the first one does.
  private static func endOfRun(
    in text: ByteText, _ range: Range<Int>, sharing property: (Unicode.Scalar) -> Bool
  ) -> Int {
    let (first, end) = text.scalar(at: range.lowerBound)
    let isShared = property(first)
    var position = end
    while position < range.upperBound {
      let next = text.scalar(at: position)
      guard property(next.scalar) == isShared else { break }
      position = next.end
    }
    return position
  }
}
