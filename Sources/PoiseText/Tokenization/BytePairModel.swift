import PoiseFiles

/// Two neighbouring tokens.
struct TokenPair: Hashable, Sendable {
  let left: Int32
  let right: Int32

  init(_ left: Int32, _ right: Int32) {
    self.left = left
    self.right = right
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right)))
  }
}

/// Byte-pair encoding: a vocabulary and an ordered list of pairs to be merged, the first being the most urgent.
/// Sennrich et al. 2016, "Neural machine translation of rare words with subword units".
struct BytePairModel: PieceModel {
  struct Merge: Sendable {
    /// Smaller is earlier.
    let rank: Int32
    let result: Int32
  }

  let vocabulary: Vocabulary
  let merges: [TokenPair: Merge]
  /// The tokens of one Unicode scalar, from which words are built.
  private let scalars: [Unicode.Scalar: Int32]
  /// Those of the first scalars, which most texts are made of, and of bytes as `ByteAlphabet` writes them; -1 for none.
  private let ascii: [Int32]
  private let bytes: [Int32]
  /// Tokens of one scalar of which the second follows the first somewhere in a token: no other two are ever merged. Empty for
  /// byte-level models, whose words are short.
  private let neighbours: Set<TokenPair>
  /// The ids of `<0x00>`…`<0xFF>`; empty unless the model falls back to bytes and has all of them.
  private let fallback: [Int32]
  private let unknown: Int32?
  private let fusesUnknown: Bool
  /// Whether a word that is a token is that token, whatever the merges say.
  private let ignoresMerges: Bool

  /// - Parameter isByteLevel: whether words come written in `ByteAlphabet`.
  /// - Throws: `DataError` (`.configuration`) where the model is of another kind than BPE, uses what is not supported here
  ///   (dropout, prefixes and suffixes of words), or contradicts itself.
  init(reading part: Part, isByteLevel: Bool) throws {
    try BytePairModel.refuseUnsupported(part)
    vocabulary = try Vocabulary(reading: part)
    merges = try BytePairModel.merges(part, vocabulary)
    let scalars = BytePairModel.scalars(of: vocabulary)
    self.scalars = scalars
    ascii = (0..<0x80).map { scalars[Unicode.Scalar(UInt8($0))] ?? -1 }
    bytes = ByteAlphabet.scalars.map { scalars[$0] ?? -1 }
    neighbours = isByteLevel ? [] : BytePairModel.neighbours(in: vocabulary, scalars)
    fallback = try part.boolean("byte_fallback", default: false) ? ByteFallback.ids(in: vocabulary) : []
    fusesUnknown = try part.boolean("fuse_unk", default: false)
    ignoresMerges = try part.boolean("ignore_merges", default: false)
    guard let token = part.json["unk_token"]?.string else {
      unknown = nil
      return
    }
    guard let id = vocabulary.id(of: token) else { throw part.unusable("the unk_token \"\(token)\" is not in the vocabulary.") }
    unknown = Int32(id)
  }

  private static func refuseUnsupported(_ part: Part) throws {
    // Files from before the type was written are BPE where they have merges.
    guard part.json["type"]?.string ?? "BPE" == "BPE", part.json["merges"] != nil else { throw part.unknownKind() }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] where part.json[key]?.string?.isEmpty == false {
      throw part.unusable("the model has a \(key), which is not supported here.")
    }
    if let dropout = part.json["dropout"]?.double, dropout != 0 {
      throw part.unusable("the model has a dropout of \(dropout); a text must have the same tokens every time.")
    }
  }

  private static func scalars(of vocabulary: Vocabulary) -> [Unicode.Scalar: Int32] {
    var scalars: [Unicode.Scalar: Int32] = [:]
    for (id, token) in vocabulary.tokens.enumerated() {
      guard let token, let scalar = token.unicodeScalars.first, token.unicodeScalars.dropFirst().isEmpty else { continue }
      scalars[scalar] = Int32(id)
    }
    return scalars
  }

  private static func neighbours(in vocabulary: Vocabulary, _ scalars: [Unicode.Scalar: Int32]) -> Set<TokenPair> {
    var neighbours: Set<TokenPair> = []
    for token in vocabulary.tokens {
      var previous: Int32?
      for scalar in token?.unicodeScalars ?? "".unicodeScalars {
        let id = scalars[scalar]
        if let previous, let id { neighbours.insert(TokenPair(previous, id)) }
        previous = id
      }
    }
    return neighbours
  }

  private static func merges(_ part: Part, _ vocabulary: Vocabulary) throws -> [TokenPair: Merge] {
    guard let list = part.json["merges"]?.array else { throw part.unusable("the model's merges should be a list.") }
    var merges: [TokenPair: Merge] = [:]
    merges.reserveCapacity(list.count)
    for (rank, json) in list.enumerated() {
      guard let (left, right) = halves(of: json) else {
        throw part.unusable("merge \(rank) of the model is not a pair of tokens: \(json.line).")
      }
      guard let first = vocabulary.id(of: left), let second = vocabulary.id(of: right),
        let result = vocabulary.id(of: left + right)
      else { throw part.unusable("merge \(rank) of the model needs a token that is not in the vocabulary: \(json.line).") }
      merges[TokenPair(Int32(first), Int32(second))] = Merge(rank: Int32(rank), result: Int32(result))
    }
    return merges
  }

  /// `["a", "b"]`, or `"a b"` in older files.
  private static func halves(of json: JSON) -> (String, String)? {
    if let pair = json.array {
      guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else { return nil }
      return (left, right)
    }
    guard let scalars = json.string?.unicodeScalars, let space = scalars.firstIndex(of: " ") else { return nil }
    let right = scalars[scalars.index(after: space)...]
    return right.contains(" ") ? nil : (String(scalars[..<space]), String(right))
  }

  func makeEncoder() -> any WordEncoder { WordMerger(self) }

  /// Whether a word is wholly one token and to be left so.
  func wholeWord(_ word: Range<Int>, of text: ByteText, isByteLevel: Bool) -> Int? {
    guard ignoresMerges else { return nil }
    return vocabulary.id(of: isByteLevel ? ByteAlphabet.text(text[word]) : String(decoding: text[word], as: UTF8.self))
  }

  /// The ids of a word's characters, before any merge. A character that is not in the vocabulary becomes its bytes' tokens,
  /// else the unknown token (one for a run of such characters if the model fuses them), else nothing.
  func characters(_ word: Range<Int>, of text: ByteText, isByteLevel: Bool, into ids: inout [Int32]) {
    ids.removeAll(keepingCapacity: true)
    var lastIsUnknown = false
    var position = word.lowerBound
    while position < word.upperBound {
      let start = position
      let id = character(at: &position, of: text, isByteLevel: isByteLevel)
      if let id {
        ids.append(id)
      } else if !fallback.isEmpty {
        for byte in text[start..<position] { ids.append(fallback[Int(byte)]) }
      } else if let unknown, !(fusesUnknown && lastIsUnknown) {
        ids.append(unknown)
      }
      lastIsUnknown = id == nil
    }
  }

  private func character(at position: inout Int, of text: ByteText, isByteLevel: Bool) -> Int32? {
    let byte = text[position]
    if isByteLevel || byte < 0x80 {
      position += 1
      let id = isByteLevel ? bytes[Int(byte)] : ascii[Int(byte)]
      return id < 0 ? nil : id
    }
    let (scalar, end) = text.scalar(at: position)
    position = end
    return scalars[scalar]
  }

  /// Whether a token can hold the end of one character's token and the start of the next one's.
  func canMerge(_ left: Int32, _ right: Int32) -> Bool { neighbours.contains(TokenPair(left, right)) }
}
