/// What is to be answered: text, the token ids that stand for it, or a conversation that the assistant continues.
public enum PromptContent: Hashable, Sendable {
  case text(String)
  case tokens([Int])
  case conversation(Conversation)

  public var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .tokens(let ids): ids.isEmpty
    case .conversation: false
    }
  }

  init(_ content: TextOrTokens) {
    switch content {
    case .text(let text): self = .text(text)
    case .tokens(let ids): self = .tokens(ids)
    }
  }
}
