import ArgumentParser
import PoiseFiles
import PoiseText

extension ChatTemplate.Family: ExpressibleByArgument {}

/// How conversations become text.
struct ChatFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How conversations (lists of messages) are written as text: \
      \(ChatTemplate.Family.allCases.map(\.rawValue).joined(separator: ", ")). (default: the model's own chat template)
      """, valueName: "template"))
  var chatTemplate: ChatTemplate.Family?

  /// For `poise_run.json`.
  var resolved: JSON { chatTemplate.map { .string($0.rawValue) } ?? .null }
}
