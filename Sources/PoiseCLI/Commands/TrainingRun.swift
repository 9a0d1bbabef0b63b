import ArgumentParser
import Foundation
import Poise
import PoiseDigest
import PoiseFiles
import PoiseModel

/// What all training commands do around their trainer: the run folder, resuming, progress, interruption, the closing table.
struct TrainingRun {
  let flags: TrainingFlags
  let common: CommonOptions
  /// `sft`, `train ipo`, …
  let command: String
  /// The resolved options.
  let description: JSON.Object

  /// The checkpoint that a run goes on from: its own newest that is intact; nil for a fresh run.
  ///
  /// - Throws: where nothing can be written, a fresh run would write over an older one, or there is nothing to resume.
  func resumedCheckpoint() throws -> Checkpoint? {
    try Files.requireWritableFolder(flags.out)
    if flags.resume {
      let newest = try RunFolder.newestIntactCheckpoint(in: flags.out) { damage in
        Console.note("\(damage) The checkpoint before it is used.")
      }
      guard let newest else {
        throw DataError(flags.out, "there is no complete checkpoint to resume from.", category: .inputMissing)
      }
      return newest
    }
    if RunFolder.newestCheckpoint(in: flags.out) != nil {
      throw DataError(
        flags.out, "the folder already holds a run. Continue it with --resume, or choose another --out.",
        category: .cannotCreate)
    }
    try Self.requireNoModel(in: flags.out)
    return nil
  }

  /// - Throws: where writing a model into a folder would replace another.
  static func requireNoModel(in folder: String) throws(DataError) {
    guard !StoredModel.isIn(folder: folder) else {
      throw DataError(
        folder, "the folder already holds a model, which would be replaced. Choose another --out.", category: .cannotCreate)
    }
  }

  /// Trains to the end, or to an interruption, which ends the process with its exit code. Where a resumed run cannot be exact, that
  /// is said first.
  func run(
    _ trainer: some Trainer, saving model: some SavableModel, observers: [any TrainingObserver] = [],
    resumedFrom checkpoint: Checkpoint?
  ) throws -> RunHistory {
    let circumstances = try circumstances()
    if let checkpoint {
      try RunFolder.restore(trainer, from: checkpoint)
      if let difference = RunDifference(began: try checkpoint.description(), goesOn: circumstances) {
        Console.note(difference.description)
      }
    }
    let folder = RunFolder(flags.out, keepLast: flags.keepLast, keepBest: flags.keepBest)
    let loop = TrainingLoop(
      folder, checkpointEvery: flags.checkpointEvery, logEvery: flags.logEvery, description: circumstances)
    let progress = ProgressLine(command, total: flags.steps, quiet: common.quiet)
    let alarm = StepAlarm(model.parameters, model.transformer.parameterLayout) { [common] warning in
      progress.finish()
      common.note(warning)
    }
    Interruption.watch()
    var history = RunHistory()
    let ending = try profiled(.other) {
      try loop.run(trainer, saving: model, observers: observers, shouldStop: shouldStop) { record in
        history.append(record)
        alarm.look(at: record)
        progress.show(record)
      }
    }
    progress.finish()
    sayWhichIsBest(folder)
    if case .stopped(let step) = ending { end(after: step) }
    return history
  }

  private func sayWhichIsBest(_ folder: RunFolder) {
    guard let criterion = folder.keepBest?.rawValue else { return }
    if let (best, value) = folder.bestCheckpoint {
      common.note("The best \(criterion), \(value.formatted(decimals: 4)), is that of \(best.path).")
    } else {
      Console.note("No checkpoint has a value of \(criterion), so none could be the best: no step before one recorded it.")
    }
  }

  private func shouldStop(step: Int) -> Bool { Interruption.isRequested || flags.stopAfter.map { step >= $0 } ?? false }

  /// Ends the process before the run has ended.
  private func end(after step: Int) -> Never {
    let (reason, goingOn) = ("after step \(step); the checkpoint is complete. Add --resume to the same command", "to go on.")
    guard Interruption.isRequested else {
      common.note("Stopped \(reason), without --stop-after, \(goingOn)")
      exit(0)
    }
    Console.note("Interrupted \(reason) \(goingOn)")
    exit(Interruption.exitCode)
  }

  /// All that the result of a run depends on, beside the bytes of models, and how to make it again.
  private func circumstances() throws -> JSON {
    var object = try Invocation.circumstances()
    object["command"] = .string(command)
    object["options"] = .object(description)
    object["seed"] = .number(.init(text: String(common.seed)))
    object["data_sha256"] = .object(try dataDigests())
    return .object(object)
  }

  /// By option, of files that can be read twice.
  private func dataDigests() throws -> JSON.Object {
    var digests = JSON.Object()
    for name in ["data", "test_data", "prompts", "evaluation_prompts"] {
      guard let path = description[name]?.string, Files.isRegularFile(path) else { continue }
      digests[name] = .string(try SHA256.digest(ofFile: path))
    }
    return digests
  }
}

/// The closing table of a training run: how its quantities were at the beginning and at the end.
struct TrainingSummary {
  let history: RunHistory

  var text: String {
    guard !history.isEmpty else { return "The run had no step left to make." }
    let window = history.window
    var table = TextTable([window.width == 1 ? "one step" : "mean of \(window.width) steps", "first", "last"])
    func row(_ name: String, _ decimals: Int, _ value: (StepRecord) -> Double?) {
      guard let means = window.means(value) else { return }
      table.add([name] + [means.first, means.last].map { $0.formatted(decimals: decimals) })
    }
    row("loss", 4) { $0.loss }
    row("objective/scores", 3) { $0.sampling?.reward }
    row("accuracy", 3) { $0.judge?.accuracy }
    row("eval/accuracy", 3) { $0.judge?.heldOutAccuracy }
    row("pref/antisymmetry", 4) { $0.judge?.asymmetry }
    row("rewards/margins", 4) { $0.preference?.margin }
    row("rewards/accuracies", 3) { $0.preference?.accuracy }
    row("kl/token_exact", 4) { $0.sampling?.exactDivergence }
    row("objective/entropy", 3) { $0.entropy }
    row("length/policy", 1) { $0.responseLength }
    row("val/contain_eos_token", 3) { $0.sampling?.endedShare }
    row("grad_norm", 3) { $0.gradientNorm }
    row("tokens_per_second", 0) { Double($0.stepTokenCount) / $0.times.total }
    return table.text + (looks.map { "\n\n\($0)\n" } ?? "") + "\n\(history.count) steps in \(ProgressLine.clock(history.seconds))"
  }

  /// The first look and the last: looks are too rare for means of steps.
  private var looks: String? {
    guard let first = history.firstLook, let last = history.lastLook else { return nil }
    var table = TextTable(["look after step", String(first.step), String(last.step)])
    func row(_ name: String, _ value: (StepRecord.LookRecord) -> Double?) {
      guard let before = first.look.flatMap(value), let after = last.look.flatMap(value) else { return }
      table.add([name, before.formatted(decimals: 3), after.formatted(decimals: 3)])
    }
    row("nash/gap", \.gap)
    row("winrate/start", \.startWinRate)
    row("nash/gap_regularised", \.regularizedGap)
    return table.text
  }
}
