import PoiseFiles

/// Tokens that are found in the text before the model sees it, such as `<|endoftext|>`.
struct AddedTokens: Sendable {
  struct AddedToken: Sendable {
    let id: Int
    let content: String
    let isSpecial: Bool
    /// Only where no letter or digit touches it.
    let isSingleWord: Bool
    /// Takes the white space before it, and after it.
    let takesSpaceBefore: Bool
    let takesSpaceAfter: Bool
    /// Looked for in the normalized text rather than in the text as it came.
    let isNormalized: Bool

    init(reading part: Part) throws {
      id = try part.integer("id")
      content = try part.string("content")
      guard content.utf8.count <= Vocabulary.longestToken else {
        throw part.unusable("\(part.name) is longer than \(Vocabulary.longestToken) bytes.")
      }
      isSpecial = try part.boolean("special", default: false)
      isSingleWord = try part.boolean("single_word", default: false)
      takesSpaceBefore = try part.boolean("lstrip", default: false)
      takesSpaceAfter = try part.boolean("rstrip", default: false)
      isNormalized = try part.boolean("normalized", default: !isSpecial)
    }

    /// A special token that is found wherever it stands.
    init(id: Int, special content: String) {
      self.id = id
      self.content = content
      (isSpecial, isSingleWord, takesSpaceBefore, takesSpaceAfter, isNormalized) = (true, false, false, false, false)
    }
  }

  enum Segment: Equatable {
    case token(Int)
    case text(Range<Int>)
  }

  private let tokens: [AddedToken]
  /// Of the tokens' spellings, with their places in `tokens`.
  private let spellings: ByteTrie

  /// The list `added_tokens` of a file; none where there is no list.
  static func reading(_ list: JSON?, path: String) throws -> [AddedToken] {
    try (list?.array ?? []).enumerated().map { try AddedToken(reading: Part("added_tokens[\($0)]", $1, path: path)) }
  }

  /// - Parameter spelling: how a token's content looks in the text that is searched.
  init(_ tokens: [AddedToken], spelling: (ByteText) -> ByteText = { $0 }) {
    self.tokens = tokens
    spellings = ByteTrie(tokens.enumerated().map { (spelling(ByteText($1.content.utf8)), $0) })
  }

  /// The text in order: added tokens, the longest at the leftmost place, and what is between them.
  func split(_ text: ByteText) -> [Segment] {
    guard !spellings.isEmpty else { return text.isEmpty ? [] : [.text(text.indices)] }
    var segments: [Segment] = []
    var done = 0
    var position = 0
    while position < text.count {
      guard let (token, end) = match(in: text, at: position) else {
        position += 1
        continue
      }
      let found = position..<end
      position = end
      if token.isSingleWord, touchesWord(found, in: text) { continue }
      let taken = withSpace(found, token, in: text, after: done)
      if done < taken.lowerBound { segments.append(.text(done..<taken.lowerBound)) }
      segments.append(.token(token.id))
      done = max(done, taken.upperBound)
    }
    if done < text.count { segments.append(.text(done..<text.count)) }
    return segments
  }

  private func match(in text: ByteText, at start: Int) -> (AddedToken, end: Int)? {
    var longest: (AddedToken, Int)?
    var node = ByteTrie.root
    var position = start
    while position < text.count, let child = spellings.child(of: node, text[position]) {
      node = child
      position += 1
      if let index = spellings.value(at: node) { longest = (tokens[index], position) }
    }
    return longest
  }

  private func touchesWord(_ range: Range<Int>, in text: ByteText) -> Bool {
    if let before = text.scalarBefore(range.lowerBound), text.scalar(at: before).scalar.isWord { return true }
    return range.upperBound < text.count && text.scalar(at: range.upperBound).scalar.isWord
  }

  private func withSpace(_ range: Range<Int>, _ token: AddedToken, in text: ByteText, after done: Int) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    if token.takesSpaceBefore {
      while start > done, let before = text.scalarBefore(start), text.scalar(at: before).scalar.isSpace { start = before }
    }
    if token.takesSpaceAfter {
      while end < text.count, text.scalar(at: end).scalar.isSpace { end = text.scalar(at: end).end }
    }
    return start..<end
  }
}
