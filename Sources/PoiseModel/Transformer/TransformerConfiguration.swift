/// What a transformer is made of: a decoder, with or without an encoder. Families (GPT-2, Llama, T5, …) are readers of their
/// `config.json` into this value.
public struct TransformerConfiguration: Sendable, Equatable {
  /// How rows are normalised before attention, before the feed-forward layer and before the head.
  public enum Normalization: String, Sendable { case rms, layer }

  /// How a token knows its place.
  public enum Positions: Sendable, Equatable {
    /// A learned vector a position, added to the embedding.
    case learned
    /// Rotation of queries and keys; `base` is θ of Su et al. 2021.
    case rotary(base: Double, scaling: RotaryScaling = .none)
    /// A number added to every score by the distance from query to key, one for each of some buckets of distances and each head;
    /// those of a stack's blocks are the same. Far distances share buckets, all beyond `maximumDistance` the last (Raffel et al.
    /// 2020).
    case relative(buckets: Int, maximumDistance: Int)
  }

  /// Blocks that read the prompt, every token seeing all of it. The decoder then begins with a start token in the prompt's place,
  /// and each of its blocks looks at what the encoder made of the prompt.
  public struct Encoder: Sendable, Equatable {
    public var blockCount: Int
    /// What the decoder reads first.
    public var startToken: Int

    public init(blockCount: Int, startToken: Int) {
      self.blockCount = blockCount
      self.startToken = startToken
    }
  }

  /// The feed-forward nonlinearity.
  public enum Activation: String, Sendable {
    /// down(gelu(up x)), tanh form.
    case gelu
    /// down(silu(gate x) ∘ up x).
    case siluGate
    /// down(max(up x, 0)).
    case relu
    /// down(gelu(gate x) ∘ up x), tanh form.
    case geluGate

    /// Whether a product before it makes a gate, too.
    public var isGated: Bool { self == .siluGate || self == .geluGate }
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
  /// Most positions a sequence may have; ``unlimitedContext`` where the model sets no limit.
  public var contextLength: Int
  /// C: floats of a row of the residual stream.
  public var width: Int
  /// Of the decoder.
  public var blockCount: Int
  public var encoder: Encoder?
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
  /// Scores are divided by √D.
  public var scalesScores: Bool
  public var activation: Activation
  public var biases: Biases
  public var head: Head
  /// A vocabulary head is the embedding, transposed.
  public var tiesHead: Bool
  /// What a vocabulary head reads is divided by √C.
  public var scalesHeadInput: Bool
  public var beginningOfSequence: Int?
  /// Tokens that end a response; the first is the one appended to text completions.
  public var endOfSequence: [Int]
  /// Standard deviation of fresh weights. With an encoder, each kind of weight has a deviation of its own (``Transformer``), and
  /// this is a factor of it.
  public var initializationDeviation: Float

  public init(
    vocabularySize: Int, contextLength: Int, width: Int, blockCount: Int, encoder: Encoder? = nil, headCount: Int,
    keyValueHeadCount: Int? = nil, headSize: Int? = nil, feedForwardWidth: Int, normalization: Normalization = .rms,
    epsilon: Float = 1e-5,
    positions: Positions = .rotary(base: 10_000), scalesScores: Bool = true, activation: Activation = .siluGate,
    biases: Biases = Biases(),
    head: Head = .vocabulary, tiesHead: Bool = true, scalesHeadInput: Bool = false, beginningOfSequence: Int? = nil,
    endOfSequence: [Int] = [],
    initializationDeviation: Float = 0.02
  ) {
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.width = width
    self.blockCount = blockCount
    self.encoder = encoder
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headSize = headSize ?? width / max(headCount, 1)
    self.feedForwardWidth = feedForwardWidth
    self.normalization = normalization
    self.epsilon = epsilon
    self.positions = positions
    self.scalesScores = scalesScores
    self.activation = activation
    self.biases = biases
    self.head = head
    self.tiesHead = tiesHead
    self.scalesHeadInput = scalesHeadInput
    self.beginningOfSequence = beginningOfSequence
    self.endOfSequence = endOfSequence
    self.initializationDeviation = initializationDeviation
  }

  /// Which rows of a group the head looks at.
  var reading: HeadReading { head == .vocabulary ? .predictions : .ends }
  /// Far more positions than memory holds.
  public static let unlimitedContext = 1 << 24

  // What a configuration may claim. The sum of all weights, which products of two sizes are, and plans of memory for the longest
  // text then stay far from overflow, and no file of a hundred bytes costs much memory.
  private static let largestSize = 1 << 24
  private static let mostBlocks = 512
  /// Floats of the longest text, a row a token, in all blocks: those of a Llama of 405 billion parameters that read ten million
  /// tokens.
  private static let longestPass = 1 << 46
  /// Of a head that is rotated, whose frequencies are looked at one by one.
  private static let largestRotatedHead = 1 << 16

  /// Columns of what the head computes.
  var headWidth: Int { head == .vocabulary ? vocabularySize : 1 }
  /// Columns of the queries, and of what attention returns: H·D.
  var queryWidth: Int { headCount * headSize }
  /// Columns of the keys, and of the values.
  var keyValueWidth: Int { keyValueHeadCount * headSize }
  /// Columns of the fused product: queries, keys, values.
  var queryKeyValueWidth: Int { queryWidth + 2 * keyValueWidth }
  /// Columns of the product before the activation: gate and up where there is a gate.
  var hiddenWidth: Int { activation.isGated ? 2 * feedForwardWidth : feedForwardWidth }
  /// What products of queries and keys are multiplied by.
  var attentionScale: Float { scalesScores ? 1 / Float(headSize).squareRoot() : 1 }
  /// What the head's normalised rows are multiplied by; nil where nothing is to be done.
  var headInputScale: Float? { scalesHeadInput && head == .vocabulary ? 1 / Float(width).squareRoot() : nil }

  /// What makes the configuration unusable, as a sentence; nil where nothing does.
  public var problem: String? {
    let sizes = [
      ("vocabulary size", vocabularySize), ("context length", contextLength), ("width", width), ("number of blocks", blockCount),
      ("number of heads", headCount), ("number of key-value heads", keyValueHeadCount), ("head size", headSize),
      ("feed-forward width", feedForwardWidth), ("number of encoder blocks", encoder?.blockCount ?? 1),
    ]
    if let (name, size) = sizes.first(where: { $0.1 < 1 || $0.1 > Self.largestSize }) {
      return "the \(name) is \(size); it must lie between 1 and \(Self.largestSize)."
    }
    if max(blockCount, encoder?.blockCount ?? 1) > Self.mostBlocks {
      return "there are \(max(blockCount, encoder?.blockCount ?? 1)) blocks; there may be \(Self.mostBlocks)."
    }
    if headCount * headSize > Self.largestSize {
      return "\(headCount) heads of size \(headSize) are wider than \(Self.largestSize)."
    }
    let widest = max(width, queryWidth, feedForwardWidth)
    if contextLength < Self.unlimitedContext, contextLength * widest > Self.longestPass / blockCount {
      return "\(contextLength) positions in \(blockCount) blocks, \(widest) wide, are more than can be computed."
    }
    if headCount % keyValueHeadCount != 0 {
      return "\(headCount) heads cannot share \(keyValueHeadCount) key-value heads evenly."
    }
    if case .rotary(let base, let scaling) = positions {
      if headSize % 2 != 0 || headSize > Self.largestRotatedHead {
        return "rotary positions need an even head size up to \(Self.largestRotatedHead), not \(headSize)."
      }
      if !(base > 0 && base.isFinite) { return "the rotary base must be positive, not \(base)." }
      if !(scaling.frequencies(base: base, headSize: headSize) + [scaling.amplitude]).allSatisfy({ $0 > 0 && $0.isFinite }) {
        return "the scaling of rotary positions, \(scaling), leaves frequencies or an amplitude that are not positive numbers."
      }
    }
    if case .relative(let buckets, let maximumDistance) = positions {
      // Half of them, of an encoder a quarter, hold one distance each; the rest share what lies up to the maximum.
      let most = Self.unlimitedContext
      if !(4...1024).contains(buckets) || buckets % 4 != 0 {
        return "the number of buckets of relative positions must be a multiple of 4 up to 1024, not \(buckets)."
      }
      if !(buckets / 2 + 1...most).contains(maximumDistance) {
        return
          "the largest distance of relative positions must lie between \(buckets / 2 + 1) and \(most), not \(maximumDistance)."
      }
    } else if encoder != nil {
      return "a model with an encoder must have relative positions."
    }
    if !(epsilon >= 0 && epsilon.isFinite) { return "the norms' epsilon must be zero or more, not \(epsilon)." }
    for token in endOfSequence + [beginningOfSequence, encoder?.startToken].compactMap(\.self)
    where !(0..<vocabularySize).contains(token) {
      return "the special token \(token) lies outside the vocabulary of \(vocabularySize)."
    }
    return nil
  }
}
