import PoiseFiles
import PoiseModel
import PoiseText

/// A prompt ready for a policy: its tokens, and what annotators read.
public struct Prompt: Sendable, Equatable {
  public var tokens: [Int32]
  public var question: Question
  public var text: String { question.text }

  public init(tokens: [Int32], question: Question) {
    self.tokens = tokens
    self.question = question
  }

  public init(tokens: [Int32], text: String) { self.init(tokens: tokens, question: Question(text)) }
}

extension TokenizedPolicy {
  /// The prompts of a JSON Lines file.
  ///
  /// - Parameter responseTokens: tokens that must still fit behind each prompt.
  /// - Throws: `DataError` naming file and line of a prompt that is too long, empty, or holds a token outside the vocabulary.
  public func prompts(_ path: String, responseTokens: Int) throws -> [Prompt] {
    let records = try PromptRecord.read(path)
    guard !records.isEmpty else { throw DataError(path, "the file holds no prompts.") }
    return try records.map { record in
      try locating(path, record.line) { try prompt(record.prompt, responseTokens: responseTokens) }
    }
  }

  public func prompt(_ prompt: PromptContent, responseTokens: Int) throws -> Prompt {
    let tokens = try promptTokens(prompt)
    let contextLength = configuration.contextLength
    guard tokens.count + responseTokens <= contextLength else {
      throw PolicyError.promptTooLong(
        promptTokens: tokens.count, responseTokens: responseTokens, contextLength: contextLength)
    }
    switch prompt {
    case .text(let text): return Prompt(tokens: tokens, text: text)
    case .tokens: return Prompt(tokens: tokens, text: text(of: tokens))
    case .conversation(let conversation): return Prompt(tokens: tokens, question: Question(conversation))
    }
  }

  /// Groups of one response each: for supervised training and for scoring.
  ///
  /// A record without a prompt starts from the beginning-of-sequence token, or else from its own first token.
  public func groups(_ path: String, endingText: Bool = true) throws -> [TokenGroup] {
    let records = try CompletionRecord.read(path)
    guard !records.isEmpty else { throw DataError(path, "the file holds no completions.") }
    return try records.map { record in try locating(path, record.line) { try group(record, endingText: endingText) } }
  }

  func group(_ record: CompletionRecord, endingText: Bool) throws -> TokenGroup {
    var response = try responseTokens(record.completion, to: record.prompt, endingText: endingText)
    var prompt: [Int32]
    if let given = record.prompt {
      prompt = try promptTokens(given)
    } else if let beginning = configuration.beginningOfSequence {
      prompt = [Int32(beginning)]
    } else {
      prompt = Array(response.prefix(1))
      response.removeFirst(min(1, response.count))
    }
    guard !response.isEmpty else { throw PolicyError.emptyResponse }
    try requireFit(prompt: prompt.count, response: response.count)
    return TokenGroup(prompt: prompt, responses: [response])
  }

  /// The comparisons of a JSON Lines file, for training that is not online.
  ///
  /// - Throws: `DataError` naming file and line of what cannot be used.
  public func preferences(_ path: String) throws -> [PreferenceExample] {
    let records = try PreferenceRecord.read(path)
    guard !records.isEmpty else { throw DataError(path, "the file holds no preferences.") }
    return try records.map { record in
      try locating(path, record.line) {
        let prompt = try promptTokens(record.prompt)
        let responses = try [record.chosen, record.rejected].map { try responseTokens($0, to: record.prompt) }
        guard !responses.contains(where: \.isEmpty) else { throw PolicyError.emptyResponse }
        try requireFit(prompt: prompt.count, response: responses.map(\.count).max()!)
        return PreferenceExample(group: TokenGroup(prompt: prompt, responses: responses), preference: record.preference)
      }
    }
  }

  private func requireFit(prompt: Int, response: Int) throws(PolicyError) {
    guard prompt + response <= configuration.contextLength else {
      throw .responseTooLong(promptTokens: prompt, responseTokens: response, contextLength: configuration.contextLength)
    }
  }
}

/// Adds the place to errors that do not know it.
func locating<Result>(_ path: String, _ line: Int, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch {
    switch error {
    case let error as PolicyError: throw error.located(path, line: line)
    case let error as ChatTemplateError: throw error.located(path, line: line)
    default: throw error
    }
  }
}
