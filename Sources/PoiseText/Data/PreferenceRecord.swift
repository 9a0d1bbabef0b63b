import PoiseFiles

/// Two answers to a prompt, of which one is preferred. Read from
/// - `{"prompt", "chosen", "rejected"}`, ids under `…_ids`, and an optional soft label `"preference"`;
/// - `{"chosen", "rejected"}`: the prompt is what both begin with, for Anthropic's HH transcripts up to the last
///   `\n\nAssistant:` that they share;
/// - the same of messages: `"prompt"` a conversation, `"chosen"` and `"rejected"` each one message by the assistant; or both whole
///   conversations, whose common messages are the prompt, also where a text beside them, which they repeat, is called the prompt;
/// - OpenAI's summarize-from-feedback comparisons, `{"info", "summaries", "choice"}`, of Reddit posts.
public struct PreferenceRecord: DataRecord, Equatable {
  public let prompt: PromptContent
  /// To a conversation: what the assistant says; so is `rejected`.
  public let chosen: TextOrTokens
  public let rejected: TextOrTokens
  /// p(chosen ≻ rejected), from 0 to 1; 1 unless the line says otherwise.
  public let preference: Double
  public let line: Int

  public init(_ json: JSON, path: String, line: Int) throws(DataError) {
    let fields = try RecordFields(json, path: path, line: line)
    self.line = line
    if json["summaries"] != nil {
      (prompt, chosen, rejected) = try fields.summaryComparison()
    } else {
      (prompt, chosen, rejected) = try fields.pair()
    }
    preference = try fields.preference()
  }
}

extension RecordFields {
  typealias Pair = (prompt: PromptContent, chosen: TextOrTokens, rejected: TextOrTokens)

  fileprivate func preference() throws(DataError) -> Double {
    guard let value = json["preference"], !value.isNull else { return 1 }
    guard let preference = value.double, (0...1).contains(preference) else {
      throw wrong("\"preference\" is a probability, a number from 0 to 1, and here it is \(value.line).")
    }
    return preference
  }

  fileprivate func pair() throws(DataError) -> Pair {
    if hasMessages("chosen"), !hasMessages("prompt"), json["prompt_ids"] == nil {
      let turns = try turns("chosen", "rejected")
      return (.conversation(turns.prompt), .text(turns.answers.0), .text(turns.answers.1))
    }
    if has("prompt") {
      let prompt = try prompt()
      return (prompt, try response("chosen", to: prompt), try response("rejected", to: prompt))
    }
    let chosen = try nonemptyContent("chosen")
    let rejected = try nonemptyContent("rejected")
    let pair: Pair
    switch (chosen, rejected) {
    case (.text(let chosen), .text(let rejected)):
      let parts = ImplicitPrompt.split(chosen, rejected)
      pair = (.text(parts.prompt), .text(parts.chosen), .text(parts.rejected))
    case (.tokens(let chosen), .tokens(let rejected)):
      let count = zip(chosen, rejected).prefix { $0 == $1 }.count
      pair = (.tokens(Array(chosen[..<count])), .tokens(Array(chosen[count...])), .tokens(Array(rejected[count...])))
    default:
      throw wrong("there is no \"prompt\", and what a text and token ids begin with cannot be compared. Give both in one form.")
    }
    guard !pair.chosen.isEmpty, !pair.rejected.isEmpty else {
      throw wrong(
        "there is no \"prompt\", and after what both begin with nothing is left of "
          + "\"\(pair.chosen.isEmpty ? "chosen" : "rejected")\". Give the prompt.")
    }
    return pair
  }

  /// Query format of Stiennon et al. 2020, "Learning to summarize from human feedback".
  fileprivate func summaryComparison() throws(DataError) -> Pair {
    guard let summaries = json["summaries"]?.array, summaries.count == 2, let first = summaries[0]["text"]?.string,
      let second = summaries[1]["text"]?.string
    else { throw wrong("\"summaries\" should be a list of two objects with a \"text\" each.") }
    guard let choice = json["choice"]?.int, choice == 0 || choice == 1 else {
      throw wrong("\"choice\" should be 0 or 1, and is \(json["choice"]?.line ?? "not there").")
    }
    guard let info = json["info"], let subreddit = info["subreddit"]?.string, let title = info["title"]?.string,
      let post = info["post"]?.string
    else {
      throw wrong("\"info\" should have the texts \"subreddit\", \"title\" and \"post\"; comparisons of news are not read here.")
    }
    guard !first.isEmpty, !second.isEmpty else { throw empty("summaries[\(first.isEmpty ? 0 : 1)].text") }
    func answer(_ text: String) -> TextOrTokens { .text(text.hasPrefix(" ") ? text : " " + text) }
    let prompt = "SUBREDDIT: r/\(subreddit)\n\nTITLE: \(title)\n\nPOST: \(post)\n\nTL;DR:"
    return (.text(prompt), answer(choice == 0 ? first : second), answer(choice == 0 ? second : first))
  }
}
