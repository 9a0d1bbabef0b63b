/// What was said so far: messages in order, the last by the user, so that the assistant is next.
public struct Conversation: Hashable, Sendable {
  public struct Message: Hashable, Sendable {
    public var role: Role
    public var content: String

    public init(_ role: Role, _ content: String) {
      self.role = role
      self.content = content
    }
  }

  public enum Role: String, Hashable, Sendable, CaseIterable {
    case system, user, assistant
  }

  public var messages: [Message]

  /// - Precondition: the last message is the user's.
  public init(_ messages: [Message]) {
    precondition(messages.last?.role == .user)
    self.messages = messages
  }

  /// As people write it down, for annotators, whatever the policy's markers:
  ///
  ///     System: Be brief.
  ///
  ///     User: What is tea?
  ///
  ///     Assistant:
  public var transcript: String {
    messages.map { "\($0.role.name): \($0.content)\n\n" }.joined() + "\(Role.assistant.name):"
  }
}

extension Conversation.Role {
  fileprivate var name: String {
    switch self {
    case .system: "System"
    case .user: "User"
    case .assistant: "Assistant"
    }
  }
}
