import PoiseModel
import PoiseObjectives
import Testing

@testable import Poise

@Suite struct TrainerTests {
  @Test func supervisedTrainingDoesNotDependOnTheNumberOfWorkers() throws {
    try expectInvariance(steps: 3) { TinyTrainer.supervised(workers: $0) }
  }

  @Test func onlineTrainingDoesNotDependOnTheNumberOfWorkers() throws {
    try expectInvariance(steps: 3) { TinyTrainer.online(workers: $0) }
  }

  @Test func supervisedTrainingLearnsItsResponses() throws {
    let trainer = TinyTrainer.supervised(options: TinyTrainer.options(.adamW(weightDecay: 0), steps: 60, batchSize: 5))
    let losses = try (0..<60).map { _ in try trainer.step().loss }
    #expect(losses.last! < 0.5 * losses.first!)
  }

  /// Large tokens win, so their share must grow, and with it the annotator's favour.
  @Test func onlineTrainingMovesThePolicyTowardsWhatIsPreferred() throws {
    let trainer = TinyTrainer.online(
      tinyPolicy(deviation: 0.05), responsesPerPrompt: 2, options: TinyTrainer.options(.adamW(beta1: 0), steps: 80, batchSize: 5))
    func meanToken() -> Double {
      let sampler = Sampler(
        trainer.policy.transformer, options: SamplingOptions(maximumTokens: 6), pool: WorkerPool(workerCount: 1))
      let responses = sampler.sample(
        TinyTrainer.prompts.map(\.tokens), count: 40, policy: trainer.policy.parameters, key: SamplingKey(seed: 99))
      let tokens = responses.joined().flatMap(\.tokens)
      return Double(tokens.reduce(0, +)) / Double(tokens.count)
    }
    let before = meanToken()
    for _ in 0..<80 { _ = try trainer.step() }
    #expect(meanToken() > before + 1)
  }

  @Test func aStepThatDivergesChangesNothing() throws {
    let trainer = TinyTrainer.supervised()
    _ = try trainer.step()
    let arena = trainer.policy.parameters
    var values = arena[writingElements: 0..<1]
    values[0] = .infinity
    let before = arena.bits
    let error = #expect(throws: DivergenceError.self) { try trainer.step() }
    #expect(error?.step == 2)
    #expect(arena.bits == before)
    #expect(trainer.optimizer.step == 1)
  }

  @Test func anUpdateThatOverflowsIsNotKept() throws {
    var options = TinyTrainer.options(.adamW())
    options.schedule = Schedule(rate: 1e39, totalSteps: 6)
    let trainer = TinyTrainer.supervised(options: options)
    let error = #expect(throws: DivergenceError.self) { try trainer.step() }
    #expect(error?.step == 1)
    #expect(error?.spoilsParameters == true && error?.description.contains("Nothing of this step was saved") == true)
    let layout = trainer.policy.transformer.parameterLayout
    let tensor = try #require(trainer.policy.parameters.firstNotFinite(of: layout))
    #expect(error?.what == "the new value of \(tensor.name)")
  }

  @Test func everyEpochShowsEveryExampleOnce() {
    var order = DataOrder(count: 7, batchSize: 3, seed: 1)
    let seen = (0..<14).flatMap { order.batch($0) }
    for epoch in 0..<6 { #expect(seen[7 * epoch..<7 * epoch + 7].sorted() == Array(0..<7)) }
    #expect(Array(seen[0..<7]) != Array(seen[7..<14]))
    var resumed = DataOrder(count: 7, batchSize: 3, seed: 1)
    #expect(resumed.batch(11) == Array(seen[33..<36]))
    #expect(order.epochs(after: 14) == 6)
  }
}
