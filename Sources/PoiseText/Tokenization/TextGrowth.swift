import PoiseFiles

/// How much longer the parts of a `tokenizer.json` may make what they are given. Thirty steps in a row that each write two letters for
/// one would make a gigabyte of one letter; so the product over all steps is bounded when a file is read, and no text has to be
/// refused later.
///
/// A step's growth is the most bytes (or ids) that it makes of one, what it puts before or behind a text included.
enum TextGrowth {
  /// Published SentencePiece models come to eight hundred: 33 of it is the character map's, in which three bytes become eighteen
  /// letters.
  static let greatest = 1024.0

  /// - Throws: `DataError` (`.configuration`).
  static func check(_ growth: Double, of what: String, path: String) throws(DataError) {
    guard growth <= greatest else {
      throw DataError(
        path,
        "its steps may make \(what) \(growth.formatted(significantDigits: 3)) times as long; \(Int(greatest)) is the limit.",
        category: .configuration)
    }
  }

  /// Of putting `replacement` wherever `pattern` stands.
  static func replacing(_ pattern: ByteText, with replacement: ByteText) -> Double {
    max(1, Double(replacement.count) / Double(max(1, pattern.count)))
  }

  static func product(_ growths: some Sequence<Double>) -> Double { growths.reduce(1, *) }
}

extension Normalizer {
  var growth: Double {
    switch self {
    case .prepend(let prefix): Double(1 + prefix.count)
    case .replace(let pattern, let replacement): pattern.growth(with: replacement)
    case .characterMap(let map): map.growth
    // The most of UTF-8 (Unicode's table of expansion factors).
    case .canonicalComposition, .canonicalDecomposition: 3
    case .compatibilityComposition, .compatibilityDecomposition: 11
    case .lowercase: 1.5
    case .strip: 1
    case .sequence(let steps): TextGrowth.product(steps.lazy.map(\.growth))
    }
  }
}

extension TextPattern {
  fileprivate func growth(with replacement: ByteText) -> Double {
    switch self {
    case .text(let pattern): TextGrowth.replacing(pattern, with: replacement)
    case .runsOfSpaces: max(1, Double(replacement.count) / 2)
    case .spacesAtEnds: max(1, Double(replacement.count))
    case .markAtStart: TextGrowth.replacing(TextPattern.mark, with: replacement)
    }
  }
}

extension PreTokenizer {
  var growth: Double {
    switch self {
    // A space before every word, and two bytes for one in the byte alphabet.
    case .byteLevel(let addsPrefixSpace, _): addsPrefixSpace ? 4 : 2
    // A mark before every word, which may be one byte.
    case .metaspace(let metaspace): Double(1 + metaspace.replacement.count)
    case .words, .literal, .whitespace, .digits: 1
    case .sequence(let steps): TextGrowth.product(steps.lazy.map(\.growth))
    }
  }
}

extension PostProcessor {
  var growth: Double {
    switch self {
    case .byteLevel: 1
    // Of a lone token: the same ids may stand in the file once, and be put around a text many times.
    case .template(let pieces):
      max(
        1,
        pieces.reduce(0) { count, piece in
          switch piece {
          case .text: count + 1
          case .special(let ids): count + Double(ids.count)
          }
        })
    case .sequence(let steps): TextGrowth.product(steps.lazy.map(\.growth))
    }
  }
}

extension TokenDecoder {
  var growth: Double {
    switch self {
    case .replace(let pattern, let replacement): TextGrowth.replacing(pattern, with: replacement)
    case .byteLevel, .metaspace, .byteFallback, .fuse, .strip: 1
    case .sequence(let steps): TextGrowth.product(steps.lazy.map(\.growth))
    }
  }
}
