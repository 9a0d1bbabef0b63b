/// The smallest language model: a softmax over the vocabulary for every context, a context being a prompt and the tokens that
/// follow it so far. All its responses can be enumerated, so everything that training estimates can be computed exactly.
///
/// A prompt is told by its last token, from 0 to `promptCount` − 1. With `responseLength` 1 it is a bandit: a choice among
/// `vocabularySize` answers to every prompt. Rows are evaluated in double precision.
public final class TabularModel: LanguageModel {
  public let promptCount: Int
  public let vocabularySize: Int
  /// Most tokens of a response.
  public let responseLength: Int
  public let endOfSequence: [Int]
  public let parameterLayout: Layout
  /// (contexts, V): the logits of the next token. Of each prompt first the empty continuation, then those of one token, of two, …
  public let logits: Tensor

  public var reading: HeadReading { .predictions }
  /// Passes are in double precision.
  public var decodesExactly: Bool { false }

  /// - Precondition: positive sizes.
  public init(promptCount: Int = 1, vocabularySize: Int, responseLength: Int = 1, endOfSequence: [Int] = []) {
    precondition(promptCount > 0 && vocabularySize > 0 && responseLength > 0)
    self.promptCount = promptCount
    self.vocabularySize = vocabularySize
    self.responseLength = responseLength
    self.endOfSequence = endOfSequence
    var plan = Layout()
    logits = plan.add("logits", promptCount * Self.contexts(vocabularySize, upTo: responseLength), vocabularySize)
    parameterLayout = plan
  }

  /// Continuations shorter than `length`.
  private static func contexts(_ vocabularySize: Int, upTo length: Int) -> Int {
    (0..<length).reduce((total: 0, power: 1)) { sum, _ in (sum.total + sum.power, sum.power * vocabularySize) }.total
  }

  /// The row of ``logits`` that holds what follows `tokens` after a prompt.
  public func context(prompt: Int32, after tokens: some Sequence<Int32>) -> Int {
    precondition((0..<promptCount).contains(Int(prompt)), "there is no prompt \(prompt)")
    let (length, index) = tokens.reduce((0, 0)) { ($0.0 + 1, $0.1 * vocabularySize + Int($1)) }
    precondition(length < responseLength, "a response has at most \(responseLength) tokens")
    return Int(prompt) * Self.contexts(vocabularySize, upTo: responseLength)
      + Self.contexts(vocabularySize, upTo: length) + index
  }

  /// log softmax of one row.
  public func logProbabilities(_ parameters: Arena, context: Int) -> [Double] {
    let row = parameters[logits, rows: context..<context + 1]
    let values = row.indices.map { Double(row[$0]) }
    let top = values.max()!
    let partition = top + logarithm(values.reduce(0) { $0 + exponential($1 - top) })
    return values.map { $0 - partition }
  }

  public func makeWorkspace(capacity: WorkspaceCapacity, backward: Bool, reference: Bool) -> TabularWorkspace {
    TabularWorkspace(capacity: capacity)
  }

  public func makeDecoders(_ count: Int, capacity: DecoderCapacity) -> [TabularDecoder] {
    let shared = TabularDecoder.Shared()
    return (0..<count).map { _ in TabularDecoder(self, shared) }
  }

  public func evaluate(_ workspace: TabularWorkspace, policy: Arena, reference: Arena? = nil) {
    workspace.outcomes.removeAll(keepingCapacity: true)
    workspace.tokens.removeAll(keepingCapacity: true)
    for (index, group) in workspace.groups.enumerated() {
      for response in group.responses {
        var outcome = ResponseOutcome(group: workspace.firstGroup + index)
        workspace.tokens.append(
          response.indices.map { position in
            let context = context(prompt: group.prompt.last!, after: response[..<position])
            let own = logProbabilities(policy, context: context)
            let other = reference.map { logProbabilities($0, context: context) }
            outcome.add(own, other, token: Int(response[position]))
            return .init(context: context, token: Int(response[position]), own: own, other: other)
          })
        workspace.outcomes.append(outcome)
      }
    }
  }

  public func differentiate(
    _ workspace: TabularWorkspace, policy: Arena, reference: Arena?, addingTo gradients: Arena,
    objective: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void
  ) {
    evaluate(workspace, policy: policy, reference: reference)
    var first = 0
    for group in workspace.groups {
      let responses = first..<first + group.responses.count
      workspace.outcomes.withUnsafeMutableBufferPointer {
        var span = MutableSpan(_unsafeElements: $0.extracting(responses))
        objective(&span)
      }
      for response in responses { backward(workspace, response, addingTo: gradients) }
      first = responses.upperBound
    }
  }

  /// Each token's c·(onehot − softmax).
  private func backward(_ workspace: TabularWorkspace, _ response: Int, addingTo gradients: Arena) {
    let outcome = workspace.outcomes[response]
    var elapsed = 0.0
    for step in workspace.tokens[response] {
      let coefficient = outcome.coefficient - outcome.logRatioCoefficient * elapsed
      var row = gradients[writing: logits, rows: step.context..<step.context + 1]
      for token in step.own.indices {
        row[token] += Float(coefficient * ((token == step.token ? 1 : 0) - exponential(step.own[token])))
      }
      elapsed += step.own[step.token] - (step.other?[step.token] ?? step.own[step.token])
    }
  }
}

extension ResponseOutcome {
  /// One token more: `own` and `other` are log-probabilities of the whole vocabulary.
  fileprivate mutating func add(_ own: [Double], _ other: [Double]?, token: Int) {
    tokenCount += 1
    logProbability += own[token]
    entropy -= own.reduce(0) { $0 + exponential($1) * $1 }
    guard let other else { return }
    referenceLogProbability += other[token]
    divergence += zip(own, other).reduce(0) { $0 + exponential($1.0) * ($1.0 - $1.1) }
  }
}

/// The groups of a shard, and what their tokens' rows hold.
public final class TabularWorkspace: ModelWorkspace, @unchecked Sendable {
  struct Step {
    var context: Int
    var token: Int
    var own: [Double]
    var other: [Double]?
  }

  public let capacity: WorkspaceCapacity
  public internal(set) var outcomes: [ResponseOutcome] = []
  fileprivate(set) var groups: [TokenGroup] = []
  fileprivate(set) var firstGroup = 0
  /// By response.
  var tokens: [[Step]] = []

  init(capacity: WorkspaceCapacity) { self.capacity = capacity }

  public func pack(_ groups: [TokenGroup], _ shard: Range<Int>) {
    precondition(groups[shard].allSatisfy(\.references.isEmpty), "a table evaluates references itself")
    self.groups = Array(groups[shard])
    firstGroup = shard.lowerBound
  }

  public func tokenLogProbabilities(response: Int) -> [Float] { tokens[response].map { Float($0.own[$0.token]) } }
}

/// Looks rows up.
public final class TabularDecoder: TokenDecoder {
  /// The parameters of decoders that were made together; written while none of them is at work.
  final class Shared: @unchecked Sendable {
    var parameters = Arena(count: 0)
  }

  private let model: TabularModel
  private let shared: Shared
  private var prompts: [Int32] = []
  /// Tokens so far, by response.
  private var responses: [[Int32]] = []
  private var rows: [Float] = []

  init(_ model: TabularModel, _ shared: Shared) {
    self.model = model
    self.shared = shared
  }

  public func adopt(_ parameters: Arena, pool: WorkerPool) { shared.parameters = parameters }

  public func prefill(_ prompts: ArraySlice<[Int32]>) {
    self.prompts = prompts.map { $0.last! }
    responses = []
    rows = []
    for prompt in self.prompts { append(context: model.context(prompt: prompt, after: [])) }
  }

  public func decode(_ tokens: [Int32], sequences: [Int], promptOf: [Int]) {
    if responses.isEmpty { responses = Array(repeating: [], count: promptOf.count) }
    rows.removeAll(keepingCapacity: true)
    for (token, sequence) in zip(tokens, sequences) {
      responses[sequence].append(token)
      append(context: model.context(prompt: prompts[promptOf[sequence]], after: responses[sequence]))
    }
  }

  private func append(context: Int) {
    let parameters = shared.parameters
    let row = parameters[model.logits, rows: context..<context + 1]
    for token in row.indices { rows.append(row[token]) }
  }

  @_lifetime(borrow self)
  public func logits(row: Int) -> Span<Float> {
    let all = rows
    let count = model.vocabularySize
    return _overrideLifetime(all.span.extracting(row * count..<(row + 1) * count), borrowing: self)
  }
}
