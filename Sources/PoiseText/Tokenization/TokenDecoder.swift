import PoiseFiles

/// How the tokens of ids become text again: the `decoder` of a `tokenizer.json`.
indirect enum TokenDecoder: Sendable {
  case byteLevel
  case metaspace(Metaspace)
  case replace(ByteText, with: ByteText)
  case byteFallback
  case fuse
  case strip(ByteText, start: Int, stop: Int)
  case sequence([TokenDecoder])

  /// - Returns: nil where the part is null.
  /// - Throws: `DataError` (`.configuration`) for kinds that are not cases of this type.
  static func reading(_ part: Part) throws -> TokenDecoder? {
    if part.json.isNull { return nil }
    switch try part.type() {
    case "ByteLevel": return .byteLevel
    case "Metaspace": return .metaspace(try Metaspace(reading: part))
    case "Replace": return .replace(try TextPattern.text(of: part), with: ByteText(try part.string("content").utf8))
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Strip":
      return .strip(
        ByteText(try part.string("content").utf8), start: try part.integer("start"), stop: try part.integer("stop"))
    case "Sequence": return .sequence(try part.members("decoders").compactMap(reading))
    default: throw part.unknownKind()
    }
  }

  func apply(to tokens: [ByteText]) -> [ByteText] {
    switch self {
    case .byteLevel: [tokens.flatMap { ByteAlphabet.bytes(of: String(decoding: $0, as: UTF8.self)) }]
    case .metaspace(let metaspace): metaspace.decode(tokens)
    case .replace(let pattern, let replacement): tokens.map { $0.replacingAll(pattern, with: replacement) }
    case .byteFallback: TokenDecoder.joiningBytes(tokens)
    case .fuse: [ByteText(tokens.joined())]
    case .strip(let content, let start, let stop):
      tokens.map { TokenDecoder.strip(content, from: $0, start: start, stop: stop) }
    case .sequence(let steps): steps.reduce(tokens) { $1.apply(to: $0) }
    }
  }

  /// Runs of tokens such as `<0xE2>` become the text that their bytes spell, or one replacement character a byte where
  /// they spell none.
  private static func joiningBytes(_ tokens: [ByteText]) -> [ByteText] {
    var result: [ByteText] = []
    var run: ByteText = []
    func flush() {
      guard !run.isEmpty else { return }
      let isText = String(validating: run, as: UTF8.self) != nil
      result.append(isText ? run : ByteText(repeatElement("\u{FFFD}".utf8, count: run.count).joined()))
      run = []
    }
    for token in tokens {
      if let byte = ByteFallback.byte(of: token) {
        run.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  private static func strip(_ content: ByteText, from token: ByteText, start: Int, stop: Int) -> ByteText {
    guard !content.isEmpty else { return token }
    var rest = token[...]
    let most = token.count / content.count
    for _ in 0..<min(max(0, start), most) where rest.starts(with: content) { rest = rest.dropFirst(content.count) }
    for _ in 0..<min(max(0, stop), most) where rest.reversed().starts(with: content.reversed()) {
      rest = rest.dropLast(content.count)
    }
    return ByteText(rest)
  }
}

/// The tokens `<0x00>` to `<0xFF>`, which SentencePiece models use for characters that they do not have.
enum ByteFallback {
  /// The ids of all 256, by byte; empty where the vocabulary lacks one.
  static func ids(in vocabulary: Vocabulary) -> [Int32] {
    let ids = (UInt8.min...UInt8.max).compactMap { vocabulary.id(of: token(of: $0)) }
    return ids.count == 256 ? ids.map { Int32($0) } : []
  }

  static func token(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
  }

  static func byte(of token: ByteText) -> UInt8? {
    guard token.count == 6, token.hasPrefix(ByteText("<0x".utf8)), token[5] == UInt8(ascii: ">"),
      token[3] != UInt8(ascii: "+")
    else { return nil }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }
}
