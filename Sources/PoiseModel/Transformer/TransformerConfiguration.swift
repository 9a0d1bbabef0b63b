/// What a decoder-only transformer is made of. Families (GPT-2, Llama, …) are readers of their `config.json` into this value.
public struct TransformerConfiguration: Sendable, Equatable {
  /// How rows are normalised before attention, before the feed-forward layer and before the head.
  public enum Normalization: String, Sendable { case rms, layer }

  /// How a token knows its place.
  public enum Positions: Sendable, Equatable {
    /// A learned vector a position, added to the embedding.
    case learned
    /// Rotation of queries and keys; `base` is θ of Su et al. 2021.
    case rotary(base: Double, scaling: RotaryScaling = .none)
  }

  /// The feed-forward nonlinearity.
  public enum Activation: String, Sendable {
    /// down(gelu(up x)), tanh form.
    case gelu
    /// down(silu(gate x) ∘ up x).
    case siluGate
  }

  /// What a row of the last block becomes.
  public enum Head: String, Sendable {
    /// Logits of the next token: a policy.
    case vocabulary
    /// One number at the last token of a text: a reward or preference model.
    case scalar
  }

  /// Which linear layers carry a bias.
  public struct Biases: Sendable, Equatable {
    public var queryKeyValue: Bool
    public var attentionOutput: Bool
    public var feedForward: Bool

    public init(queryKeyValue: Bool = false, attentionOutput: Bool = false, feedForward: Bool = false) {
      self.queryKeyValue = queryKeyValue
      self.attentionOutput = attentionOutput
      self.feedForward = feedForward
    }
  }

  public var vocabularySize: Int
  /// Most positions a sequence may have.
  public var contextLength: Int
  /// C: floats of a row of the residual stream.
  public var width: Int
  public var blockCount: Int
  /// H: query heads.
  public var headCount: Int
  /// Heads of keys and values; divides `headCount`.
  public var keyValueHeadCount: Int
  /// D: floats of a head; even with rotary positions.
  public var headSize: Int
  /// F: floats between the two feed-forward products.
  public var feedForwardWidth: Int
  public var normalization: Normalization
  /// ε under the root of the norms.
  public var epsilon: Float
  public var positions: Positions
  public var activation: Activation
  public var biases: Biases
  public var head: Head
  /// A vocabulary head is the embedding, transposed.
  public var tiesHead: Bool
  public var beginningOfSequence: Int?
  /// Tokens that end a response; the first is the one appended to text completions.
  public var endOfSequence: [Int]
  /// Standard deviation of fresh weights.
  public var initializationDeviation: Float

  public init(
    vocabularySize: Int, contextLength: Int, width: Int, blockCount: Int, headCount: Int, keyValueHeadCount: Int? = nil,
    headSize: Int? = nil, feedForwardWidth: Int, normalization: Normalization = .rms, epsilon: Float = 1e-5,
    positions: Positions = .rotary(base: 10_000), activation: Activation = .siluGate, biases: Biases = Biases(),
    head: Head = .vocabulary, tiesHead: Bool = true, beginningOfSequence: Int? = nil, endOfSequence: [Int] = [],
    initializationDeviation: Float = 0.02
  ) {
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.width = width
    self.blockCount = blockCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headSize = headSize ?? width / max(headCount, 1)
    self.feedForwardWidth = feedForwardWidth
    self.normalization = normalization
    self.epsilon = epsilon
    self.positions = positions
    self.activation = activation
    self.biases = biases
    self.head = head
    self.tiesHead = tiesHead
    self.beginningOfSequence = beginningOfSequence
    self.endOfSequence = endOfSequence
    self.initializationDeviation = initializationDeviation
  }

  /// Which rows of a group the head looks at.
  var reading: HeadReading { head == .vocabulary ? .predictions : .ends }
  /// Columns of what the head computes.
  var headWidth: Int { head == .vocabulary ? vocabularySize : 1 }
  /// Columns of the queries, and of what attention returns: H·D.
  var queryWidth: Int { headCount * headSize }
  /// Columns of the keys, and of the values.
  var keyValueWidth: Int { keyValueHeadCount * headSize }
  /// Columns of the fused product: queries, keys, values.
  var queryKeyValueWidth: Int { queryWidth + 2 * keyValueWidth }
  /// Columns of the product before the activation: gate and up where there is a gate.
  var hiddenWidth: Int { activation == .siluGate ? 2 * feedForwardWidth : feedForwardWidth }

  /// What makes the configuration unusable, as a sentence; nil where nothing does.
  public var problem: String? {
    let sizes = [
      ("vocabulary size", vocabularySize), ("context length", contextLength), ("width", width), ("number of blocks", blockCount),
      ("number of heads", headCount), ("number of key-value heads", keyValueHeadCount), ("head size", headSize),
      ("feed-forward width", feedForwardWidth),
    ]
    let largest = 1 << 24  // products of two sizes then stay far from overflow
    if let (name, size) = sizes.first(where: { $0.1 < 1 || $0.1 > largest }) {
      return "the \(name) is \(size); it must lie between 1 and \(largest)."
    }
    if headCount % keyValueHeadCount != 0 {
      return "\(headCount) heads cannot share \(keyValueHeadCount) key-value heads evenly."
    }
    if case .rotary(let base, let scaling) = positions {
      if headSize % 2 != 0 { return "rotary positions need an even head size, not \(headSize)." }
      if !(base > 0 && base.isFinite) { return "the rotary base must be positive, not \(base)." }
      if !(scaling.frequencies(base: base, headSize: headSize) + [scaling.amplitude]).allSatisfy({ $0 > 0 && $0.isFinite }) {
        return "the scaling of rotary positions, \(scaling), leaves frequencies or an amplitude that are not positive numbers."
      }
    }
    if !(epsilon >= 0 && epsilon.isFinite) { return "the norms' epsilon must be zero or more, not \(epsilon)." }
    for token in endOfSequence + [beginningOfSequence].compactMap(\.self) where !(0..<vocabularySize).contains(token) {
      return "the special token \(token) lies outside the vocabulary of \(vocabularySize)."
    }
    return nil
  }
}
