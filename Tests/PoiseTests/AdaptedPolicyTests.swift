import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

/// Policies of which adapters are trained: every trainer takes them as they are.
@Suite struct AdaptedPolicyTests {
  private let folder: TemporaryFolder
  private var base: String { folder.path + "/base" }

  init() throws {
    folder = try TemporaryFolder()
    try tinyPolicy().save(folder: base)
  }

  private func policy(seed: UInt64 = 1) throws -> Policy {
    try Policy(PolicyOutline(folder: base).adapted(by: AdapterConfiguration(rank: 2)), seed: seed)
  }

  private func online(_ policy: Policy, _ name: Algorithm.Name, workers: Int = 1) throws -> OnlineTrainer<Policy> {
    OnlineTrainer(
      policy, reference: try policy.referenceParameters(folder: base), algorithm: Algorithm(name, .init(tau: 0.2)),
      feedback: .preferences(LargeTokens()), prompts: TinyTrainer.prompts, responsesPerPrompt: 3,
      sampling: SamplingOptions(maximumTokens: 6), options: TinyTrainer.options(), pool: WorkerPool(workerCount: workers))
  }

  /// The frozen weights stay, adapters move, and the number of workers is nobody's business.
  @Test(arguments: [Algorithm.Name.ipo, .ipoMD]) func onlyAdaptersAreTrained(_ name: Algorithm.Name) throws {
    let ends = try [1, 3].map { workers in
      let policy = try policy()
      let start = policy.parameters.bits
      let trainer = try online(policy, name, workers: workers)
      let records = try (0..<4).map { _ in try trainer.step() }
      // The first step is taken where policy and reference are the same.
      #expect(records[0].untimed != records[3].untimed)
      let hasMoved = policy.parameters.bits != start
      #expect(hasMoved)
      return policy
    }
    let isEqual = ends[0].parameters.bits == ends[1].parameters.bits
    #expect(isEqual)
    let merged = ends[0].merged()
    try merged.save(folder: folder.path + "/merged")
    #expect(try PolicyOutline(folder: folder.path + "/merged").isAdapted == false)
  }

  /// A mixture has the bits of the reference that a pass evaluates, with adapters too.
  @Test func decodedReferencesAreThoseOfAPass() throws {
    let policy = try policy()
    var values = policy.parameters.writing
    for index in values.indices { values[index] += 0.125 }
    let reference = try policy.referenceParameters(folder: base)
    let sampler = Sampler(
      policy.languageModel, options: SamplingOptions(maximumTokens: 6), pool: WorkerPool(workerCount: 1), decodesReference: true)
    let prompt: [Int32] = [3, 4]
    let response = sampler.sample(
      [prompt], mixtures: [0.5], policy: policy.parameters, reference: reference, key: SamplingKey(seed: 1))[0][0]
    let scores = Scorer(policy.transformer, policy: policy.parameters, reference: reference, pool: WorkerPool(workerCount: 1))
      .score([TokenGroup(prompt: prompt, responses: [response.tokens])])
    #expect(scores[0].logProbability == response.logProbability)
    #expect(scores[0].referenceLogProbability == response.referenceLogProbability)
    #expect(response.referenceLogProbability != response.logProbability)
  }

  @Test(arguments: [1, 2], [Algorithm.Name.ipo, .nashMD])
  func trainingTakesWhatWasPlanned(workers: Int, _ name: Algorithm.Name) throws {
    let prompts = (0..<5).map { Prompt(tokens: [3, 4, Int32($0)], text: "") }
    let (algorithm, sampling, options) = (Algorithm(name), SamplingOptions(maximumTokens: 6), TinyTrainer.options())
    let outline = try PolicyOutline(folder: base).adapted(by: AdapterConfiguration(rank: 2))
    let profiler = Profiler()
    try profiler.profile {
      let policy = try Policy(outline)
      let trainer = OnlineTrainer(
        policy, reference: try policy.referenceParameters(folder: base), algorithm: algorithm,
        feedback: .preferences(LargeTokens()), prompts: prompts, responsesPerPrompt: 3, sampling: sampling, options: options,
        pool: WorkerPool(workerCount: workers))
      for _ in 0..<3 { _ = try trainer.step() }
    }
    let parameters = [MemoryPlan(frozenParametersOf: outline.form), MemoryPlan(parametersOf: "the policy", outline.form)]
    let plan =
      parameters[0] + parameters[1] + MemoryPlan(parametersOf: "the reference", outline.form)
      + OnlineTrainer.memoryPlan(
        outline.form, algorithm: algorithm, longestPrompt: 3, responsesPerPrompt: 3, sampling: sampling, options: options,
        workers: workers)
    for purpose in MemoryPurpose.allCases { #expect(plan.bytes(for: purpose) == profiler.result.planned[purpose]) }
    // One set of weights, whatever else there is.
    #expect(plan.bytes(for: .parameters) == parameters[0].bytes + 2 * parameters[1].bytes)
  }

  @Test func referencesShareTheWeights() throws {
    let (policy, own) = (try policy(), folder.path + "/own")
    let isZero = try policy.referenceParameters(folder: base).bits.allSatisfy { $0 == 0 }
    #expect(isZero)
    try policy.save(folder: own)
    let isSame = try policy.referenceParameters(folder: own).bits == policy.parameters.bits
    #expect(isSame)
    let other = folder.path + "/other"
    try tinyPolicy(seed: 2).save(folder: other)
    #expect(throws: PolicyError.differentBases(folder: other)) { _ = try policy.referenceParameters(folder: other) }
    let wider = folder.path + "/wider"
    try Policy(PolicyOutline(folder: base).adapted(by: AdapterConfiguration(rank: 3))).save(folder: wider)
    #expect(throws: PolicyError.differentBases(folder: wider)) { _ = try policy.referenceParameters(folder: wider) }
  }

  @Test func adaptersAreNotAdapted() throws {
    let own = folder.path + "/own"
    try policy().save(folder: own)
    #expect(throws: PolicyError.adaptedAlready(folder: own)) {
      _ = try PolicyOutline(folder: own).adapted(by: AdapterConfiguration(rank: 2))
    }
  }
}
