import Foundation
import PoiseFiles

/// What is done to the text before it is split: the `normalizer` of a `tokenizer.json`.
indirect enum Normalizer: Sendable {
  case prepend(ByteText)
  case replace(ByteText, with: ByteText)
  case canonicalComposition
  case sequence([Normalizer])

  /// - Returns: nil where the part is null.
  /// - Throws: `DataError` (`.configuration`) for kinds other than Prepend, Replace, NFC and Sequence.
  static func reading(_ part: Part) throws -> Normalizer? {
    if part.json.isNull { return nil }
    switch try part.type() {
    case "Prepend": return .prepend(ByteText(try part.string("prepend").utf8))
    case "Replace": return .replace(try part.patternText(), with: ByteText(try part.string("content").utf8))
    case "NFC": return .canonicalComposition
    case "Sequence": return .sequence(try part.members("normalizers").compactMap(reading))
    default: throw part.unknownKind()
    }
  }

  func apply(to text: ByteText) -> ByteText {
    switch self {
    case .prepend(let prefix): text.isEmpty ? text : prefix + text
    case .replace(let pattern, let replacement): text.replacingAll(pattern, with: replacement)
    case .canonicalComposition:
      text.allSatisfy { $0 < 0x80 }
        ? text : ByteText(String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping.utf8)
    case .sequence(let steps): steps.reduce(text) { $1.apply(to: $0) }
    }
  }
}
