import PoiseKernels
import PoiseModel
import PoiseRandom

/// Draws responses from a policy, or from the token-wise mixture of a policy and its reference. It knows token ids, never text.
///
/// A batch of prompts is shared out among the workers. A row of a decoder does not depend on the rows beside it, and the random
/// number of a token is keyed by (seed, step, prompt, response, token): so any number of workers draws the same tokens.
public final class Sampler<Model: LanguageModel>: @unchecked Sendable {
  public let model: Model
  public let options: SamplingOptions
  private let pool: WorkerPool
  private let decodesReference: Bool
  private var workers: [ShardSampler<Model>] = []
  private var capacity = DecoderCapacity(promptCount: 0, promptTokens: 0, longestPrompt: 0, sequenceCount: 0, responseTokens: 0)

  /// - Parameter decodesReference: evaluate the reference beside the policy; needed where it has a part in a mixture.
  public init(_ model: Model, options: SamplingOptions, pool: WorkerPool, decodesReference: Bool = false) {
    self.model = model
    self.options = options
    self.pool = pool
    self.decodesReference = decodesReference
  }

  /// `count` responses of the policy itself to every prompt.
  public func sample(
    _ prompts: [[Int32]], count: Int, policy: Arena, reference: Arena? = nil, key: SamplingKey, firstPrompt: Int = 0
  ) -> [[SampledResponse]] {
    sample(
      prompts, mixtures: Array(repeating: 0, count: count), policy: policy, reference: reference, key: key,
      firstPrompt: firstPrompt)
  }

  /// As many responses to every prompt as there are mixtures. Both models decode side by side, each with its own keys and values.
  ///
  /// - Parameters:
  ///   - mixtures: weight m of the reference in the π^(1−m) μ^m that a response is drawn from, token by token: 0 is the policy, 1
  ///     the reference, bit for bit.
  ///   - reference: needed where the sampler decodes one.
  ///   - firstPrompt: what the first prompt is called in random keys; later batches of one list continue the count.
  public func sample(
    _ prompts: [[Int32]], mixtures: [Double], policy: Arena, reference: Arena? = nil, key: SamplingKey, firstPrompt: Int = 0
  ) -> [[SampledResponse]] {
    precondition(!decodesReference || reference != nil)
    precondition(decodesReference || mixtures.allSatisfy { $0 == 0 }, "a mixture needs the reference decoded")
    let shards = Self.shards(of: prompts.count, responses: mixtures.count, workers: pool.workerCount)
    reserve(prompts, mixtures.count, shards)
    workers.first?.adopt(policy: policy, reference: decodesReference ? reference : nil, pool: pool)
    var responses: [[SampledResponse]] = Array(repeating: [], count: prompts.count)
    for start in stride(from: 0, to: shards.count, by: workers.count) {
      let wave = start..<min(start + workers.count, shards.count)
      pool.forEach(wave.count) { _, slot in
        let shard = shards[start + slot]
        workers[slot].sample(
          prompts[shard], mixtures: mixtures, options, key: key, firstPrompt: firstPrompt + shard.lowerBound)
      }
      for slot in 0..<wave.count {
        for (index, group) in zip(shards[start + slot], workers[slot].results) { responses[index] = group }
      }
    }
    return responses
  }

  /// Sequences that one decoder advances together: enough for products at full speed, few enough for caches of keys and values.
  private static var mostSequences: Int { 256 }

  /// The prompts that each decoder takes at a time, as many decoders as there are workers in each wave.
  private static func shards(of promptCount: Int, responses: Int, workers: Int) -> EvenRuns {
    let most = max(1, mostSequences / max(responses, 1))
    let waves = max(1, (promptCount + most * workers - 1) / (most * workers))
    return EvenRuns(of: promptCount, into: waves * workers)
  }

  private func reserve(_ prompts: [[Int32]], _ count: Int, _ shards: EvenRuns) {
    var needed = capacity
    needed.responseTokens = options.maximumTokens
    for shard in shards {
      needed.promptCount = max(needed.promptCount, shard.count)
      needed.promptTokens = max(needed.promptTokens, prompts[shard].reduce(0) { $0 + $1.count })
      needed.longestPrompt = max(needed.longestPrompt, prompts[shard].lazy.map(\.count).max() ?? 0)
      needed.sequenceCount = max(needed.sequenceCount, shard.count * count)
    }
    guard needed != capacity || workers.count < min(pool.workerCount, shards.count) else { return }
    capacity = needed
    workers = []  // or there would be room for both
    let count = min(pool.workerCount, shards.count)
    let policies = model.makeDecoders(count, capacity: needed)
    let references = decodesReference ? model.makeDecoders(count, capacity: needed) : []
    workers = policies.indices.map {
      ShardSampler(model, policy: policies[$0], reference: decodesReference ? references[$0] : nil)
    }
  }
}

extension Sampler where Model == Transformer {
  /// What a sampler makes for batches of `promptCount` prompts, where every prompt is as long as the longest.
  package static func memoryPlan(
    _ form: TransformerForm, promptCount: Int, longestPrompt: Int, responses: Int, options: SamplingOptions,
    workers: Int, decodesReference: Bool
  ) -> MemoryPlan {
    let shards = shards(of: promptCount, responses: responses, workers: workers)
    let largest = shards.lazy.map(\.count).max() ?? 0
    let capacity = DecoderCapacity(
      promptCount: largest, promptTokens: largest * longestPrompt, longestPrompt: longestPrompt,
      sequenceCount: largest * responses, responseTokens: options.maximumTokens)
    return ["the policy", "the reference"].prefix(decodesReference ? 2 : 1).reduce(MemoryPlan()) { plan, owner in
      plan + Decoder.memoryPlan(form, of: owner, count: min(workers, shards.count), capacity: capacity)
    }
  }
}

/// Decodes the prompts of one shard.
private final class ShardSampler<Model: LanguageModel> {
  /// By prompt of the shard, then by response.
  private(set) var results: [[SampledResponse]] = []

  private let policyDecoder: Model.Decoder
  private let referenceDecoder: Model.Decoder?
  private let endOfSequence: [Int]
  private var choice: TokenChoice
  /// log-probabilities that are drawn from, where they are not the policy's own.
  private var behaviourRow: [Float]

  init(_ model: Model, policy: Model.Decoder, reference: Model.Decoder?) {
    policyDecoder = policy
    referenceDecoder = reference
    endOfSequence = model.endOfSequence
    choice = TokenChoice(vocabularySize: model.vocabularySize)
    behaviourRow = Array(repeating: 0, count: model.vocabularySize)
  }

  /// Takes up parameters, for the decoders of all shards.
  func adopt(policy: Arena, reference: Arena?, pool: WorkerPool) {
    policyDecoder.adopt(policy, pool: pool)
    if let reference { referenceDecoder?.adopt(reference, pool: pool) }
  }

  func sample(
    _ prompts: ArraySlice<[Int32]>, mixtures: [Double], _ options: SamplingOptions, key: SamplingKey, firstPrompt: Int
  ) {
    let count = mixtures.count
    results = prompts.map { _ in Array(repeating: SampledResponse(), count: count) }
    let promptOf = (0..<prompts.count * count).map { $0 / count }
    policyDecoder.prefill(prompts)
    referenceDecoder?.prefill(prompts)
    var active = Array(promptOf.indices)
    var tokens: [Int32] = []
    for position in 0..<options.maximumTokens {
      var going: [Int] = []
      tokens.removeAll(keepingCapacity: true)
      for (row, sequence) in active.enumerated() {
        var generator = CounterGenerator(
          key.seed, key.step, UInt64(firstPrompt + promptOf[sequence]), UInt64(sequence % count), UInt64(position))
        let logitsRow = position == 0 ? promptOf[sequence] : row
        let token = chooseToken(
          logitsRow, mixture: mixtures[sequence % count], options, &results[promptOf[sequence]][sequence % count],
          uniform: generator.uniform())
        if endOfSequence.contains(token) {
          results[promptOf[sequence]][sequence % count].finish = .eos
        } else {
          going.append(sequence)
          tokens.append(Int32(token))
        }
      }
      active = going
      guard !active.isEmpty, position + 1 < options.maximumTokens else { return }
      policyDecoder.decode(tokens, sequences: active, promptOf: promptOf)
      referenceDecoder?.decode(tokens, sequences: active, promptOf: promptOf)
    }
  }

  /// Draws the next token of one response and books its log-probabilities.
  private func chooseToken(
    _ row: Int, mixture: Double, _ options: SamplingOptions, _ response: inout SampledResponse, uniform: Double
  ) -> Int {
    let decoder = policyDecoder
    let logits = decoder.logits(row: row)
    let logPartition = kernels.logSumExp(logits)
    if referenceDecoder == nil, options.isPlain {
      let token =
        options.isGreedy
        ? TokenChoice.greedy(logits) : kernels.drawToken(logits, logPartition: logPartition, uniform: uniform)
      response.add(token, logProbability: logits[token] - logPartition, behaviour: logits[token] - logPartition, options)
      return token
    }
    var behaviourLogPartition: Float = 0
    var referenceLogPartition: Float = 0
    if let referenceDecoder {
      let reference = referenceDecoder.logits(row: row)
      referenceLogPartition = kernels.logSumExp(reference)
      behaviourLogPartition = kernels.geometricMixture(
        policy: logits, policyLogPartition: logPartition, reference: reference, referenceLogPartition: referenceLogPartition,
        weight: Float(mixture), into: behaviourRow.mutableSpan)
      response.logMixturePartition += Double(behaviourLogPartition)
    } else {
      for token in logits.indices { behaviourRow[token] = logits[token] - logPartition }
    }
    if !options.isPlain {
      choice.reshape(&behaviourRow, options)
      behaviourLogPartition = 0
    }
    let token =
      options.isGreedy
      ? TokenChoice.greedy(behaviourRow.span)
      : kernels.drawToken(behaviourRow.span, logPartition: behaviourLogPartition, uniform: uniform)
    response.add(
      token, logProbability: logits[token] - logPartition, behaviour: behaviourRow[token] - behaviourLogPartition, options)
    if let referenceDecoder {
      let reference = referenceDecoder.logits(row: row)
      response.references.append(
        TokenReference(
          logProbability: reference[token] - referenceLogPartition,
          divergence: divergence(logits, logPartition, reference, referenceLogPartition)))
    }
    return token
  }

  /// KL(π‖μ) of one row of logits each.
  private func divergence(
    _ policy: Span<Float>, _ policyLogPartition: Float, _ reference: Span<Float>, _ referenceLogPartition: Float
  ) -> Float {
    let partitions: InlineArray<2, Float> = [policyLogPartition, referenceLogPartition]
    var divergence = InlineArray<1, Float>(repeating: 0)
    kernels.divergences(
      policy: policy, policyLogPartitions: partitions.span.extracting(0..<1), reference: reference,
      referenceLogPartitions: partitions.span.extracting(1..<2), columns: policy.count, into: divergence.mutableSpan)
    return divergence[0]
  }
}

extension SampledResponse {
  /// One token more, with its log-probabilities under the policy and under what it was drawn from.
  fileprivate mutating func add(_ token: Int, logProbability: Float, behaviour: Float, _ options: SamplingOptions) {
    tokens.append(Int32(token))
    self.logProbability += Double(logProbability)
    behaviourLogProbability += options.isGreedy ? 0 : Double(behaviour)
  }
}
