import PoiseFiles

/// What a `Replace` looks for: a text as it stands, or one of the regular expressions by which SentencePiece's treatment of
/// spaces is written down.
enum TextPattern: Sendable {
  case text(ByteText)
  ///     " {2,}"
  case runsOfSpaces
  ///     "\A +| +\z"
  case spacesAtEnds
  ///     "\A▁"
  case markAtStart

  static let mark = ByteText("▁".utf8)
  private static let space = UInt8(ascii: " ")

  /// - Throws: `DataError` (`.configuration`) for other regular expressions.
  init(reading part: Part) throws {
    switch part.json["pattern"]?["Regex"]?.string {
    case nil: self = .text(try TextPattern.text(of: part))
    case #" {2,}"#: self = .runsOfSpaces
    case #"\A +| +\z"#: self = .spacesAtEnds
    case #"\A▁"#: self = .markAtStart
    default: throw TextPattern.unknown(in: part)
    }
  }

  /// A pattern to be searched for as it stands; regular expressions are refused.
  static func text(of part: Part) throws -> ByteText {
    guard let text = part.json["pattern"]?["String"]?.string else { throw unknown(in: part) }
    guard text.utf8.count <= Vocabulary.longestToken else {
      throw part.unusable("the pattern of the \(part.name) is longer than \(Vocabulary.longestToken) bytes.")
    }
    return ByteText(text.utf8)
  }

  static func unknown(in part: Part) -> DataError {
    part.unusable("the \(part.name) has a pattern that is not known here: \(part.json["pattern"]?.line ?? "none").")
  }

  func replacing(in text: ByteText, with replacement: ByteText) -> ByteText {
    switch self {
    case .text(let pattern): text.replacingAll(pattern, with: replacement)
    case .runsOfSpaces: TextPattern.replacingRuns(in: text, with: replacement)
    case .spacesAtEnds: TextPattern.replacingEnds(of: text, with: replacement)
    case .markAtStart: text.hasPrefix(TextPattern.mark) ? replacement + text.dropFirst(TextPattern.mark.count) : text
    }
  }

  private static func replacingRuns(in text: ByteText, with replacement: ByteText) -> ByteText {
    var result: ByteText = []
    result.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let end = text[position...].firstIndex { $0 != space } ?? text.count
      if end - position >= 2 {
        result += replacement
        position = end
      } else {
        result.append(text[position])
        position += 1
      }
    }
    return result
  }

  private static func replacingEnds(of text: ByteText, with replacement: ByteText) -> ByteText {
    guard let first = text.firstIndex(where: { $0 != space }), let last = text.lastIndex(where: { $0 != space }) else {
      return text.isEmpty ? text : replacement
    }
    let before = first > 0 ? replacement : []
    let after = last + 1 < text.count ? replacement : []
    return before + text[first...last] + after
  }
}
