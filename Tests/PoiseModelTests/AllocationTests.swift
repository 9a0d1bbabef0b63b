import PoiseTestSupport
import Synchronization
import Testing

@testable import PoiseModel

/// The steady state of training and decoding allocates nothing.
@Suite(.enabled(if: AllocationCounter.isSupported, "this platform's allocator cannot be counted")) struct AllocationTests {
  /// Bytes in which Swift boxes the closure that a pool hands to its threads: the one allocation of a step, and only where there
  /// are other threads.
  private static let box = 32

  /// Allocations that `body` makes on the calling thread and on all workers of the pool.
  private func countAllocations(_ pool: WorkerPool, _ body: () -> Void) -> Int {
    let counter = AllocationCounter(smallest: max(AllocationCounter.smallestOfInterest, pool.workerCount == 1 ? 0 : Self.box + 1))
    onEveryWorker(of: pool) { counter.attachThread() }
    body()
    let count = counter.count
    onEveryWorker(of: pool) { counter.detachThread() }
    return count
  }

  /// Each worker waits for the others, so that none takes two items.
  private func onEveryWorker(of pool: WorkerPool, _ body: () -> Void) {
    let arrived = Atomic(0)
    pool.forEach(pool.workerCount) { _, _ in
      body()
      arrived.add(1, ordering: .sequentiallyConsistent)
      while arrived.load(ordering: .sequentiallyConsistent) < pool.workerCount {}
    }
  }

  /// A pool whose threads have all multiplied once: OpenBLAS gives a thread its buffer then.
  private func warmPool(workerCount: Int, _ transformer: Transformer) -> WorkerPool {
    let pool = WorkerPool(workerCount: workerCount)
    let parameters = transformer.randomParameters(seed: 1)
    let groups = transformer.mixedGroups
    let capacity = WorkspaceCapacity(groups, reading: transformer.reading)
    onEveryWorker(of: pool) {
      let workspace = Workspace(transformer, capacity: capacity, backward: false, reference: false)
      for group in groups { workspace.batch.append(group) }
      transformer.evaluate(workspace, policy: parameters)
    }
    return pool
  }

  @Test func allocationsOfEveryWorkerAreCounted() {
    let pool = WorkerPool(workerCount: 2)
    let arrays = pool.workerCount
    let count = countAllocations(pool) {
      onEveryWorker(of: pool) { withExtendedLifetime(Array(repeating: UInt8(1), count: 2000)) {} }
    }
    #expect(count >= arrays)
    #expect(countAllocations(pool) {} == 0)
  }

  /// Of a policy beside its reference.
  @Test(arguments: [1, 2], [TransformerCase.llama, .gpt2, .t5])
  func aTrainingStepAllocatesNothing(workerCount: Int, _ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    expectNoAllocations(
      transformer, transformer.mixedGroups, reference: transformer.randomParameters(seed: 2), workerCount: workerCount)
  }

  /// Of a policy whose responses bring what their reference says.
  @Test(arguments: [1, 2]) func aTrainingStepWithSampledReferencesAllocatesNothing(workerCount: Int) {
    let transformer = Transformer(TransformerCase.llama.configuration)
    var groups = transformer.mixedGroups
    for index in groups.indices {
      groups[index].references = groups[index].responses.map {
        $0.map { _ in TokenReference(logProbability: -1, divergence: 0.5) }
      }
    }
    expectNoAllocations(transformer, groups, reference: nil, workerCount: workerCount)
  }

  @Test(arguments: [1, 2], [TransformerCase.llama, .gpt2, .t5])
  func aTrainingStepOfAJudgeAllocatesNothing(workerCount: Int, _ example: TransformerCase) {
    var configuration = example.configuration
    configuration.head = .scalar
    let transformer = Transformer(configuration)
    expectNoAllocations(transformer, transformer.mixedGroups, reference: nil, workerCount: workerCount)
  }

  private func expectNoAllocations(_ transformer: Transformer, _ groups: [TokenGroup], reference: Arena?, workerCount: Int) {
    let pool = warmPool(workerCount: workerCount, transformer)
    let policy = transformer.randomParameters(seed: 1)
    let pass = ShardedPass(transformer, pool: pool, shardCount: 3, backward: true, reference: reference != nil)
    let optimizers = [OptimizerKind.adafactor, .adamW(), .stochasticGradientDescent()].map {
      Optimizer($0, parameters: transformer.parameters.layout)
    }
    func step() {
      for optimizer in optimizers {
        pass.differentiate(groups, policy: policy, reference: reference) { responses in
          for index in responses.indices { responses[index].coefficient = -1 }
        }
        _ = pass.gradientNorm()
        optimizer.update(policy, gradients: pass.gradients, gradientScale: 1, rate: 1e-4, pool: pool)
      }
    }
    step()
    #expect(countAllocations(pool, step) == 0)
  }

  @Test(arguments: [1, 2]) func aProfiledStepAllocatesNothing(workerCount: Int) {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let pool = warmPool(workerCount: workerCount, transformer)
    let parameters = transformer.randomParameters(seed: 1)
    let groups = transformer.mixedGroups
    let pass = ShardedPass(transformer, pool: pool, shardCount: 3, backward: true, reference: false)
    Profiler(traceCapacity: 10_000).profile {
      profiled(.other) {
        func step() {
          pass.differentiate(groups, policy: parameters, reference: nil) { responses in
            for index in responses.indices { responses[index].coefficient = -1 }
          }
        }
        step()
        #expect(countAllocations(pool, step) == 0)
      }
    }
  }

  @Test func anEvaluationAllocatesNothing() {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let pool = warmPool(workerCount: 2, transformer)
    let (policy, reference) = (transformer.randomParameters(seed: 1), transformer.randomParameters(seed: 2))
    let groups = transformer.mixedGroups
    let pass = ShardedPass(transformer, pool: pool, shardCount: 2, backward: false, reference: true)
    pass.evaluate(groups, policy: policy, reference: reference)
    #expect(countAllocations(pool) { pass.evaluate(groups, policy: policy, reference: reference) } == 0)
  }

  @Test(arguments: [TransformerCase.llama, .gpt2, .t5])
  func decodingAllocatesNothing(_ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    let parameters = transformer.randomParameters(seed: 1)
    let decoder = transformer.makeDecoder(
      parameters,
      capacity: DecoderCapacity(promptCount: 2, promptTokens: 8, longestPrompt: 5, sequenceCount: 4, responseTokens: 4))
    let prompts: [[Int32]] = [[1, 2, 3, 4, 5], [6, 7, 8]]
    let (promptOf, all, some) = ([0, 0, 1, 1], [0, 1, 2, 3], [1, 2])
    let (tokens, fewer): ([Int32], [Int32]) = ([1, 2, 3, 4], [5, 6])
    func decode() {
      decoder.prefill(prompts[...])
      decoder.decode(tokens, sequences: all, promptOf: promptOf)
      decoder.decode(fewer, sequences: some, promptOf: promptOf)
    }
    decode()
    #expect(PoiseTestSupport.countAllocations(decode) == 0)
  }
}
