import Benchmark
import Poise
import PoiseModel

/// Whole steps of the `tiny` preset with a vocabulary of 1,024, on all processors.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock], maxDuration: .seconds(5), maxIterations: 200)
  supervisedStep()
  onlineStep(.ipo)
  onlineStep(.ipoMD)
  sampling(mixture: nil)
  sampling(mixture: 0.5)
  decoding(sequences: 1)
  decoding(sequences: 64)
}

let promptLength = 96
let responseLength = 32

func tinyPolicy() -> Policy {
  let configuration = Preset.tiny.configuration(vocabularySize: 1_024, endOfSequence: 0, contextLength: 256)
  return Policy(model: StoredModel(new: configuration, seed: 1), tokenizer: nil)
}

/// Tokens 1 to 1,023, another sequence for every seed; never the end of a response.
func tokens(_ count: Int, seed: Int) -> [Int32] { (0..<count).map { Int32(1 + ($0 * 271 + seed * 97) % 1_023) } }

func trainingOptions(batchSize: Int) -> TrainingOptions {
  TrainingOptions(
    steps: 1, batchSize: batchSize, schedule: Schedule(rate: 1e-4, totalSteps: 1), optimizer: .adamW(), seed: 1)
}

func supervisedStep() {
  let groups = (0..<256).map {
    TokenGroup(prompt: tokens(promptLength, seed: $0), responses: [tokens(responseLength, seed: 1_000 + $0)])
  }
  let trainer = SupervisedTrainer(
    tinyPolicy(), groups: groups, options: trainingOptions(batchSize: 32),
    pool: WorkerPool(workerCount: WorkerPool.processorCount))
  Benchmark("SFT step, 32 × (\(promptLength) + \(responseLength)) tokens") { _ in blackHole(try trainer.step()) }
}

func onlineStep(_ name: Algorithm.Name) {
  let policy = tinyPolicy()
  let prompts = (0..<256).map { Prompt(tokens: tokens(promptLength, seed: $0), text: "") }
  let trainer = OnlineTrainer(
    policy, reference: tinyPolicy().parameters, algorithm: Algorithm(name), feedback: .preferences(LongerIsBetter()),
    prompts: prompts,
    sampling: SamplingOptions(maximumTokens: responseLength), options: trainingOptions(batchSize: 16),
    pool: WorkerPool(workerCount: WorkerPool.processorCount))
  Benchmark("online \(name.rawValue) step, 16 × (\(promptLength) + 2 × \(responseLength)) tokens") { _ in
    blackHole(try trainer.step())
  }
}

/// An annotator that costs nothing.
struct LongerIsBetter: Annotator {
  let isAntisymmetric = true

  func preferences(_ comparisons: [Comparison]) -> [Double] {
    comparisons.map { $0.first.count == $0.second.count ? 0.5 : $0.first.count > $0.second.count ? 1 : 0 }
  }
}

/// 32 prompts × 2 responses on one thread: of the policy alone, or of a mixture, for which the reference decodes beside it.
func sampling(mixture: Double?) {
  let (policy, reference) = (tinyPolicy(), tinyPolicy())
  let prompts = (0..<32).map { tokens(promptLength, seed: $0) }
  let sampler = Sampler(
    policy.transformer, options: SamplingOptions(maximumTokens: responseLength), pool: WorkerPool(workerCount: 1),
    decodesReference: mixture != nil)
  let mixtures = Array(repeating: mixture ?? 0, count: 2)
  Benchmark("sample 32 × 2 responses\(mixture.map { " of the mixture \($0)" } ?? "")") { _ in
    blackHole(
      sampler.sample(
        prompts, mixtures: mixtures, policy: policy.parameters, reference: mixture == nil ? nil : reference.parameters,
        key: SamplingKey(seed: 1)))
  }
}

/// One token further for every response, on one thread, averaged over the positions of a response.
func decoding(sequences count: Int) {
  let policy = tinyPolicy()
  let decoder = Decoder(
    policy.transformer,
    capacity: DecoderCapacity(
      promptCount: 1, promptTokens: promptLength, longestPrompt: promptLength, sequenceCount: count,
      responseTokens: responseLength))
  let latest = tokens(count, seed: 3)
  let (sequences, promptOf) = (Array(0..<count), Array(repeating: 0, count: count))
  Benchmark("decode \(responseLength) tokens of \(count) response\(count == 1 ? "" : "s")") { benchmark in
    decoder.prefill([tokens(promptLength, seed: 2)], parameters: policy.parameters)
    benchmark.startMeasurement()
    for _ in 0..<responseLength {
      decoder.decode(latest, sequences: sequences, promptOf: promptOf, parameters: policy.parameters)
    }
    benchmark.stopMeasurement()
  }
}
