/// Why some bytes are not JSON, and where.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let column: Int
  public let problem: String
  public var description: String { "line \(line), column \(column): \(problem)" }
}

extension JSON {
  /// Deeper nesting is refused, so that hostile input cannot exhaust the stack.
  static let deepestNesting = 256

  /// Strict RFC 8259: UTF-8, one value, no trailing text, no duplicate keys, nesting up to 256.
  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    let result: Result<JSON, JSONError>? = bytes.withContiguousStorageIfAvailable { bytes in
      Result { () throws(JSONError) -> JSON in try JSON.parse(bytes) }
    }
    if let result {
      self = try result.get()
    } else {
      self = try JSON(parsing: Array(bytes))
    }
  }

  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSON {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.error("there is text after the value") }
    return value
  }
}

/// Recursive descent over bytes; `position` is always at the next unread byte.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  func error(_ problem: String) -> JSONError {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    return JSONError(line: line, column: column, problem: problem)
  }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.deepestNesting else { throw error("values are nested deeper than \(JSON.deepestNesting)") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case let byte? where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte): return try number()
    case nil: throw error("the text ends where a value was expected")
    default: throw error("a value was expected")
    }
  }

  private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[position..<end].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    else { throw error("a value was expected") }
    position = end
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var members: [(key: String, value: JSON)] = []
    var keys: Set<ExactString> = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(JSON.Object()) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a key in double quotes was expected") }
      let key = try string()
      guard keys.insert(ExactString(key)).inserted else { throw error("the key \"\(key)\" occurs twice") }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("a colon was expected after the key \"\(key)\"") }
      members.append((key, try value(depth: depth + 1)))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("a comma or } was expected") }
    return .object(JSON.Object(uniqueMembers: members))
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var elements: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("a comma or ] was expected") }
    return .array(elements)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let leadingZero = next == UInt8(ascii: "0")
    let count = digits()
    guard count > 0, count == 1 || !leadingZero else { throw error("this is not a JSON number") }
    if take(UInt8(ascii: ".")), digits() == 0 { throw error("a digit was expected after the decimal point") }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      if digits() == 0 { throw error("a digit was expected in the exponent") }
    }
    return .number(JSON.Number(text: String(decoding: bytes[start..<position], as: UTF8.self)))
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    if next == UInt8(ascii: "\"") {  // nothing to unescape: the common case
      defer { position += 1 }
      return try decoded(bytes.extracting(start..<position).span)
    }
    var unescaped = Array(bytes[start..<position])
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw error("a control character stands unescaped in a string") }
      position += 1
      if byte == UInt8(ascii: "\\") { try escape(into: &unescaped) } else { unescaped.append(byte) }
    }
    guard take(UInt8(ascii: "\"")) else { throw error("a string is not closed") }
    return try decoded(unescaped.span)
  }

  private func decoded(_ text: Span<UInt8>) throws(JSONError) -> String {
    guard let valid = try? UTF8Span(validating: text) else { throw error("a string is not valid UTF-8") }
    return String(copying: valid)
  }

  private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw error("a string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      var code = UInt32(first)
      if (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second) else { throw error("half of a surrogate pair is missing") }
        code = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair is missing") }
      unescaped.append(contentsOf: UTF8.encode(scalar)!)
    default: throw error("\\\(Character(Unicode.Scalar(byte))) is not an escape of JSON")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count,
      bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),  // which UInt16 would accept
      let code = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits were expected after \\u") }
    position += 4
    return code
  }
}
