import Foundation
import PoiseFiles
import PoiseModel
import PoiseText
import Testing

@testable import Poise

@Suite struct RunFolderTests {
  let temporary: TemporaryFolder
  let folder: RunFolder
  init() throws {
    temporary = try TemporaryFolder()
    folder = RunFolder(temporary.path + "/run", keepLast: 2)
    try Files.createDirectory(folder.path)
  }

  private func names(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  private let files = [
    "config.json", "generation_config.json", "model.safetensors", "poise_run.json", "poise_state.safetensors",
    "tokenizer_config.json",
  ]

  @Test func aCheckpointIsCompleteAndTheRunFolderHoldsTheNewest() throws {
    let trainer = TinyTrainer.online()
    for step in 1...2 {
      _ = try trainer.step()
      try folder.save(trainer.policy, trainer, description: ["global_step": .init(step)])
    }
    #expect(try names(folder.path) == ["checkpoint-1", "checkpoint-2"] + files)
    #expect(try names(folder.path + "/checkpoint-1") == files)
    #expect(try names(folder.path + "/checkpoint-2") == files)
    #expect(try Files.readJSON(folder.path + "/poise_run.json")["global_step"] == 2)
    #expect(try StoredModel(folder: folder.path).parameters.bits == trainer.policy.parameters.bits)
    let newest = try #require(RunFolder.newestCheckpoint(in: folder.path))
    #expect(newest.step == 2 && newest.path == folder.path + "/checkpoint-2")
    #expect(try Policy(folder: folder.path).parameters.bits == trainer.policy.parameters.bits)
  }

  @Test func onlyTheNewestStayAndTheirFilesOutliveTheOthers() throws {
    let trainer = TinyTrainer.supervised()
    for _ in 1...4 {
      _ = try trainer.step()
      try folder.save(trainer.policy, trainer, description: [:])
    }
    #expect(try names(folder.path).filter { $0.hasPrefix("checkpoint-") } == ["checkpoint-3", "checkpoint-4"])
    Files.remove(folder.path + "/checkpoint-4")
    #expect(try StoredModel(folder: folder.path).parameters.bits == trainer.policy.parameters.bits)
  }

  @Test func aStepSavedTwiceIsReplaced() throws {
    let trainer = TinyTrainer.supervised()
    try folder.save(trainer.policy, trainer, description: ["take": 1])
    try folder.save(trainer.policy, trainer, description: ["take": 2])
    #expect(try Files.readJSON(folder.path + "/checkpoint-0/poise_run.json")["take"] == 2)
    #expect(try names(folder.path) == ["checkpoint-0"] + files)
  }

  @Test func whatIsNotACompleteCheckpointIsIgnored() throws {
    #expect(RunFolder.newestCheckpoint(in: folder.path) == nil)
    #expect(RunFolder.newestCheckpoint(in: temporary.path + "/none") == nil)
    let trainer = TinyTrainer.supervised()
    try folder.save(trainer.policy, trainer, description: [:])
    for name in ["checkpoint-9", "checkpoint-best", ".checkpoint-12.tmp-1"] {
      try FileManager.default.copyItem(atPath: folder.path + "/checkpoint-0", toPath: folder.path + "/" + name)
    }
    Files.remove(folder.path + "/checkpoint-9/poise_run.json")
    #expect(RunFolder.newestCheckpoint(in: folder.path)?.step == 0)
  }

  /// As a loss of power leaves it: names are there, bytes are not.
  @Test func aTornCheckpointIsRecognisedAndTheOneBeforeItUsed() throws {
    let trainer = TinyTrainer.supervised()
    for _ in 1...2 {
      _ = try trainer.step()
      try folder.save(trainer.policy, trainer, description: [:])
    }
    let weights = folder.path + "/checkpoint-2/model.safetensors"
    var bytes = try Files.read(weights)
    bytes[bytes.count - 3] ^= 1
    Files.remove(weights)  // which has a second name in the run's folder
    try bytes.write(to: URL(fileURLWithPath: weights))
    #expect(RunFolder.newestCheckpoint(in: folder.path)?.step == 2)
    var said: [String] = []
    #expect(try RunFolder.newestIntactCheckpoint(in: folder.path) { said.append($0) }?.step == 1)
    #expect(said == ["\(weights) does not hold the bytes that were written."])
    try bytes.dropLast().write(to: URL(fileURLWithPath: weights))
    #expect(RunFolder.newestCheckpoint(in: folder.path)?.step == 1)
    Files.remove(weights)
    #expect(RunFolder.newestCheckpoint(in: folder.path)?.step == 1)
  }

  /// A run that was killed after it had made steps that no checkpoint has.
  @Test func everyStepIsRecordedOnce() throws {
    let trainer = TinyTrainer.supervised()
    let loop = TrainingLoop(folder, checkpointEvery: 2, description: [:])
    _ = try loop.run(trainer, saving: trainer.policy, shouldStop: { $0 == 4 }) { _ in }
    let whole = try Files.read(folder.metricsPath)
    try (whole + Data("{\"global_step\": 5, \"loss\": 1}\n{\"global_step\": 6, \"lo".utf8))
      .write(to: URL(fileURLWithPath: folder.metricsPath))
    for name in [".checkpoint-6.tmp-99", ".checkpoint-1.old.tmp-99", ".config.json.link", "model.safetensors.tmp-99"] {
      try Files.replace(folder.path + "/" + name, with: "")
    }
    try folder.prepare(after: 4)
    #expect(try Files.read(folder.metricsPath) == whole)
    #expect(
      try names(folder.path) == ["checkpoint-2", "checkpoint-4"] + files.prefix(2) + ["metrics.jsonl"] + files.dropFirst(2))
    try folder.prepare(after: 0)
    #expect(try Files.read(folder.metricsPath).isEmpty)
  }

  /// Whoever read it would wait for somebody who writes.
  @Test func metricsAreNoPipe() throws {
    #expect(mkfifo(folder.metricsPath, 0o600) == 0)
    #expect(throws: FileError.unreadable(path: folder.metricsPath, reason: "it is not a regular file")) {
      try folder.prepare(after: 1)
    }
    #expect(throws: FileError.cannotCreate(path: folder.metricsPath, reason: "something else than a regular file is there")) {
      _ = try JSONLinesAppender(folder.metricsPath)
    }
  }

  /// An annotator that is tired after three steps, in a run that has no checkpoint until its end.
  @Test func whatWasLearntBeforeAStepFailedIsKept() throws {
    struct Tired: Error {}
    final class TiringAnnotator: Annotator, @unchecked Sendable {
      let isAntisymmetric = true
      var patience = 3
      func preferences(_ comparisons: [Comparison]) throws -> [Double] {
        patience -= 1
        if patience < 0 { throw Tired() }
        return LargeTokens().preferences(comparisons)
      }
    }
    let trainer = TinyTrainer.online(feedback: .preferences(TiringAnnotator()))
    let loop = TrainingLoop(folder, checkpointEvery: 0, description: [:])
    #expect(throws: Tired.self) { _ = try loop.run(trainer, saving: trainer.policy) { _ in } }
    let checkpoint = try #require(RunFolder.newestCheckpoint(in: folder.path))
    #expect(try checkpoint.step == 3 && checkpoint.damage() == nil)
    let isSame = try Policy(folder: folder.path).parameters.bits == trainer.policy.parameters.bits
    #expect(isSame)
    // What was answered since a checkpoint is remembered with it: it stays the newest.
    let second = TinyTrainer.online(feedback: .preferences(TiringAnnotator()))
    try folder.save(second.policy, second, description: [:])
    Files.remove(checkpoint.path)
    #expect(throws: Tired.self) { _ = try loop.run(second, saving: second.policy) { _ in } }
    #expect(RunFolder.newestCheckpoint(in: folder.path)?.step == 0)
  }

  @Test func oneProcessWritesIntoAFolder() throws {
    let lock = try FolderLock(folder.path)
    let trainer = TinyTrainer.supervised()
    let error = #expect(throws: DataError.self) {
      _ = try TrainingLoop(folder, checkpointEvery: 0, description: [:]).run(trainer, saving: trainer.policy) { _ in }
    }
    #expect(error?.category == .cannotCreate && trainer.optimizer.step == 0)
    withExtendedLifetime(lock) {}
  }

  @Test func aFailureLeavesNothingBehind() throws {
    let trainer = TinyTrainer.supervised()
    let blocked = RunFolder(try temporary.file("file", "not a folder"))
    #expect(throws: FileError.self) { try blocked.save(trainer.policy, trainer, description: [:]) }
    #expect(try names(temporary.path) == ["file", "run"])
  }

  @Test(arguments: [OptimizerKind.adafactor, .adamW(), .stochasticGradientDescent()])
  func aResumedOnlineRunEndsInTheBitsOfTheUndisturbedOne(_ kind: OptimizerKind) throws {
    try expectResumable { TinyTrainer.online($0, options: TinyTrainer.options(kind)) }
  }

  @Test(arguments: [OptimizerKind.adafactor, .adamW()])
  func aResumedSupervisedRunEndsInTheBitsOfTheUndisturbedOne(_ kind: OptimizerKind) throws {
    try expectResumable { TinyTrainer.supervised($0, options: TinyTrainer.options(kind)) }
  }

  @Test func theStateOfAnotherOptimizerIsRefused() throws {
    let trainer = TinyTrainer.supervised(options: TinyTrainer.options(.adafactor))
    try folder.save(trainer.policy, trainer, description: [:])
    let other = TinyTrainer.supervised(options: TinyTrainer.options(.adamW()))
    let checkpoint = try #require(RunFolder.newestCheckpoint(in: folder.path))
    let error = #expect(throws: CheckpointError.self) { try RunFolder.restore(other, from: checkpoint) }
    #expect(error?.description.contains("m.embedding.weight") == true)
  }

  @Test func momentsThatAreNotFiniteAreRefused() throws {
    let trainer = TinyTrainer.supervised(options: TinyTrainer.options(.adamW()))
    let moment = try #require(trainer.optimizer.moments.tensors.last)
    let state = trainer.optimizer.state
    var values = state[writing: moment]
    values[0] = .nan
    try folder.save(trainer.policy, trainer, description: [:])
    let checkpoint = try #require(RunFolder.newestCheckpoint(in: folder.path))
    let error = #expect(throws: CheckpointError.self) {
      try RunFolder.restore(TinyTrainer.supervised(options: TinyTrainer.options(.adamW())), from: checkpoint)
    }
    #expect(error == .notFinite(path: "\(checkpoint.path)/poise_state.safetensors", tensor: moment.name))
  }

  /// Interrupted or not.
  @Test(arguments: [(1, [1, 2, 3, 4, 5, 6]), (4, [2, 4, 6]), (100, [2, 6])])
  func metricsHaveEverySoManiethStepTheLastAndThoseAfterALook(_ every: Int, _ steps: [Int]) throws {
    final class Looker: TrainingObserver {
      func observe(_ record: inout StepRecord, isLast: Bool) { if record.step == 2 { record.look = .init() } }
    }
    let trainer = TinyTrainer.supervised()
    let loop = TrainingLoop(folder, checkpointEvery: 0, logEvery: every, description: [:])
    _ = try loop.run(trainer, saving: trainer.policy, observers: [Looker()], shouldStop: { $0 == 3 }) { _ in }
    _ = try loop.run(trainer, saving: trainer.policy, observers: [Looker()]) { _ in }
    var recorded: [Int?] = []
    try JSONLines.read(folder.metricsPath) { _, json in recorded.append(json["global_step"]?.int) }
    #expect(recorded == steps)
  }

  /// A count of tokens to which the next step could add none, and a state of another step than the checkpoint's.
  @Test func countsThatCannotBeAreRefused() throws {
    let trainer = TinyTrainer.supervised()
    for (tokens, problem) in [(Int.max, "more than any run has seen"), (0, "named for step 7")] {
      trainer.tokenCount = tokens
      try folder.save(trainer.policy, trainer, description: [:])
      if tokens == 0 {
        try FileManager.default.moveItem(atPath: folder.path + "/checkpoint-0", toPath: folder.path + "/checkpoint-7")
      }
      let checkpoint = try #require(RunFolder.newestCheckpoint(in: folder.path))
      let error = #expect(throws: DataError.self) { try RunFolder.restore(trainer, from: checkpoint) }
      #expect(error?.category == .badData && error?.problem.contains(problem) == true)
    }
  }

  @Test func theLoopWritesAMetricALineAndACheckpointWhereAsked() throws {
    var seen: [Int] = []
    let trainer = TinyTrainer.supervised()
    let loop = TrainingLoop(folder, checkpointEvery: 2, description: ["task": "tiny"])
    let ending = try loop.run(trainer, saving: trainer.policy, shouldStop: { $0 == 5 }) { seen.append($0.step) }
    #expect(ending == .stopped(step: 5))
    #expect(seen == [1, 2, 3, 4, 5])
    #expect(try names(folder.path).filter { $0.hasPrefix("checkpoint-") } == ["checkpoint-4", "checkpoint-5"])
    let run = try Files.readJSON(folder.path + "/poise_run.json")
    #expect(run["task"] == "tiny" && run["global_step"] == 5)
    #expect(try loop.run(trainer, saving: trainer.policy) { seen.append($0.step) } == .finished)
    #expect(seen == [1, 2, 3, 4, 5, 6])
    let lines = String(decoding: try Files.read(folder.metricsPath), as: UTF8.self).split(separator: "\n")
    #expect(try lines.map { try JSON(parsing: String($0))["global_step"]?.int } == [1, 2, 3, 4, 5, 6])
  }

  /// Looks that find what was told beforehand.
  private final class Oracle: TrainingObserver {
    let gaps: [Double?]
    init(gaps: [Double?]) { self.gaps = gaps }
    func observe(_ record: inout StepRecord, isLast: Bool) {
      guard let gap = gaps[record.step - 1] else { return }
      record.look = StepRecord.LookRecord()
      (record.look!.gap, record.look!.startWinRate) = (gap, gap)
    }
  }

  @Test(arguments: [
    // Means .375, .1875 and .375; of equals the first is best, and steps without a look do not count.
    (CheckpointCriterion.gap, [0.5, 0.25, 0.25, 0.125, 0.5, 0.25], [4, 6]),
    (.startWinRate, [0.5, 0.25, 0.25, 0.125, 0.5, 0.25], [2, 6]),
    (.startWinRate, [0.25, 0.5, nil, 0.5, 0.5, nil], [4, 6]), (.score, [0.5, 0.25, 0.25, 0.125, 0.5, 0.25], [6]),
  ])
  func theBestCheckpointStaysBesideTheNewest(_ criterion: CheckpointCriterion, _ gaps: [Double?], _ kept: [Int]) throws {
    let folder = RunFolder(folder.path, keepLast: 1, keepBest: criterion)
    let trainer = TinyTrainer.supervised()
    let loop = TrainingLoop(folder, checkpointEvery: 2, description: [:])
    _ = try loop.run(trainer, saving: trainer.policy, observers: [Oracle(gaps: gaps)]) { _ in }
    #expect(RunFolder.checkpoints(in: folder.path).map(\.step) == kept)
    #expect(folder.bestCheckpoint?.checkpoint.step == (kept.count > 1 ? kept.first : nil))
  }
}
