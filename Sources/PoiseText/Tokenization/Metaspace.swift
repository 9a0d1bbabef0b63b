import PoiseFiles

/// SentencePiece's writing of spaces as a visible character, `▁`: a pre-tokenizer and a decoder.
struct Metaspace: Sendable {
  enum Prepending: String { case always, first, never }

  let replacement: ByteText
  let prepending: Prepending
  let splits: Bool

  init(reading part: Part) throws {
    let replacement = try part.string("replacement")
    guard replacement.unicodeScalars.count == 1 else {
      throw part.unusable("the \(part.name) writes spaces as \"\(replacement)\", and one character was expected.")
    }
    self.replacement = ByteText(replacement.utf8)
    splits = try part.boolean("split", default: true)
    if let scheme = part.json["prepend_scheme"]?.string {
      guard let prepending = Prepending(rawValue: scheme) else {
        throw part.unusable("the \(part.name) has an unknown prepend_scheme (\"\(scheme)\").")
      }
      self.prepending = prepending
    } else {  // files from before prepend_scheme
      prepending = try part.boolean("add_prefix_space", default: true) ? .always : .never
    }
  }

  func split(_ text: inout SplitText, isAtStart: Bool) {
    text.replaceAll([UInt8(ascii: " ")], with: replacement)
    switch prepending {
    case .always: text.prepend(replacement)
    case .first: if isAtStart { text.prepend(replacement, onlyAtStart: true) }
    case .never: break
    }
    guard splits else { return }
    text.divide { bytes, range in
      var position = range.lowerBound + 1
      while position < range.upperBound, !bytes.hasPrefix(replacement, at: position) { position += 1 }
      return position
    }
  }

  /// Spaces again; none where the replacement opens the text, because encoding had put it there.
  func decode(_ tokens: [ByteText]) -> [ByteText] {
    tokens.enumerated().map { index, token in
      let isAddedSpace = index == 0 && prepending != .never
      return token.replacingAll(replacement, with: isAddedSpace ? [] : [UInt8(ascii: " ")])
    }
  }
}
