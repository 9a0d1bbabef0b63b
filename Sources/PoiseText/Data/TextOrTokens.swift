/// Part of a record: text, or the token ids that stand for it.
public enum TextOrTokens: Hashable, Sendable {
  case text(String)
  case tokens([Int])

  public var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .tokens(let ids): ids.isEmpty
    }
  }

  /// The ids, or the text's ids.
  /// - Parameter addingSpecialTokens: whether text gets what the tokenizer's template adds; ids are taken as they are.
  public func ids(_ tokenizer: Tokenizer, addingSpecialTokens: Bool = false) -> [Int] {
    switch self {
    case .text(let text): tokenizer.encode(text, addingSpecialTokens: addingSpecialTokens)
    case .tokens(let ids): ids
    }
  }

  /// The text, or the ids' text.
  public func text(_ tokenizer: Tokenizer) -> String {
    switch self {
    case .text(let text): text
    case .tokens(let ids): tokenizer.decode(ids)
    }
  }
}
