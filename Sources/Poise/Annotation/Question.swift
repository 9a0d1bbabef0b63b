import PoiseText

/// A prompt as annotators know it: its text, and the conversation where it is one. The text of a conversation is its transcript, which
/// has none of the policy's markers: so policies with different chat templates are asked the same, and a learned judge can write the
/// conversation by a template of its own.
public struct Question: Sendable, Hashable, ExpressibleByStringLiteral {
  public let text: String
  public let conversation: Conversation?

  public init(_ text: String) { (self.text, conversation) = (text, nil) }

  public init(_ conversation: Conversation) { (text, self.conversation) = (conversation.transcript, conversation) }

  public init(stringLiteral text: String) { self.init(text) }
}
