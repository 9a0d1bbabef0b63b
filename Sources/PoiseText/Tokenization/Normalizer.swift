import Foundation
import PoiseFiles

/// What is done to the text before it is split: the `normalizer` of a `tokenizer.json`.
indirect enum Normalizer: Sendable {
  case prepend(ByteText)
  case replace(TextPattern, with: ByteText)
  case characterMap(CharacterMap)
  case canonicalComposition
  case canonicalDecomposition
  case compatibilityComposition
  case compatibilityDecomposition
  case lowercase
  case strip(left: Bool, right: Bool)
  case sequence([Normalizer])

  /// - Returns: nil where the part is null.
  /// - Throws: `DataError` (`.configuration`) for kinds that are not cases of this type.
  static func reading(_ part: Part) throws -> Normalizer? {
    if part.json.isNull { return nil }
    switch try part.type() {
    case "Prepend": return .prepend(ByteText(try part.string("prepend").utf8))
    case "Replace": return .replace(try TextPattern(reading: part), with: ByteText(try part.string("content").utf8))
    case "Precompiled": return .characterMap(try CharacterMap(reading: part))
    case "NFC": return .canonicalComposition
    case "NFD": return .canonicalDecomposition
    case "NFKC": return .compatibilityComposition
    case "NFKD": return .compatibilityDecomposition
    case "Lowercase": return .lowercase
    case "Strip":
      return .strip(
        left: try part.boolean("strip_left", default: true), right: try part.boolean("strip_right", default: true))
    case "Sequence": return .sequence(try part.members("normalizers").compactMap(reading))
    default: throw part.unknownKind()
    }
  }

  func apply(to text: ByteText) -> ByteText {
    switch self {
    case .prepend(let prefix): text.isEmpty ? text : prefix + text
    case .replace(let pattern, let replacement): pattern.replacing(in: text, with: replacement)
    case .characterMap(let map): map.apply(to: text)
    case .canonicalComposition: text.mappingUnlessASCII(\.precomposedStringWithCanonicalMapping)
    case .canonicalDecomposition: text.mappingUnlessASCII(\.decomposedStringWithCanonicalMapping)
    case .compatibilityComposition: text.mappingUnlessASCII(\.precomposedStringWithCompatibilityMapping)
    case .compatibilityDecomposition: text.mappingUnlessASCII(\.decomposedStringWithCompatibilityMapping)
    case .lowercase: text.lowercased()
    case .strip(let left, let right): text.strippingSpaces(left: left, right: right)
    case .sequence(let steps): steps.reduce(text) { $1.apply(to: $0) }
    }
  }
}

extension ByteText {
  fileprivate func mappingUnlessASCII(_ mapping: (String) -> String) -> ByteText {
    allSatisfy { $0 < 0x80 } ? self : ByteText(mapping(String(decoding: self, as: UTF8.self)).utf8)
  }

  /// Scalar by scalar, as Hugging Face does it: `Σ` is `σ` at the end of a word too.
  fileprivate func lowercased() -> ByteText {
    String(decoding: self, as: UTF8.self).unicodeScalars.reduce(into: []) { $0 += $1.properties.lowercaseMapping.utf8 }
  }

  fileprivate func strippingSpaces(left: Bool, right: Bool) -> ByteText {
    var (start, end) = (0, count)
    while left, start < end, scalar(at: start).scalar.isSpace { start = scalar(at: start).end }
    while right, let before = scalarBefore(end), before >= start, scalar(at: before).scalar.isSpace { end = before }
    return ByteText(self[start..<end])
  }
}
