/// A prompt and its responses as token ids: the unit of sampling, scoring and training.
public struct TokenGroup: Sendable, Equatable {
  /// At least one token.
  public var prompt: [Int32]
  /// Each at least one token, the end-of-sequence token included where the response ended.
  public var responses: [[Int32]]
  /// By response, of every token, where the reference was evaluated before, beside the policy as it is; empty where a pass evaluates
  /// it, or none is needed.
  public var references: [[TokenReference]]

  public init(prompt: [Int32], responses: [[Int32]], references: [[TokenReference]] = []) {
    self.prompt = prompt
    self.responses = responses
    self.references = references
  }

  /// Tokens of all responses.
  public var responseTokenCount: Int { responses.reduce(0) { $0 + $1.count } }

  /// Rows of residual streams that the group takes: its prompt once, and of each response all tokens, but the last where
  /// that is only predicted. A decoder behind an encoder has one more, the start token.
  func rowCount(_ reading: HeadReading) -> Int {
    prompt.count + responseTokenCount - (reading == .predictions ? responses.count : 0)
  }

  /// Rows that the head sees: those of the responses and the prompt's last, shared by all of them; or one a response.
  func headRowCount(_ reading: HeadReading) -> Int {
    reading == .predictions ? responseTokenCount - responses.count + 1 : responses.count
  }

  /// Predicted tokens.
  func targetCount(_ reading: HeadReading) -> Int { reading == .predictions ? responseTokenCount : 0 }
}

/// What the reference says of a token y_t of a response, after x, y_<t.
public struct TokenReference: Sendable, Equatable {
  /// log π_ref(y_t), in nats.
  public var logProbability: Float
  /// KL(π ‖ π_ref) of the token's place, over the whole vocabulary.
  public var divergence: Float

  public init(logProbability: Float, divergence: Float) {
    self.logProbability = logProbability
    self.divergence = divergence
  }
}

/// Groups end to end: no padding, every prompt once. Reused from step to step; allocates nothing once its capacity is reached.
///
/// Rows: for each group the prompt's tokens, then each response's. Where tokens are predicted, a response's last token has no row,
/// the row of a token predicts the next one, and the prompt's last row predicts the first token of every response.
///
/// Where an encoder reads the prompts, they have rows of their own there, the memory. In their place among the decoder's rows
/// stands a start token.
public struct PackedGroups: Sendable {
  /// A run of rows that attends causally to itself after having seen all of `prefix`: a prompt, or a response with its prompt
  /// as the prefix. In the memory, a prompt whose rows all see each other.
  struct Segment {
    var rows: Range<Int>
    var prefix: Range<Int> = 0..<0
    /// The prompt's rows in the memory.
    var memory: Range<Int> = 0..<0
  }

  /// What the head does for one group.
  struct Head {
    /// Among the head's rows.
    var rows: Range<Int>
    /// Among the targets, ordered by row.
    var targets: Range<Int>
    /// Among all responses of the pack.
    var responses: Range<Int>
  }

  let reading: HeadReading
  /// The start token in a prompt's place; empty without an encoder.
  private let start: [Int32]
  /// (E): tokens of the prompts that an encoder reads.
  private(set) var memoryTokens: [Int32] = []
  private(set) var memorySegments: [Segment] = []
  /// (T)
  private(set) var tokens: [Int32] = []
  private(set) var positions: [Int32] = []
  private(set) var segments: [Segment] = []
  private(set) var heads: [Head] = []
  /// (R): the packed row of every row the head sees.
  private(set) var headRows: [Int32] = []
  /// (N), ordered by head row: row among the head's rows, predicted token, response that it belongs to.
  private(set) var targetRows: [Int32] = []
  private(set) var targets: [Int32] = []
  private(set) var targetResponses: [Int32] = []
  /// (N) where groups bring them, else empty.
  private(set) var targetReferences: [TokenReference] = []

  /// - Parameter encoder: that of the model that will read the groups.
  public init(reading: HeadReading = .predictions, encoder: TransformerConfiguration.Encoder? = nil) {
    self.reading = reading
    start = encoder.map { [Int32($0.startToken)] } ?? []
  }

  public var rowCount: Int { tokens.count }
  public var groupCount: Int { heads.count }
  public var responseCount: Int { heads.last?.responses.upperBound ?? 0 }
  public var targetCount: Int { targets.count }

  /// Of the targets, those that the given rows of the head predict.
  func targets(ofHeadRows rows: Range<Int>) -> Range<Int> {
    firstTarget(from: rows.lowerBound)..<firstTarget(from: rows.upperBound)
  }

  /// Bisection: targets are ordered by row.
  private func firstTarget(from row: Int) -> Int {
    var found = 0..<targetRows.count
    while !found.isEmpty {
      let middle = found.lowerBound + found.count / 2
      found = targetRows[middle] < row ? middle + 1..<found.upperBound : found.lowerBound..<middle
    }
    return found.lowerBound
  }

  public mutating func removeAll() {
    memoryTokens.removeAll(keepingCapacity: true)
    memorySegments.removeAll(keepingCapacity: true)
    tokens.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    segments.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
    headRows.removeAll(keepingCapacity: true)
    targetRows.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    targetResponses.removeAll(keepingCapacity: true)
    targetReferences.removeAll(keepingCapacity: true)
  }

  /// - Precondition: the prompt and every response have a token; every token of every group has its reference, or none has.
  public mutating func append(_ group: TokenGroup) {
    precondition(!group.prompt.isEmpty && group.responses.allSatisfy { !$0.isEmpty })
    precondition(zip(group.references, group.responses).allSatisfy { $0.count == $1.count })
    let prompt = appendPrompt(group.prompt)
    let head = (row: headRows.count, target: targets.count, response: responseCount)
    switch reading {
    case .predictions:
      appendPredictions(group, prompt: prompt, firstResponse: head.response)
      precondition(targetReferences.isEmpty || targetReferences.count == targets.count)
    case .ends:
      for response in group.responses { headRows.append(Int32(appendSegment(response[...], after: prompt).upperBound - 1)) }
    }
    heads.append(
      Head(
        rows: head.row..<headRows.count, targets: head.target..<targets.count,
        responses: head.response..<head.response + group.responses.count))
  }

  /// The rows that responses come after.
  private mutating func appendPrompt(_ prompt: [Int32]) -> Range<Int> {
    guard !start.isEmpty else { return appendSegment(prompt[...], after: 0..<0) }
    let memory = memoryTokens.count..<memoryTokens.count + prompt.count
    memoryTokens.append(contentsOf: prompt)
    memorySegments.append(Segment(rows: memory))
    return appendSegment(start[...], after: 0..<0)
  }

  private mutating func appendPredictions(_ group: TokenGroup, prompt: Range<Int>, firstResponse: Int) {
    let firstRow = headRows.count
    headRows.append(Int32(prompt.upperBound - 1))
    for (index, response) in group.responses.enumerated() {
      appendTarget(response[0], row: firstRow, response: firstResponse + index)
      if !group.references.isEmpty { targetReferences.append(group.references[index][0]) }
    }
    for (index, response) in group.responses.enumerated() {
      let rows = appendSegment(response.dropLast(), after: prompt)
      for (row, target) in zip(rows, response.dropFirst()) {
        headRows.append(Int32(row))
        appendTarget(target, row: headRows.count - 1, response: firstResponse + index)
      }
      if !group.references.isEmpty { targetReferences.append(contentsOf: group.references[index].dropFirst()) }
    }
  }

  private mutating func appendSegment(_ segment: ArraySlice<Int32>, after prefix: Range<Int>) -> Range<Int> {
    let rows = tokens.count..<tokens.count + segment.count
    tokens.append(contentsOf: segment)
    for index in 0..<segment.count { positions.append(Int32(prefix.count + index)) }
    if !rows.isEmpty { segments.append(Segment(rows: rows, prefix: prefix, memory: memorySegments.last?.rows ?? 0..<0)) }
    return rows
  }

  private mutating func appendTarget(_ token: Int32, row: Int, response: Int) {
    targetRows.append(Int32(row))
    targets.append(token)
    targetResponses.append(Int32(response))
  }
}
