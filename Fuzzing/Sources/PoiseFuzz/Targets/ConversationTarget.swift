import Foundation
import PoiseFiles
import PoiseText

/// Conversations of a line by the template of a `tokenizer_config.json`, two files: that a conversation is well formed is settled when
/// it is read, and writing it takes the time of the template.
enum ConversationTarget: FuzzTarget {
  static let name = "conversation"
  static let dictionary =
    TemplateTarget.dictionary + ["\"chat_template\"", "\"role\":", "\"content\":", "\"prompt\":", "\"tools\""]

  static let seeds: [[UInt8]] = [
    .joining(
      Array(#"{"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]}"#.utf8),
      Array(#"{"chat_template": "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"}"#.utf8)),
    .joining(
      Array(#"{"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}"#.utf8),
      Array(
        #"{"chat_template": [{"name": "default", "template": "{{ messages[0].content }}"}], "eos_token": {"content": "</s>"}}"#
          .utf8)),
  ]

  static func run(_ input: [UInt8]) throws {
    let files = input.files(2)
    let record = try CompletionOrPrompt(try Files.parseJSON(Data(files[0]), path: "line"))
    guard let template = ChatTemplate(tokenizerConfig: try Files.parseJSON(Data(files[1]), path: "tokenizer_config.json")),
      case .conversation(let conversation) = record.prompt
    else { return }
    _ = conversation.transcript
    _ = try template.prompt(conversation)
    if let answer = record.answer { _ = try template.response(answer, to: conversation) }
  }

  private struct CompletionOrPrompt {
    let prompt: PromptContent?
    let answer: String?

    init(_ json: JSON) throws {
      guard json["prompt"] == nil || json["completion"] != nil else {
        (prompt, answer) = (try PromptRecord(json, path: "line", line: 1).prompt, nil)
        return
      }
      let record = try CompletionRecord(json, path: "line", line: 1)
      prompt = record.prompt
      answer = if case .text(let text) = record.completion { text } else { nil }
    }
  }
}
