/// Arithmetic on rows of floats: everything between two matrix products. The protocol's witness table is the table of
/// functions through which the instruction set is chosen once, at start-up: ``kernels``.
///
/// Conventions
/// - Float32, row-major. A matrix is a span whose row length is given (`columns:`) or follows from a vector argument
///   (a gain of C elements makes x a (T, C) matrix). Counts are checked by precondition.
/// - `into:` overwrites, `addingTo:` accumulates, `updating:` works in place. Inputs first, outputs last.
/// - A backward takes the gradient of its forward's output as `dY` and writes gradients named after the inputs.
/// - Elements may be in any order of evaluation only where `Lanes` fold them: always sixteen lanes, whatever the
///   instruction set, so every conforming type returns the same bits.
/// - Errors against the double-precision twins (PoiseTwins) stand with each kernel's source and are tested.
public protocol KernelTable: Sendable {
  // MARK: Elementwise

  /// y ← exp x; ≤ 1 ulp; 0 below −103.97, +∞ above 88.73.
  func exponential(_ x: Span<Float>, into y: consuming MutableSpan<Float>)
  /// y ← y + x.
  func add(_ x: Span<Float>, addingTo y: consuming MutableSpan<Float>)
  /// y ← y + scale·x.
  func addScaled(_ x: Span<Float>, by scale: Float, addingTo y: consuming MutableSpan<Float>)
  /// y ← scale·y.
  func scale(by scale: Float, updating y: consuming MutableSpan<Float>)
  /// Y ← Y + 1·bᵀ, Y (T, C), b (C).
  func addBias(_ bias: Span<Float>, addingTo y: consuming MutableSpan<Float>)
  /// db ← db + Σ_t dY_t, dY (T, C), db (C).
  func biasBackward(_ dY: Span<Float>, addingTo dBias: consuming MutableSpan<Float>)

  // MARK: Norms

  /// Σ x², accumulated in double precision. NaN or ∞ exactly when an element is.
  func sumOfSquares(_ x: Span<Float>) -> Double

  /// y_t = g ∘ x_t·r_t, r_t = 1/√(mean x_t² + ε) (Zhang & Sennrich 2019). x, y (T, C); g (C); r (T).
  func rmsNormForward(
    _ x: Span<Float>, gain: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    inverseDeviations: consuming MutableSpan<Float>)
  /// - Parameter adding: dX accumulates, where the norm's input is also the residual stream; otherwise it is overwritten.
  func rmsNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>)

  /// y_t = g ∘ (x_t − m_t)·r_t + b, m_t = mean x_t, r_t = 1/√(var x_t + ε) (Ba, Kiros & Hinton 2016).
  /// x, y (T, C); g, b (C); m, r (T).
  func layerNormForward(
    _ x: Span<Float>, gain: Span<Float>, bias: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    means: consuming MutableSpan<Float>, inverseDeviations: consuming MutableSpan<Float>)
  func layerNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, means: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>,
    addingTo dBias: consuming MutableSpan<Float>)

  // MARK: Activations

  /// y = ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks & Gimpel 2016; Hugging Face "gelu_new").
  func geluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>)
  func geluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>)

  /// y = silu(gate) ∘ up, silu(z) = z/(1 + e^−z) (Shazeer 2020). `gateUp` (T, 2F): a row is its gate, then its up; y (T, F),
  /// `columns` = F.
  func siluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>)
  func siluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>)

  /// y = gelu(gate) ∘ up, of the same form.
  func geluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>)
  func geluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>)

  /// y = max(x, 0).
  func reluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>)
  func reluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>)

  // MARK: Positions

  /// Rotates each head of each row by its position's angles, halves paired (x_i, x_{i+D/2}) as Hugging Face stores them
  /// (Su et al. 2021). `x` (T, columns): the first `heads`·`headSize` columns of each row are rotated, the rest untouched.
  /// `cosines`, `sines` (P, D/2); `positions` (T) in 0..<P.
  func rotaryForward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating x: consuming MutableSpan<Float>)
  /// The inverse rotation: its own transpose.
  func rotaryBackward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating dX: consuming MutableSpan<Float>)

  // MARK: Embedding

  /// x_t ← table[token_t]. table (V, C), tokens (T) in 0..<V, x (T, C); `columns` = C.
  func embeddingForward(
    _ table: Span<Float>, tokens: Span<Int32>, columns: Int, into x: consuming MutableSpan<Float>)
  /// x_t ← x_t + table[token_t]: learned positions.
  func embeddingForward(
    _ table: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo x: consuming MutableSpan<Float>)
  func embeddingBackward(
    _ dX: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo dTable: consuming MutableSpan<Float>)

  // MARK: Attention

  /// Floats of scratch that attention of `rows` rows to `visible` keys takes, forward or backward.
  func attentionScratchElements(rows: Int, visible: Int, headSize: Int) -> Int
  /// Attention of a run of rows to itself, of the query heads that share one head of keys and values: rows of
  /// y ← Σ_j softmax_j(scale·q·k_j + bias)·v_j. x (T, columns) holds queries, keys and values of a row; y (T, stride).
  ///
  /// - Parameters:
  ///   - rows, prefix: rows of x. Causal rows see all of the prefix, those before them and themselves; others all rows, and no
  ///     prefix.
  ///   - queries: columns of the query heads, and of their outputs in y.
  ///   - keys, values: first columns.
  ///   - biases: empty, or what is added to the scores of a query head by distance, key's place − query's (Raffel et al. 2020).
  ///     Key j stands at place j, the prefix first. (query heads, distances): −(P − 1)…0 for causal rows, else −(P − 1)…P − 1,
  ///     with P no less than there are keys.
  func attentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool, queries: Range<Int>, keys: Int,
    values: Int, headSize: Int, scale: Float, biases: Span<Float>, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int)
  /// Its gradients, added to dX (T, columns) and, where there are biases, to dBiases: dY (T, stride). Scores are computed again.
  func attentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool,
    queries: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, biases: Span<Float>,
    scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    addingTo dBiases: consuming MutableSpan<Float>)

  /// The same of rows of x, which hold queries, to all of `memoryRows` of another matrix, which hold keys and values:
  /// x (T, columns), memory (M, memoryColumns), y (T, stride).
  func crossAttentionForward(
    _ x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>, memoryColumns: Int,
    memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int)
  func crossAttentionBackward(
    _ dY: Span<Float>, stride: Int, x: Span<Float>, columns: Int, rows: Range<Int>, queries: Range<Int>, memory: Span<Float>,
    memoryColumns: Int, memoryRows: Range<Int>, keys: Int, values: Int, headSize: Int, scale: Float,
    scratch: consuming MutableSpan<Float>, addingTo dX: consuming MutableSpan<Float>,
    addingTo dMemory: consuming MutableSpan<Float>)

  /// Attention of the latest tokens of responses that share a prompt, of the query heads that share one head of keys and values: rows
  /// of x (rows, columns) to the prompt's keys and values, packed as panels (D, promptCount) and (promptCount, D), and each to its own
  /// response's `count`: the panels (D, slots) and (slots, D) of head `head` of response `responses[row]`, in the order of the
  /// responses and their `heads` heads. `scratch` (rows, promptCount + count), each rounded up to panels. y (rows, stride).
  /// `biases` as of causal rows. A count of 0, with no keys and values, is attention to the prompt alone.
  func decodingAttention(
    _ x: Span<Float>, rows: Int, columns: Int, queries: Range<Int>, headSize: Int, scale: Float, biases: Span<Float>,
    promptCount: Int, promptKeys: Span<Float>, promptValues: Span<Float>, responses: Span<Int>, head: Int, heads: Int,
    count: Int, slots: Int, keys: Span<Float>, values: Span<Float>, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int)
  /// Puts one key and value (D) into panels of keys (D, slots) and values (slots, D), as column and row `slot`.
  func appendToPanels(
    key: Span<Float>, value: Span<Float>, slot: Int, slots: Int, keys: consuming MutableSpan<Float>,
    values: consuming MutableSpan<Float>)

  // MARK: Products of few rows

  /// Floats of scratch that `matrixProduct` takes.
  var productScratchElements: Int { get }
  /// C ← a·b, or C ← C + a·b. a (m, k): element (i, j) is `a[i·aRow + j·aColumn]`; b (k, columns) likewise; c (m, columns) with rows
  /// `stride` apart. Each element is summed in the order of k, each product in one rounding.
  func matrixProduct(
    _ a: Span<Float>, aRow: Int, aColumn: Int, _ b: Span<Float>, bRow: Int, bColumn: Int, rows m: Int, inner k: Int,
    columns: Int, adding: Bool, scratch: consuming MutableSpan<Float>, into c: consuming MutableSpan<Float>, stride: Int)
  /// Columns of a panel.
  var panelColumns: Int { get }
  /// Floats that the panels of a matrix (k, columns) take.
  func panelElements(rows k: Int, columns: Int) -> Int
  /// Panels ← b (k, columns), whose element (i, j) is `b[i·rowStride + j·columnStride]`: the right factor of many products.
  func packPanels(
    _ b: Span<Float>, rows k: Int, columns: Int, rowStride: Int, columnStride: Int, into panels: consuming MutableSpan<Float>)
  /// C ← a·b, or C ← C + a·b. a (m, k): element (i, j) is `a[i·rowStride + j·columnStride]`; b as panels (k, columns); c (m, columns)
  /// with rows `stride` apart. Each element is summed in the order of k, each product in one rounding.
  func multiplyPanels(
    _ a: Span<Float>, rows m: Int, rowStride: Int, columnStride: Int, panels: Span<Float>, inner k: Int, columns: Int,
    adding: Bool, stride: Int, into c: consuming MutableSpan<Float>)

  // MARK: The vocabulary head

  /// log Σ exp x. −∞ for an empty row or one of −∞ alone; +∞ and NaN pass through.
  func logSumExp(_ x: Span<Float>) -> Float
  /// One log Σ exp a row. logits (T, columns) → (T).
  func logPartitions(_ logits: Span<Float>, columns: Int, into logPartitions: consuming MutableSpan<Float>)
  /// Rows of y ← log softmax of rows of logits. Past the caches where y is larger than they are.
  func logSoftmax(_ logits: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>)
  /// Rows ← log softmax of rows.
  func logSoftmax(columns: Int, updating logits: consuming MutableSpan<Float>)
  /// log π of target n = logits[rows[n], targets[n]] − logPartitions[rows[n]]. Row and target ids (N); output (N).
  func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, rows: Span<Int32>, targets: Span<Int32>,
    into logProbabilities: consuming MutableSpan<Float>)
  /// The one backward seed of every objective: ∂/∂logits of Σ_n c_n log π(target_n), in place of the logits:
  /// row r ← Σ_{n: rows[n] = r} c_n (onehot(targets[n]) − softmax(logits_r)). Rows that no target names become 0.
  /// `rows` ascends (several targets may share a row); coefficients (N).
  func logProbabilityBackward(
    coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>, columns: Int,
    updating logits: consuming MutableSpan<Float>)
  /// The same out of place, for logits that are wanted again. Past the caches where the gradient is larger than they are.
  func logProbabilityBackward(
    _ logits: Span<Float>, coefficients: Span<Float>, rows: Span<Int32>, targets: Span<Int32>, logPartitions: Span<Float>,
    columns: Int, into dLogits: consuming MutableSpan<Float>)
  /// Floats of scratch that the next kernel wants for rows of `columns` ≥ 1.
  func targetScratchElements(columns: Int) -> Int
  /// log π of one target a row and, where its coefficient c is known beforehand, the gradient of Σ c·log π to the logits, in one pass
  /// over memory. Rows whose coefficient is 0 are not read; gradient and log π are 0. Past the caches where the gradient is larger
  /// than they are.
  func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, coefficients: Span<Float>, scratch: consuming MutableSpan<Float>,
    into logProbabilities: consuming MutableSpan<Float>, gradients dLogits: consuming MutableSpan<Float>)
  /// log π of one target a row and, where its coefficient follows from the log-probabilities, the gradient of log π up to a factor
  /// that is the row's own: ∂(log π_r)/∂logits_r = −(row r of gradients)/sums[r]. For as many rows as caches hold, since the gradient
  /// is met again. Sums (T).
  func targetLogProbabilities(
    _ logits: Span<Float>, columns: Int, targets: Span<Int32>, into logProbabilities: consuming MutableSpan<Float>,
    gradients: consuming MutableSpan<Float>, sums: consuming MutableSpan<Float>)
  /// Row r of such gradients ← c_r ∂(log π_r)/∂logits_r: no second exponential. Coefficients (T).
  func logProbabilityBackward(
    coefficients: Span<Float>, sums: Span<Float>, columns: Int, updating gradients: consuming MutableSpan<Float>)
  /// −Σ π log π of each row, in nats, π = softmax(logits).
  func entropies(
    _ logits: Span<Float>, columns: Int, logPartitions: Span<Float>, into entropies: consuming MutableSpan<Float>)
  /// KL(π‖μ) of each row over the whole vocabulary, in nats, never negative; exactly 0 where the rows are equal bit for bit.
  func divergences(
    policy: Span<Float>, policyLogPartitions: Span<Float>, reference: Span<Float>, referenceLogPartitions: Span<Float>,
    columns: Int, into divergences: consuming MutableSpan<Float>)
  /// One row of the geometric mixture π^(1−m) μ^m / Z, from logits and their log Σ exp: mixture ← (1−m) log π + m log μ, not
  /// normalised. Returns log Z ≤ 0, the mixture's log Σ exp. m = 0 and m = 1 give log π and log μ bit for bit and return 0.
  func geometricMixture(
    policy: Span<Float>, policyLogPartition: Float, reference: Span<Float>, referenceLogPartition: Float, weight: Float,
    into mixture: consuming MutableSpan<Float>
  ) -> Float
  /// The token at which the running sum of softmax(logits) passes `uniform` in 0..<1; never one of probability 0.
  func drawToken(_ logits: Span<Float>, logPartition: Float, uniform: Double) -> Int

  // MARK: Optimisers

  /// One AdamW step (Loshchilov & Hutter 2019): g ← gradientScale·g; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
  /// p ← p − rate·weightDecay·p − rate·(m·firstCorrection) / (√(v·secondCorrection) + ε), where the corrections of bias are
  /// 1/(1−β₁^t) and 1/(1−β₂^t).
  func adamW(
    gradients: Span<Float>, gradientScale: Float, rate: Float, weightDecay: Float, beta1: Float, beta2: Float,
    epsilon: Float, firstCorrection: Float, secondCorrection: Float, updating parameters: consuming MutableSpan<Float>,
    updating firstMoments: consuming MutableSpan<Float>, updating secondMoments: consuming MutableSpan<Float>)

  /// Adafactor's factored second moments (Shazeer & Stern 2018) of a matrix (R, C): row r ← decay·row + (1−decay)·mean_C(g² + ε),
  /// column likewise over rows; g already times gradientScale. rows (R), columns (C).
  func adafactorMoments(
    gradients: Span<Float>, gradientScale: Float, decay: Float, epsilon: Float,
    updating rowMoments: consuming MutableSpan<Float>, updating columnMoments: consuming MutableSpan<Float>)
  /// g ← g·gradientScale / √(row·column / mean(row)) in place; returns Σ of the new squares.
  func adafactorDirection(
    rowMoments: Span<Float>, columnMoments: Span<Float>, gradientScale: Float, updating gradients: consuming MutableSpan<Float>
  ) -> Double
  /// The unfactored form for vectors and small matrices: v ← decay·v + (1−decay)(g² + ε), g ← g/√v in place; returns Σ of the
  /// new squares.
  func adafactorDirection(
    gradientScale: Float, decay: Float, epsilon: Float, updating moments: consuming MutableSpan<Float>,
    updating gradients: consuming MutableSpan<Float>
  ) -> Double

  // MARK: Limits

  /// Σ x, as fast as memory can be read; for the speed of reading rather than for the sum.
  func sum(_ x: Span<Float>) -> Float
  /// y ← x.
  func copy(_ x: Span<Float>, into y: consuming MutableSpan<Float>)
  /// accumulators ← ½·accumulators + x, `rounds` times over, in chains of fused multiply-adds that do not wait for each other:
  /// two operations an element and round, and the most a core can do. accumulators (96), or (192) where there are registers
  /// enough.
  func multiplyAdd(_ x: Float, rounds: Int, updating accumulators: consuming MutableSpan<Float>)
}
