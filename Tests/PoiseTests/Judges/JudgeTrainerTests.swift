import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

/// When the training of a judge ends, what it leaves, and that it can be resumed.
@Suite struct JudgeTrainerTests {
  private let training = TinyJudge.comparisons(40, seed: 1) { $0 > $1 ? 1 : 0 }
  /// What training teaches is wrong here: agreement can only fall.
  private let contrary = TinyJudge.comparisons(40, seed: 2) { $0 > $1 ? 0.1 : 0.9 }

  private func trainer(
    _ kind: JudgeModel.Kind, from judge: JudgeModel? = nil, heldOut: [RecordedComparison]? = nil,
    stopping: JudgeTrainer.Stopping, steps: Int = 60, workers: Int = 1
  ) throws -> JudgeTrainer {
    try TinyJudge.trainer(
      try judge ?? TinyJudge.opinionated(kind), training, heldOut: heldOut ?? contrary, stopping: stopping, workers: workers,
      options: TinyJudge.options(steps: steps, batchSize: 8))
  }

  /// A look at the held-out comparisons, and the judge as it was.
  private struct Look {
    var step: Int
    var accuracy: Double
    var logLoss: Double
    var parameters: [UInt32]
  }

  /// Steps to the end.
  private func run(_ trainer: JudgeTrainer) throws -> [Look] {
    var looks: [Look] = []
    while !trainer.isFinished {
      let record = try trainer.step()
      guard let accuracy = record.judge?.heldOutAccuracy else { continue }
      let logLoss = try #require(record.judge?.heldOutLogLoss)
      looks.append(Look(step: record.step, accuracy: accuracy, logLoss: logLoss, parameters: trainer.judge.parameters.bits))
    }
    return looks
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func theJudgeEndsWithTheParametersThatAgreedBest(_ kind: JudgeModel.Kind) throws {
    // Some of the labels are wrong, so agreement rises at first and comes and goes later.
    var noisy = TinyJudge.comparisons(30, seed: 3) { $0 > $1 ? 1 : 0 }
    for index in stride(from: 0, to: noisy.count, by: 4) { noisy[index].preference = 1 - noisy[index].preference }
    let heldOut = TinyJudge.comparisons(50, seed: 4) { $0 > $1 ? 1 : 0 }
    let trainer = try TinyJudge.trainer(
      try JudgeModel(kind, startingFrom: TinyJudge.policy(blocks: 2)), noisy, heldOut: heldOut,
      stopping: .init(evaluateEvery: 5, patience: 100), options: TinyJudge.options(steps: 58, batchSize: 8))
    let looks = try run(trainer)
    #expect(looks.map(\.step) == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 58])
    // The last look already sees the judge as it ends.
    let best = try #require(
      looks.dropLast().max { ($0.accuracy, -$0.logLoss) < ($1.accuracy, -$1.logLoss) })
    #expect(best.step > 5 && best.accuracy > looks.last!.accuracy)
    #expect(trainer.best.step == best.step)
    let isBest = trainer.judge.parameters.bits == best.parameters
    #expect(isBest)
    #expect(try abs(trainer.judge.agreement(heldOut) - best.accuracy) < 1e-6)
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func trainingEndsWhenAgreementNoLongerGrows(_ kind: JudgeModel.Kind) throws {
    let trainer = try trainer(kind, stopping: .init(evaluateEvery: 4, patience: 3))
    let looks = try run(trainer)
    #expect(trainer.optimizer.step == trainer.best.step + 12)
    #expect(trainer.optimizer.step < 60)
    #expect(looks.map(\.step) == Array(stride(from: 4, through: trainer.optimizer.step, by: 4)))
    let isBest = trainer.judge.parameters.bits == looks.first { $0.step == trainer.best.step }?.parameters
    #expect(isBest)
  }

  @Test func withoutHeldOutComparisonsTheLastStepDecides() throws {
    let trainer = try trainer(.reward, heldOut: [], stopping: .init(evaluateEvery: 1, patience: 1), steps: 7)
    let before = trainer.judge.parameters.bits
    #expect(try run(trainer).isEmpty)
    #expect(trainer.optimizer.step == 7)
    let isUntouched = trainer.judge.parameters.bits == before
    #expect(!isUntouched)
  }

  @Test(arguments: [Float.nan, .infinity, 0.5, 1e30, -9e18]) func aDamagedCountOfStepsIsRefused(_ step: Float) throws {
    let trainer = try trainer(.reward, stopping: .init(evaluateEvery: 3, patience: 4))
    let temporary = try TemporaryFolder()
    let folder = RunFolder(temporary.path)
    try folder.save(trainer.judge, trainer, description: [:])
    let path = "\(temporary.path)/poise_state.safetensors"
    let state = try SafeTensorsCollection(file: path)
    let counters = ["step", "num_tokens"]
    let tensors = try state.names.filter { !counters.contains($0) }.map { name in
      let tensor = state.tensors[name]!
      var values = [Float](repeating: 0, count: tensor.count)
      try state.read(name, into: values.mutableSpan)
      if name == "best" { values[0] = step }
      return SafeTensorsWriter.Tensor(name, shape: tensor.shape) { sink in try sink.write(values.span) }
    }
    try SafeTensorsWriter.write(tensors + counters.map { .init($0, counters: [0]) }, to: path)
    let checkpoint = try #require(Checkpoint(folder: temporary.path, step: 0))
    let error = #expect(throws: DataError.self) { try RunFolder.restore(trainer, from: checkpoint) }
    #expect(error?.category == .badData && error?.problem.contains("a number of steps was expected") == true)
  }

  /// Agreement is best at the first look and the checkpoint is written after it, so the best parameters can only come from there.
  @Test(arguments: JudgeModel.Kind.allCases)
  func aResumedRunEndsInTheBitsOfTheUndisturbedOne(_ kind: JudgeModel.Kind) throws {
    let stopping = JudgeTrainer.Stopping(evaluateEvery: 3, patience: 4)
    let undisturbed = try trainer(kind, stopping: stopping)
    _ = try run(undisturbed)

    let temporary = try TemporaryFolder()
    let folder = RunFolder(temporary.path + "/run")
    try Files.createDirectory(folder.path)
    let first = try trainer(kind, stopping: stopping)
    for _ in 0..<undisturbed.best.step + 4 { _ = try first.step() }
    try folder.save(first.judge, first, description: [:])
    let checkpoint = try #require(RunFolder.newestCheckpoint(in: folder.path))
    let second = try trainer(kind, from: JudgeModel(kind, folder: folder.path), stopping: stopping)
    try RunFolder.restore(second, from: checkpoint)
    #expect(second.best == undisturbed.best)
    let isAhead = second.judge.parameters.bits == first.judge.parameters.bits
    #expect(isAhead && !second.isFinished)
    _ = try run(second)

    #expect(second.optimizer.step == undisturbed.optimizer.step)
    #expect(second.optimizer.step > checkpoint.step)
    #expect(second.best == undisturbed.best)
    let (ends, moments) = (
      second.judge.parameters.bits == undisturbed.judge.parameters.bits,
      second.optimizer.state.bits == undisturbed.optimizer.state.bits
    )
    #expect(ends && moments)
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func trainingDoesNotDependOnTheNumberOfWorkers(_ kind: JudgeModel.Kind) throws {
    let results = try [1, 2, 3].map { workers in
      let trainer = try trainer(kind, stopping: .init(evaluateEvery: 3, patience: 9), workers: workers)
      let records = try (0..<7).map { _ in try trainer.step().untimed }
      return (records, trainer.judge.parameters.bits)
    }
    for result in results.dropFirst() {
      #expect(result.0 == results[0].0)
      let isEqual = result.1 == results[0].1
      #expect(isEqual)
    }
    #expect(results[0].0.compactMap { $0.judge?.heldOutAccuracy }.count == 2)
  }

  /// What a step reports, against the judge's own scores.
  @Test func theRecordOfAStepIsAboutTheBatchBeforeIt() throws {
    let pairs = Array(training.prefix(6))
    let options = TinyJudge.options(steps: 1, batchSize: 6)
    let reward = try TinyJudge.opinionated(.reward)
    let answers = pairs.map(\.comparison).flatMap { asked in
      [asked.first, asked.second].map { Answer(prompt: asked.prompt, response: $0) }
    }
    let rewards = try RewardModelRewarder(reward, pool: WorkerPool(workerCount: 1)).rewards(answers)
    let agreement = try reward.agreement(pairs)
    let record = try #require(try TinyJudge.trainer(reward, pairs, options: options).step().judge)
    #expect(record.accuracy == agreement)
    #expect(abs(record.rewards!.minimum - rewards.min()!) < 1e-5 && abs(record.rewards!.maximum - rewards.max()!) < 1e-5)
    #expect(abs(record.rewards!.mean - rewards.reduce(0, +) / 12) < 1e-5)
    #expect(record.asymmetry == nil)

    let preference = try TinyJudge.opinionated(.preference)
    let orders = try PreferenceModelAnnotator(preference, pool: WorkerPool(workerCount: 1)).predictions(pairs.map(\.comparison))
    let asymmetry = try #require(try TinyJudge.trainer(preference, pairs, options: options).step().judge?.asymmetry)
    #expect(asymmetry > 1e-3)
    #expect(abs(asymmetry - orders.reduce(0) { $0 + abs($1.forth + $1.back - 1) } / 6) < 1e-6)
  }

  /// Agreement decides among looks that say more than a coin, log 2 = 0.693; the rest only where there is no such look.
  @Test func aLookThatSaysLessThanACoinIsNotTheBest() {
    func look(_ agreement: Float, _ logLoss: Float) -> JudgeTrainer.Best {
      .init(step: 1, agreement: agreement, logLoss: logLoss)
    }
    #expect(!look(0.55, 0.68).isBeaten(by: look(0.6, 0.8)))
    #expect(look(0.6, 0.8).isBeaten(by: look(0.55, 0.68)))
    #expect(look(0.55, 0.68).isBeaten(by: look(0.6, 0.69)))
    #expect(look(0.55, 0.8).isBeaten(by: look(0.6, 0.9)))
    #expect(look(0.55, 0.68).isBeaten(by: look(0.55, 0.67)) && !look(0.55, 0.67).isBeaten(by: look(0.55, 0.67)))
    #expect(JudgeTrainer.Best().isBeaten(by: look(0.4, 2)))
  }
}
