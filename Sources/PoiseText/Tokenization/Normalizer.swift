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
    case .canonicalComposition: text.mappingUnlessASCII { $0.withOrderedMarks().precomposedStringWithCanonicalMapping }
    case .canonicalDecomposition: text.mappingUnlessASCII { $0.withOrderedMarks().decomposedStringWithCanonicalMapping }
    case .compatibilityComposition:
      text.mappingUnlessASCII { $0.withOrderedMarks(compatibly: true).precomposedStringWithCompatibilityMapping }
    case .compatibilityDecomposition:
      text.mappingUnlessASCII { $0.withOrderedMarks(compatibly: true).decomposedStringWithCompatibilityMapping }
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

extension String {
  /// The same to a normal form, with long runs of combining marks in canonical order (Unicode, section 3.11). Foundation orders them
  /// by insertion, which takes minutes for half a million marks on one letter.
  ///
  /// - Parameter compatibly: for compatibility forms.
  fileprivate func withOrderedMarks(compatibly: Bool = false) -> String {
    var text = UnicodeScalarView()
    var marks: [Unicode.Scalar] = []
    for scalar in unicodeScalars {
      if let parts = Self.hiddenMarks[scalar], compatibly || !Self.isHalfwidth(scalar) {
        marks += parts
      } else if scalar.properties.canonicalCombiningClass == .notReordered {
        text.append(contentsOf: Self.ordered(marks))
        marks.removeAll(keepingCapacity: true)
        text.append(scalar)
      } else {
        marks.append(scalar)
      }
    }
    text.append(contentsOf: Self.ordered(marks))
    return String(text)
  }

  private static func ordered(_ marks: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard marks.count > 32 else { return marks }
    return marks.enumerated().map { ($1.properties.canonicalCombiningClass.rawValue, $0, $1) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }

  /// What is no mark itself and decomposes into nothing else; the last two for compatibility forms only.
  private static let hiddenMarks: [Unicode.Scalar: [Unicode.Scalar]] = [
    "\u{F73}": ["\u{F71}", "\u{F72}"], "\u{F75}": ["\u{F71}", "\u{F74}"], "\u{F81}": ["\u{F71}", "\u{F80}"],
    "\u{FF9E}": ["\u{3099}"], "\u{FF9F}": ["\u{309A}"],
  ]

  private static func isHalfwidth(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 0xFF00 }
}
