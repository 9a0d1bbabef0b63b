import PoiseFiles

/// How text is cut into words, within which tokens are merged: the `pre_tokenizer` of a `tokenizer.json`.
indirect enum PreTokenizer: Sendable {
  /// After this one the words are bytes to be written in the byte alphabet, so it comes last.
  case byteLevel(addsPrefixSpace: Bool, splitsWords: Bool)
  case words(WordPattern)
  case metaspace(Metaspace)
  case digits(individually: Bool)
  case sequence([PreTokenizer])

  /// - Returns: nil where the part is null.
  /// - Throws: `DataError` (`.configuration`) for kinds other than ByteLevel, Split, Metaspace, Digits and Sequence, and for a
  ///   Split by a regular expression that `WordPattern` does not have.
  static func reading(_ part: Part) throws -> PreTokenizer? {
    if part.json.isNull { return nil }
    switch try part.type() {
    case "ByteLevel":
      return .byteLevel(
        addsPrefixSpace: try part.boolean("add_prefix_space", default: true),
        splitsWords: try part.boolean("use_regex", default: true))
    case "Split": return .words(try wordPattern(part))
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

  private static func wordPattern(_ part: Part) throws -> WordPattern {
    guard let expression = part.json["pattern"]?["Regex"]?.string, let pattern = WordPattern(regularExpression: expression)
    else {
      throw part.unusable("the \(part.name) has a pattern that is not known here: \(part.json["pattern"]?.line ?? "none").")
    }
    // The patterns leave nothing out, so that matches isolated, or all but the matches removed, are the same.
    let behaviour = try part.string("behavior")
    guard behaviour == (try part.boolean("invert", default: false) ? "Removed" : "Isolated") else {
      throw part.unusable("the \(part.name) has a behavior that is not supported here (\"\(behaviour)\").")
    }
    return pattern
  }

  /// Whether the model's characters are those of `ByteAlphabet`.
  var isByteLevel: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let steps): steps.contains(where: \.isByteLevel)
    case .words, .metaspace, .digits: false
    }
  }

  /// - Parameter isAtStart: whether this is the start of the whole text, rather than what follows an added token.
  func split(_ text: inout SplitText, isAtStart: Bool) {
    switch self {
    case .byteLevel(let addsPrefixSpace, let splitsWords):
      if addsPrefixSpace { text.prepend([UInt8(ascii: " ")]) }
      if splitsWords { text.divide(WordPattern.gpt2.endOfWord) }
    case .words(let pattern): text.divide(pattern.endOfWord)
    case .metaspace(let metaspace): metaspace.split(&text, isAtStart: isAtStart)
    case .digits(let individually):
      text.divide { PreTokenizer.endOfDigits(in: $0, $1, individually: individually) }
    case .sequence(let steps):
      for step in steps { step.split(&text, isAtStart: isAtStart) }
    }
  }

  /// A run of numbers (or one number), or a run of anything else.
  private static func endOfDigits(in text: ByteText, _ range: Range<Int>, individually: Bool) -> Int {
    let (first, end) = text.scalar(at: range.lowerBound)
    if first.isNumber, individually { return end }
    var position = end
    while position < range.upperBound {
      let next = text.scalar(at: position)
      guard next.scalar.isNumber == first.isNumber else { break }
      position = next.end
    }
    return position
  }
}
