import PoiseFiles

/// Anthropic's HH transcripts (Bai et al. 2022, "Training a helpful and harmless assistant with reinforcement learning from human
/// feedback"): JSON Lines `{"chosen", "rejected"}` of two conversations that differ in the assistant's last turn.
///
/// The prompt is what both begin with, up to the last `\n\nAssistant:` that they share; answers are taken as they are. A pair
/// in which a further turn follows behind the prompt is skipped: one answer would be judged together with what a person said
/// to it, and with the answer to that. Prompts are often the beginnings of others, so what stays together in a split is the
/// conversation, named by what it opens with.
enum HHTranscripts {
  static let reasons: [SkipReason] = [.equalAnswers, .earlyParting, .emptyAnswer]

  static func read(_ path: String) throws -> PublishedPairs {
    var pairs = PublishedPairs()
    try JSONLines.read(path) { line, json in
      let fields = try RecordFields(json, path: path, line: line)
      let (chosen, rejected) = (try transcript("chosen", fields), try transcript("rejected", fields))
      pairs.add { () throws(SkipReason) in try pair(chosen, rejected) }
    }
    return try pairs.requirePairs(of: path)
  }

  private static func transcript(_ key: String, _ fields: RecordFields) throws(DataError) -> String {
    let text = try fields.string(key)
    guard text.unicodeScalars.starts(with: ImplicitPrompt.questionMark.unicodeScalars) else {
      throw fields.wrong("\"\(key)\" is no transcript; one begins with two line feeds and \"Human:\".")
    }
    return text
  }

  private static func pair(_ chosen: String, _ rejected: String) throws(SkipReason) -> PublishedPair {
    try PublishedPair.requireTwoAnswers(chosen, rejected)
    let parts = ImplicitPrompt.split(chosen, rejected)
    guard parts.prompt.hasSuffix(ImplicitPrompt.answerMark), !hasTurns(parts.chosen), !hasTurns(parts.rejected) else {
      throw .earlyParting
    }
    try PublishedPair.requireTwoAnswers(parts.chosen, parts.rejected)
    return PublishedPair(
      prompt: parts.prompt, chosen: parts.chosen, rejected: parts.rejected, preference: 1, group: opening(of: parts.prompt))
  }

  private static func hasTurns(_ answer: String) -> Bool {
    answer.contains(ImplicitPrompt.questionMark) || answer.contains(ImplicitPrompt.answerMark)
  }

  /// What a person said first.
  private static func opening(of prompt: String) -> String {
    prompt.range(of: ImplicitPrompt.answerMark).map { String(prompt[..<$0.lowerBound]) } ?? prompt
  }
}
