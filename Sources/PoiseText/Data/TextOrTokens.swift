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

  /// The text, or the ids' text.
  public func text(_ tokenizer: Tokenizer) -> String {
    switch self {
    case .text(let text): text
    case .tokens(let ids): tokenizer.decode(ids)
    }
  }
}
