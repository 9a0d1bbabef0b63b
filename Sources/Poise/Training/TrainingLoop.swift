import PoiseFiles
import PoiseModel
import PoiseText

/// Runs a trainer to its last step: metrics, checkpoints, stopping before the end.
public struct TrainingLoop {
  public let folder: RunFolder
  /// Steps between checkpoints; 0 is only the last.
  public var checkpointEvery: Int
  /// Steps between lines of `metrics.jsonl`, 1 or more.
  public var logEvery: Int
  /// For `poise_run.json`.
  public var description: JSON

  public init(_ folder: RunFolder, checkpointEvery: Int, logEvery: Int = 1, description: JSON) {
    precondition(logEvery >= 1)
    self.folder = folder
    self.logEvery = logEvery
    self.checkpointEvery = checkpointEvery
    self.description = description
  }

  /// Why a loop ended.
  public enum Ending: Sendable, Equatable {
    case finished
    /// As it was asked to; a checkpoint was written after this step.
    case stopped(step: Int)
  }

  /// A step that fails, because nobody answers say, leaves a checkpoint of the steps before it where there is none yet. Where there
  /// is one, a run goes on from there, and is not asked for what annotators have answered since (``AnnotationMemory``).
  ///
  /// - Parameters:
  ///   - model: what is trained, for checkpoints.
  ///   - observers: look after every step, in order, before the step is recorded.
  ///   - shouldStop: asked after every step, with its number.
  ///   - report: called after every step.
  public func run(
    _ trainer: some Trainer, saving model: some SavableModel, observers: [any TrainingObserver] = [],
    shouldStop: (_ step: Int) -> Bool = { _ in false }, report: (StepRecord) -> Void
  ) throws -> Ending {
    try Files.createDirectory(folder.path)
    let lock = try FolderLock(folder.path)
    defer { withExtendedLifetime(lock) {} }
    try folder.prepare(after: trainer.optimizer.step)
    defer { Files.removeIfEmpty(folder.path) }  // where the first step failed, say at its annotator, nothing is left
    var metrics: JSONLinesAppender?
    var mean = folder.keepBest.map(CheckpointCriterion.Mean.init)
    while !trainer.isFinished {
      var record: StepRecord
      do { record = try profiled(step: trainer.optimizer.step + 1) { try trainer.step() } } catch {
        if !(error is DivergenceError), trainer.optimizer.step > 0, RunFolder.newestCheckpoint(in: folder.path) == nil {
          // What failed first is what is told.
          try? folder.save(model, trainer, description: describe(trainer.optimizer.step, &mean))
        }
        throw error
      }
      for observer in observers { try profiled(.evaluate) { try observer.observe(&record, isLast: trainer.isFinished) } }
      let line = record.json
      if isLogged(record, isLast: trainer.isFinished) {
        let appender = try metrics ?? JSONLinesAppender(folder.metricsPath)
        try profiled(.write) { try appender.append(line) }
        metrics = appender
      }
      mean?.add(line)
      report(record)
      let isLast = trainer.isFinished
      let stops = shouldStop(record.step) && !isLast
      if isLast || stops || (checkpointEvery > 0 && record.step % checkpointEvery == 0) {
        try profiled(.write) { try folder.save(model, trainer, description: describe(record.step, &mean)) }
      }
      if stops { return .stopped(step: record.step) }
    }
    return .finished
  }

  /// Every so many steps, the last, and those after which somebody looked: what is seen rarely is not left out. Which these are depends on
  /// the step alone, so a run that was interrupted has the lines of one that was not.
  private func isLogged(_ record: StepRecord, isLast: Bool) -> Bool {
    isLast || record.step % logEvery == 0 || record.hasLook
  }

  private func describe(_ step: Int, _ mean: inout CheckpointCriterion.Mean?) -> JSON {
    guard var object = description.object else { return description }
    object["global_step"] = .init(step)
    mean?.note(in: &object)
    return .object(object)
  }
}
