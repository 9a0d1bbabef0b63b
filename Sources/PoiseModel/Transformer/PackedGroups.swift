/// A prompt and its responses as token ids: the unit of sampling, scoring and training.
public struct TokenGroup: Sendable, Equatable {
  /// At least one token.
  public var prompt: [Int32]
  /// Each at least one token, the end-of-sequence token included where the response ended.
  public var responses: [[Int32]]

  public init(prompt: [Int32], responses: [[Int32]]) {
    self.prompt = prompt
    self.responses = responses
  }

  /// Rows of the residual stream that the group takes: its prompt once, and of each response all but the last token.
  public var rowCount: Int { prompt.count + responses.reduce(0) { $0 + $1.count - 1 } }
  /// Rows that the vocabulary head sees: the prompt's last, shared by all responses, and those of the responses.
  public var headRowCount: Int { rowCount - prompt.count + 1 }
  /// Predicted tokens.
  public var targetCount: Int { responses.reduce(0) { $0 + $1.count } }
}

/// Groups end to end: no padding, every prompt once. Reused from step to step; allocates nothing once its capacity is reached.
///
/// Rows: for each group the prompt's tokens, then each response's tokens but the last, which is only ever predicted. The row of
/// a token predicts the next one; the prompt's last row predicts the first token of every response.
public struct PackedGroups: Sendable {
  /// A run of rows that attends causally to itself after having seen all of `prefix`: a prompt, or a response with its prompt
  /// as the prefix.
  struct Segment {
    var rows: Range<Int>
    var prefix: Range<Int>
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

  public init() {}

  public var rowCount: Int { tokens.count }
  public var groupCount: Int { heads.count }
  public var responseCount: Int { heads.last?.responses.upperBound ?? 0 }
  public var targetCount: Int { targets.count }

  public mutating func removeAll() {
    tokens.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    segments.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
    headRows.removeAll(keepingCapacity: true)
    targetRows.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    targetResponses.removeAll(keepingCapacity: true)
  }

  /// - Precondition: the prompt and every response have a token.
  public mutating func append(_ group: TokenGroup) {
    precondition(!group.prompt.isEmpty && group.responses.allSatisfy { !$0.isEmpty })
    let prompt = appendSegment(group.prompt[...], after: 0..<0)
    let head = (row: headRows.count, target: targets.count, response: responseCount)
    headRows.append(Int32(prompt.upperBound - 1))
    for (index, response) in group.responses.enumerated() {
      appendTarget(response[0], row: head.row, response: head.response + index)
    }
    for (index, response) in group.responses.enumerated() {
      let rows = appendSegment(response.dropLast(), after: prompt)
      for (row, target) in zip(rows, response.dropFirst()) {
        headRows.append(Int32(row))
        appendTarget(target, row: headRows.count - 1, response: head.response + index)
      }
    }
    heads.append(
      Head(
        rows: head.row..<headRows.count, targets: head.target..<targets.count,
        responses: head.response..<head.response + group.responses.count))
  }

  private mutating func appendSegment(_ segment: ArraySlice<Int32>, after prefix: Range<Int>) -> Range<Int> {
    let rows = tokens.count..<tokens.count + segment.count
    tokens.append(contentsOf: segment)
    for index in 0..<segment.count { positions.append(Int32(prefix.count + index)) }
    if !rows.isEmpty { segments.append(Segment(rows: rows, prefix: prefix)) }
    return rows
  }

  private mutating func appendTarget(_ token: Int32, row: Int, response: Int) {
    targetRows.append(Int32(row))
    targets.append(token)
    targetResponses.append(Int32(response))
  }
}
