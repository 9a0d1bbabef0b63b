/// Cuts a template into text and tags, and tags into tokens.
struct TemplateScanner {
  enum Piece: Equatable {
    case text(String)
    /// `{{ … }}`
    case output([Token], line: Int)
    /// `{% … %}`
    case statement([Token], line: Int)
  }

  enum Token: Equatable {
    case name(String)
    case string(String)
    case integer(Int)
    case symbol(String)
  }

  private let bytes: [UInt8]
  private var position = 0
  /// Of `linedPosition`, up to which lines are counted.
  private var line = 1
  private var linedPosition = 0
  /// Whether what was read last ended a line: then the indentation of a statement is no text.
  private var isAtLineStart = true

  init(_ text: String) {
    var bytes = Array(text.replacing("\r\n", with: "\n").utf8)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    self.bytes = bytes
  }

  mutating func pieces() throws(TemplateError) -> [Piece] {
    var pieces: [Piece] = []
    while position < bytes.count {
      let start = position
      while position < bytes.count, !isTag(at: position) { position += 1 }
      let text = withoutSpaceBeforeTag(bytes[start..<position])
      if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
      if position < bytes.count, let tag = try tag() { pieces.append(tag) }
    }
    return pieces
  }

  private func isTag(at place: Int) -> Bool {
    starts("{{", at: place) || starts("{%", at: place) || starts("{#", at: place)
  }

  private func starts(_ text: StaticString, at place: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    return place + count <= bytes.count && (0..<count).allSatisfy { bytes[place + $0] == text.utf8Start[$0] }
  }

  /// A tag that begins with `-` takes all white space before it; statements and comments take their indentation, unless they
  /// begin with `+`.
  private func withoutSpaceBeforeTag(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard position + 2 <= bytes.count else { return text }
    let sign = position + 2 < bytes.count ? bytes[position + 2] : 0
    let bare = text[..<(text.lastIndex { !$0.isTemplateSpace }.map { $0 + 1 } ?? text.startIndex)]
    if sign == UInt8(ascii: "-") { return bare }
    guard sign != UInt8(ascii: "+"), !starts("{{", at: position) else { return text }
    let line = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? (isAtLineStart ? text.startIndex : text.endIndex)
    return line >= bare.endIndex ? text[..<line] : text
  }

  /// Nil for a comment.
  private mutating func tag() throws(TemplateError) -> Piece? {
    line += bytes[linedPosition..<position].count { $0 == UInt8(ascii: "\n") }
    linedPosition = position
    let kind = bytes[position + 1]
    position += 2
    if position < bytes.count, [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(bytes[position]) { position += 1 }
    switch kind {
    case UInt8(ascii: "{"): return .output(try tokens(endingWith: "}}"), line: line)
    case UInt8(ascii: "%"): return .statement(try tokens(endingWith: "%}"), line: line)
    default:
      while !starts("#}", at: position) {
        guard position < bytes.count else { throw .unusable("the comment of line \(line) does not end") }
        position += 1
      }
      end(isTrimmed: bytes[position - 1] == UInt8(ascii: "-"), sign: bytes[position - 1], isOutput: false)
      return nil
    }
  }

  /// Passes over the two bytes that end a tag and over the white space behind it that is no text.
  private mutating func end(isTrimmed: Bool, sign: UInt8, isOutput: Bool) {
    position += 2
    let start = position
    if isTrimmed {
      while position < bytes.count, bytes[position].isTemplateSpace { position += 1 }
    } else if !isOutput, sign != UInt8(ascii: "+"), starts("\n", at: position) {
      position += 1
    }
    isAtLineStart = position > start && bytes[position - 1] == UInt8(ascii: "\n")
  }

  private mutating func tokens(endingWith end: StaticString) throws(TemplateError) -> [Token] {
    var tokens: [Token] = []
    var openBrackets = 0
    while true {
      while position < bytes.count, bytes[position].isTemplateSpace { position += 1 }
      guard position < bytes.count else { throw .unusable("the tag of line \(line) does not end") }
      let byte = bytes[position]
      if openBrackets == 0 {
        let isSigned = (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")) && starts(end, at: position + 1)
        if isSigned { position += 1 }
        if isSigned || starts(end, at: position) {
          self.end(isTrimmed: isSigned && byte == UInt8(ascii: "-"), sign: byte, isOutput: end.utf8Start[0] == UInt8(ascii: "}"))
          return tokens
        }
      }
      let token = try token(byte)
      if case .symbol(let symbol) = token {
        if ["(", "[", "{"].contains(symbol) { openBrackets += 1 }
        if [")", "]", "}"].contains(symbol) { openBrackets -= 1 }
      }
      tokens.append(token)
    }
  }

  private mutating func token(_ first: UInt8) throws(TemplateError) -> Token {
    if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") { return .string(try string(first)) }
    let start = position
    if first.isTemplateWord {
      while position < bytes.count, bytes[position].isTemplateWord { position += 1 }
      let word = String(decoding: bytes[start..<position], as: UTF8.self)
      if let integer = Int(word) {
        let next = position + 1 < bytes.count ? bytes[position + 1] : 0
        guard !starts(".", at: position) || !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) else {
          throw .unusable("line \(line) has a decimal number, which is not known here")
        }
        return .integer(integer)
      }
      return .name(word)
    }
    let symbol = String(UnicodeScalar(first))
    let pair = String(decoding: bytes[position...].prefix(2), as: UTF8.self)
    if ["==", "!=", "<=", ">=", "//", "**"].contains(pair) {
      position += 2
      return .symbol(pair)
    }
    position += 1
    guard "+-*/%~|.,:()[]{}<>=".contains(symbol) else {
      throw .unusable("line \(line) has a `\(symbol)`, which is not known here")
    }
    return .symbol(symbol)
  }

  /// A literal, its escapes resolved as Python's are.
  private mutating func string(_ quote: UInt8) throws(TemplateError) -> String {
    var text: [UInt8] = []
    position += 1
    while position < bytes.count, bytes[position] != quote {
      let byte = bytes[position]
      position += 1
      guard byte == UInt8(ascii: "\\"), position < bytes.count else {
        text.append(byte)
        continue
      }
      let escaped = bytes[position]
      position += 1
      switch escaped {
      case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
      case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
      case UInt8(ascii: "r"): text.append(UInt8(ascii: "\r"))
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(escaped)
      case UInt8(ascii: "x"): text += try scalar(digits: 2)
      case UInt8(ascii: "u"): text += try scalar(digits: 4)
      default: throw .unusable("line \(line) has the escape \\\(UnicodeScalar(escaped)), which is not known here")
      }
    }
    guard position < bytes.count else { throw .unusable("the string of line \(line) does not end") }
    position += 1
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func scalar(digits: Int) throws(TemplateError) -> [UInt8] {
    let code = UInt32(String(decoding: bytes[position...].prefix(digits), as: UTF8.self), radix: 16)
    guard position + digits <= bytes.count, let scalar = code.flatMap(UnicodeScalar.init) else {
      throw .unusable("line \(line) has an escape that stands for no character")
    }
    position += digits
    return Array(String(scalar).utf8)
  }
}

extension UInt8 {
  fileprivate var isTemplateSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

  fileprivate var isTemplateWord: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
