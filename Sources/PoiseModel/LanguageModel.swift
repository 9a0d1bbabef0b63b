/// Something with parameters that reads packed groups: what a pass over a batch needs to know of a model. A model is a function;
/// its parameters are passed in, so that policy, reference and gradients are arenas of one layout.
public protocol DifferentiableModel: Sendable {
  associatedtype Workspace: ModelWorkspace

  /// Where every parameter lies.
  var parameterLayout: Layout { get }
  /// Which rows of a group the head looks at.
  var reading: HeadReading { get }

  /// Memory for one shard of a batch.
  ///
  /// - Parameters:
  ///   - backward: gradients will be asked for.
  ///   - reference: a reference will be evaluated beside the policy.
  func makeWorkspace(capacity: WorkspaceCapacity, backward: Bool, reference: Bool) -> Workspace

  /// Fills the workspace's outcomes for the groups packed into it.
  func evaluate(_ workspace: Workspace, policy: Arena, reference: Arena?)

  /// Fills the outcomes, lets `objective` write coefficients into those of each group, and adds ∇ Σ coefficient · outcome to
  /// `gradients`.
  func differentiate(
    _ workspace: Workspace, policy: Arena, reference: Arena?, addingTo gradients: Arena,
    objective: (_ responses: inout MutableSpan<ResponseOutcome>) -> Void)
}

/// A model of what follows a prompt, token by token: what can be sampled from.
public protocol LanguageModel: DifferentiableModel {
  associatedtype Decoder: TokenDecoder

  /// V
  var vocabularySize: Int { get }
  /// Tokens that end a response.
  var endOfSequence: [Int] { get }
  /// Whether log-probabilities and divergences that a decoder's logits give are, to the last bit, those of a pass over the same
  /// tokens. Then nobody can tell whether a pass evaluated a reference, or took over what sampling found (``TokenGroup/references``).
  var decodesExactly: Bool { get }

  /// Decoders for workers that decode the same parameters side by side: they share what can be shared.
  func makeDecoders(_ count: Int, capacity: DecoderCapacity) -> [Decoder]
}

/// What one worker needs for one shard. A pass over groups that fit its capacity allocates nothing.
public protocol ModelWorkspace: AnyObject, Sendable {
  var capacity: WorkspaceCapacity { get }
  /// One a response of the packed groups, in their order, after a pass.
  var outcomes: [ResponseOutcome] { get }
  /// Packs a shard of a batch; outcomes count groups as the batch does.
  func pack(_ groups: [TokenGroup], _ shard: Range<Int>)
  /// log π of the tokens of one response, in order, after a pass.
  func tokenLogProbabilities(response: Int) -> [Float]
}

/// Next-token logits for many responses at once. After `adopt` and `prefill`, all advance in step: `decode` with the latest token of every
/// response that goes on. Who picks the tokens is the caller's affair.
public protocol TokenDecoder: AnyObject {
  /// Takes up parameters, for all the decoders that were made together. To be called again when they have changed.
  func adopt(_ parameters: Arena, pool: WorkerPool)
  /// Reads the prompts. Logits row g then predicts the first token of every response to prompt g.
  func prefill(_ prompts: ArraySlice<[Int32]>)
  /// One token further. Row i of the logits then predicts what follows `tokens[i]` in response `sequences[i]`.
  ///
  /// - Parameters:
  ///   - tokens: the latest token of each response that goes on (n).
  ///   - sequences: which responses those are (n), ascending; response s answers prompt `promptOf[s]`.
  func decode(_ tokens: [Int32], sequences: [Int], promptOf: [Int])
  /// Logits of row `row` of the latest `prefill` or `decode` (V).
  @_lifetime(borrow self)
  func logits(row: Int) -> Span<Float>
}

/// What a model's head looks at.
public enum HeadReading: Sendable {
  /// Every row that predicts a token of a response.
  case predictions
  /// The row of the last token of each response.
  case ends
}

/// What a pass found out about one response. Sums over its tokens, end-of-sequence included, in nats.
public struct ResponseOutcome: Sendable, Equatable {
  /// Group of the batch that it belongs to.
  public var group: Int
  /// Tokens that were predicted, the end-of-sequence token included; 0 with a scalar head.
  public var tokenCount: Int = 0
  /// log π(y | x).
  public var logProbability: Double = 0
  /// log π_ref(y | x); 0 without a reference.
  public var referenceLogProbability: Double = 0
  /// Σ_t KL(π(· | x, y_<t) ‖ π_ref(· | x, y_<t)) over the whole vocabulary.
  public var divergence: Double = 0
  /// Σ_t entropy of π(· | x, y_<t).
  public var entropy: Double = 0
  /// What a scalar head says of the response; 0 with a vocabulary head.
  public var score: Double = 0
  /// ∂loss/∂log π(y), or ∂loss/∂score: written by the objective, read by the backward pass.
  public var coefficient: Double = 0
  /// κ: token n's own coefficient is `coefficient` − κ Σ_{m<n} log π/π_ref of token m. A policy gradient whose weight holds κ
  /// times the whole log-ratio takes away what came before the token, which is no consequence of it (Munos et al. 2023,
  /// arXiv 2312.00886, appendix F). 0 for contrastive losses.
  public var logRatioCoefficient: Double = 0

  public init(group: Int) { self.group = group }
}
