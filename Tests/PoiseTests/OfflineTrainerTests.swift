import PoiseModel
import Testing

@testable import Poise

extension TinyTrainer {
  /// Recorded comparisons as token ids; one says that the second response is the better, one that they are equal.
  static let examples = [
    (prompt: [3], [4, 4, 0], [5, 0], 1), (prompt: [4, 5, 6], [9, 0], [2, 3, 2, 3, 0], 0.25),
    (prompt: [7, 1], [1], [8, 8, 8], 0.9), (prompt: [8, 9, 10, 2], [6, 7, 8, 0], [0], 0.5),
    (prompt: [5], [10, 1, 0], [2, 2, 0], 0.7),
  ].map { (example: (prompt: [Int32], [Int32], [Int32], Double)) in
    PreferenceExample(
      group: TokenGroup(prompt: example.prompt, responses: [example.1, example.2]), preference: example.3)
  }

  static func offline(
    _ policy: Policy = tinyPolicy(), reference: Policy = tinyPolicy(), algorithm: Algorithm = Algorithm(.ipo),
    examples: [PreferenceExample] = examples, workers: Int = 1, options: TrainingOptions = options()
  ) -> OfflineTrainer<Policy> {
    OfflineTrainer(
      policy, reference: reference.parameters, algorithm: algorithm, examples: examples, options: options,
      pool: WorkerPool(workerCount: workers))
  }
}

@Suite struct OfflineTrainerTests {
  static let algorithms = Algorithm.table.filter(\.isOffline).map(\.name)

  /// log π of both responses of every example.
  private func scores(_ policy: Policy, _ examples: [PreferenceExample]) -> [(chosen: Double, rejected: Double)] {
    let scorer = Scorer(policy.transformer, policy: policy.parameters, reference: nil, pool: WorkerPool(workerCount: 1))
    let scores = scorer.score(examples.map(\.group)).map(\.logProbability)
    return examples.indices.map { (scores[2 * $0], scores[2 * $0 + 1]) }
  }

  @Test func whatACopyOfTheFileCanFeed() { #expect(Self.algorithms == [.ipo, .dpo, .slic, .slicHF]) }

  /// One example a step: the reference's log-probabilities are what the log-ratios leave of the policy's, whichever step it is.
  @Test func theReferenceIsScoredOnceAndStays() throws {
    let reference = tinyPolicy(seed: 2)
    let expected = scores(reference, TinyTrainer.examples)
    let trainer = TinyTrainer.offline(reference: reference, options: TinyTrainer.options(steps: 10, batchSize: 1))
    var order = DataOrder(count: 5, batchSize: 1, seed: 5)
    for step in 0..<10 {
      let index = order.batch(step)[0]
      let before = scores(trainer.policy, TinyTrainer.examples)[index]
      let record = try #require(try trainer.step().preference)
      let isTold = TinyTrainer.examples[index].preference >= 0.5
      let (chosen, rejected) = isTold ? expected[index] : (expected[index].rejected, expected[index].chosen)
      #expect(abs(record.chosenLogProbability - record.chosenLogRatio - chosen) < 1e-5)
      #expect(abs(record.rejectedLogProbability - record.rejectedLogRatio - rejected) < 1e-5)
      #expect(abs(record.chosenLogProbability - (isTold ? before.chosen : before.rejected)) < 1e-5)
    }
  }

  @Test(arguments: algorithms)
  func theFirstStepKnowsNoMargin(_ name: Algorithm.Name) throws {
    let record = try TinyTrainer.offline(algorithm: Algorithm(name)).step()
    let preference = try #require(record.preference)
    #expect(abs(preference.margin) < 1e-5)
    #expect(preference.chosenLogProbability < -1 && record.gradientNorm > 0)
    #expect(record.sampling == nil && record.judge == nil)
  }

  /// SLiC-HF lets go of a pair once it is as far ahead as asked, so it is asked for more than any pair has.
  @Test(arguments: algorithms)
  func theChosenRiseAgainstTheRejected(_ name: Algorithm.Name) throws {
    let examples = TinyTrainer.examples.filter { $0.preference > 0.5 }
    var settings = Algorithm.Settings()
    settings.margin = 20
    let trainer = TinyTrainer.offline(
      algorithm: Algorithm(name, settings), examples: examples,
      options: TinyTrainer.options(.adamW(beta1: 0), steps: 25, batchSize: 3))
    let before = scores(trainer.policy, examples)
    for _ in 0..<25 { _ = try trainer.step() }
    for (before, after) in zip(before, scores(trainer.policy, examples)) {
      #expect(after.chosen - after.rejected > before.chosen - before.rejected + 0.3)
    }
  }

  /// A label of ¼ says that the second response is the better one.
  @Test func labelsBelowOneHalfTurnAPairRound() throws {
    let example = TinyTrainer.examples[1]
    let turned = PreferenceExample(
      group: TokenGroup(prompt: example.group.prompt, responses: example.group.responses.reversed()), preference: 0.75)
    let results = try [example, turned].map { example in
      let trainer = TinyTrainer.offline(examples: [example], options: TinyTrainer.options(steps: 3, batchSize: 1))
      return (try (0..<3).map { _ in try trainer.step() }, trainer.policy.parameters.floats)
    }
    for (record, other) in zip(results[0].0, results[1].0) {
      #expect(abs(record.loss - other.loss) < 1e-5)
      #expect(abs(record.preference!.chosenLogRatio - other.preference!.chosenLogRatio) < 1e-5)
      #expect(record.preference!.chosenLength == 5 && record.preference!.rejectedLength == 2)
    }
    for (one, other) in zip(results[0].1, results[1].1) { #expect(abs(one - other) < 1e-4) }
  }

  @Test func aBatchLargerThanTheFileGoesThroughItAgain() throws {
    let trainer = TinyTrainer.offline(options: TinyTrainer.options(steps: 2, batchSize: 12))
    let record = try trainer.step()
    #expect(record.epoch == 2.4 && record.exampleCount == 12)
    #expect(record.loss.isFinite && record.gradientNorm > 0)
  }

  @Test(arguments: algorithms)
  func aResumedRunEndsInTheBitsOfTheUndisturbedOne(_ name: Algorithm.Name) throws {
    try expectResumable { TinyTrainer.offline($0, algorithm: Algorithm(name)) }
  }

  @Test(arguments: algorithms)
  func trainingDoesNotDependOnTheNumberOfWorkers(_ name: Algorithm.Name) throws {
    try expectInvariance(steps: 3) { TinyTrainer.offline(algorithm: Algorithm(name), workers: $0) }
  }
}

extension Arena {
  fileprivate var floats: [Float] {
    let values = all
    return values.indices.map { values[$0] }
  }
}
