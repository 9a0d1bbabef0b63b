import PoiseFiles

/// What is in a data file: `poise data check`. A line that cannot be used is noted, and reading goes on.
public struct DatasetReport: Sendable {
  public enum Kind: String, Sendable {
    case prompts, completions, preferences

    /// By the keys of a line; nil where they are of no record.
    init?(_ json: JSON) {
      func has(_ key: String) -> Bool { json[key] != nil || json[key + "_ids"] != nil }
      if has("chosen") || has("rejected") || json["summaries"] != nil {
        self = .preferences
      } else if has("completion") || has("text") || json["messages"] != nil {
        self = .completions
      } else if has("prompt") {
        self = .prompts
      } else {
        return nil
      }
    }

    func record(_ json: JSON, path: String, line: Int) throws(DataError) -> any MeasurableRecord {
      switch self {
      case .prompts: try PromptRecord(json, path: path, line: line)
      case .completions: try CompletionRecord(json, path: path, line: line)
      case .preferences: try PreferenceRecord(json, path: path, line: line)
      }
    }
  }

  public enum Unit: String, Sendable { case characters, tokens }

  public let path: String
  /// Decided by the first line whose keys are those of a record; nil where there is none.
  public private(set) var kind: Kind?
  /// Lines that are records of this kind.
  public private(set) var records = 0
  public private(set) var badLines = 0
  /// What is wrong with the first of the bad lines.
  public private(set) var problems: [DataError] = []
  /// Records with a chosen side that is not preferred (p = 1/2), or is the same as the rejected one.
  public private(set) var ties = 0
  /// Bad lines that are bad because an answer is empty.
  public private(set) var emptyAnswers = 0
  /// Records whose prompt is there and empty.
  public private(set) var emptyPrompts = 0
  /// Records that say what an earlier one said.
  public private(set) var duplicates = 0
  /// Records of which prompt and answer together are longer than `limit`.
  public private(set) var truncations = 0
  public let limit: Int?
  /// Of texts without a tokenizer: Unicode scalars. Token ids always count as tokens.
  public let unit: Unit
  /// In the order prompt, completion, chosen, rejected; those that the kind has.
  public private(set) var lengths: [(field: String, summary: LengthSummary)] = []

  /// - Parameters:
  ///   - tokenizer: measures in tokens; without it in characters.
  ///   - chatTemplate: writes conversations as the tokenizer then reads them; without it what is said alone is measured.
  ///   - limit: what a model can take, in the same unit; counts the records that are longer.
  ///   - shownProblems: how many bad lines to describe.
  /// - Throws: `FileError` where the file cannot be read, `DataError` where it is not whole gzip data, or where the chat template
  ///   cannot be followed.
  public init(
    _ path: String, tokenizer: Tokenizer? = nil, chatTemplate: ChatTemplate? = nil, limit: Int? = nil, shownProblems: Int = 10
  ) throws {
    self.path = path
    self.limit = limit
    unit = tokenizer == nil ? .characters : .tokens
    var measured: [String: [Int]] = [:]
    var seen: Set<Int> = []
    try JSONLines.readTolerantly(path) { line, json in
      do throws(DataError) {
        let record = try record(try json.get(), line)
        let lengths = try lengths(record, tokenizer, chatTemplate)
        // A 64-bit hash stands for the record, so that memory does not grow with its length.
        if !seen.insert(record.contentHash).inserted { duplicates += 1 }
        count(record, lengths, measuring: &measured)
      } catch {
        // A chat template that cannot be followed is no fault of the line.
        guard error.category == .badData else { throw error }
        badLines += 1
        if problems.count < shownProblems { problems.append(error) }
      }
    }
    lengths = ["prompt", "completion", "chosen", "rejected"].compactMap { field in
      measured[field].map { (field, LengthSummary($0)) }
    }
  }

  private mutating func record(_ json: JSON, _ line: Int) throws(DataError) -> any MeasurableRecord {
    if kind == nil { kind = Kind(json) }
    guard let kind else {
      throw DataError(
        path, line: line,
        "no record is recognised: \"prompt\", \"completion\", \"messages\", \"text\", or \"chosen\" and \"rejected\" were expected."
      )
    }
    do { return try kind.record(json, path: path, line: line) } catch {
      let answers = ["completion", "messages", "text", "chosen", "rejected"]
      func isEmpty(_ answer: String) -> Bool {
        json[answer] == "" || json[answer + "_ids"] == [] || json[answer]?.array?.last?["content"] == ""
      }
      if answers.contains(where: isEmpty) { emptyAnswers += 1 }
      throw error
    }
  }

  /// The lengths of a record's prompt, where it has one, and of its answers.
  private typealias Lengths = (prompt: Int?, answers: [Int])

  private func lengths(
    _ record: any MeasurableRecord, _ tokenizer: Tokenizer?, _ template: ChatTemplate?
  ) throws(DataError) -> Lengths {
    guard let tokenizer, let template, case .conversation(let conversation)? = record.measuredPrompt else {
      return (record.measuredPrompt?.length(tokenizer), record.answers.map { $0.content.length(tokenizer) })
    }
    do throws(ChatTemplateError) {
      var answers: [Int] = []
      for (_, content) in record.answers {
        guard case .text(let answer) = content else {
          answers.append(content.length(tokenizer))
          continue
        }
        answers.append(try template.responseTokens(answer, to: conversation, tokenizer, endOfSequence: []).count)
      }
      return (try template.promptTokens(conversation, tokenizer).count, answers)
    } catch { throw error.located(path, line: record.line) }
  }

  private mutating func count(
    _ record: any MeasurableRecord, _ lengths: Lengths, measuring measured: inout [String: [Int]]
  ) {
    records += 1
    if record.isTie { ties += 1 }
    if let prompt = lengths.prompt { measured["prompt", default: []].append(prompt) }
    for (answer, length) in zip(record.answers, lengths.answers) { measured[answer.name, default: []].append(length) }
    if record.measuredPrompt?.isEmpty == true { emptyPrompts += 1 }
    if let limit, (lengths.prompt ?? 0) + (lengths.answers.max() ?? 0) > limit { truncations += 1 }
  }
}

/// A record whose parts can be measured.
protocol MeasurableRecord: DataRecord {
  var measuredPrompt: PromptContent? { get }
  var answers: [(name: String, content: TextOrTokens)] { get }
  var isTie: Bool { get }
}

extension MeasurableRecord {
  var isTie: Bool { false }

  /// Of what it says, wherever it stands.
  fileprivate var contentHash: Int {
    var hasher = Hasher()
    hasher.combine(measuredPrompt)
    for (name, content) in answers {
      hasher.combine(name)
      hasher.combine(content)
    }
    return hasher.finalize()
  }
}

extension PromptRecord: MeasurableRecord {
  var measuredPrompt: PromptContent? { prompt }
  var answers: [(name: String, content: TextOrTokens)] { [] }
}

extension CompletionRecord: MeasurableRecord {
  var measuredPrompt: PromptContent? { prompt }
  var answers: [(name: String, content: TextOrTokens)] { [("completion", completion)] }
}

extension PreferenceRecord: MeasurableRecord {
  var measuredPrompt: PromptContent? { prompt }
  var answers: [(name: String, content: TextOrTokens)] { [("chosen", chosen), ("rejected", rejected)] }
  var isTie: Bool { preference == 0.5 || chosen == rejected }
}

extension PromptContent {
  fileprivate func length(_ tokenizer: Tokenizer?) -> Int {
    switch self {
    case .text(let text): TextOrTokens.text(text).length(tokenizer)
    case .tokens(let ids): ids.count
    case .conversation(let conversation):
      conversation.messages.reduce(0) { $0 + TextOrTokens.text($1.content).length(tokenizer) }
    }
  }
}

extension TextOrTokens {
  fileprivate func length(_ tokenizer: Tokenizer?) -> Int {
    switch self {
    case .text(let text): tokenizer?.encode(text).count ?? text.unicodeScalars.count
    case .tokens(let ids): ids.count
    }
  }
}
