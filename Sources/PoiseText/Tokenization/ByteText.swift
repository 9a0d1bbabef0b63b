/// Text as UTF-8 bytes. Tokens are sequences of bytes and of Unicode scalars, never of Swift's `Character`s, whose borders
/// and equality follow other rules.
typealias ByteText = [UInt8]

extension ByteText {
  /// The scalar that starts at `position`, and where the next one starts.
  /// - Precondition: the bytes are UTF-8 and `position` is the start of a scalar.
  func scalar(at position: Int) -> (scalar: Unicode.Scalar, end: Int) {
    let first = UInt32(self[position])
    if first < 0x80 { return (Unicode.Scalar(UInt8(first)), position + 1) }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    var value = first & (0xFF >> UInt32(length + 1))
    for offset in 1..<length { value = value << 6 | UInt32(self[position + offset] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", position + length)
  }

  /// Where the scalar starts that ends at `position`; nil at the start of the text.
  func scalarBefore(_ position: Int) -> Int? {
    guard position > 0 else { return nil }
    var start = position - 1
    while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  func hasPrefix(_ other: ByteText, at position: Int = 0) -> Bool {
    guard position + other.count <= count else { return false }
    for offset in other.indices where self[position + offset] != other[offset] { return false }
    return true
  }

  /// Every occurrence of `pattern`, from the left and not overlapping, replaced.
  func replacingAll(_ pattern: ByteText, with replacement: ByteText) -> ByteText {
    guard !pattern.isEmpty else { return self }
    var result: ByteText = []
    result.reserveCapacity(count)
    var position = 0
    while position < count {
      if self[position] == pattern[0], hasPrefix(pattern, at: position) {
        result += replacement
        position += pattern.count
      } else {
        result.append(self[position])
        position += 1
      }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// `\p{L}` of regular expressions.
  var isLetter: Bool {
    if isASCII { return ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return false
    }
  }

  /// `\p{N}`: digits of every script, and also `½` and `Ⅻ`.
  var isNumber: Bool {
    if isASCII { return ("0"..."9").contains(self) }
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }

  /// `\s`
  var isSpace: Bool {
    if isASCII { return self == " " || ("\t"..."\r").contains(self) }
    return properties.isWhitespace
  }

  /// `\w`: letters, marks, decimal digits, connectors such as `_`.
  var isWord: Bool {
    switch properties.generalCategory {
    case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: true
    default: properties.isAlphabetic || properties.isJoinControl
    }
  }
}
