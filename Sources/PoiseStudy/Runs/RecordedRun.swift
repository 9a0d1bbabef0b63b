import Foundation
import Poise
import PoiseFiles
import PoiseText

/// A training run as its folder tells it, whole or not.
struct RecordedRun {
  enum Kind: CaseIterable {
    case policy, judge, supervised

    /// What a run makes, after its number.
    func words(_ count: Int) -> String {
      switch self {
      case .policy: count == 1 ? "policy from preferences" : "policies from preferences"
      case .judge: count == 1 ? "judge" : "judges"
      case .supervised: count == 1 ? "policy by supervision" : "policies by supervision"
      }
    }
  }

  enum Ending: Equatable {
    /// All steps were made that were to be made, as far as is known.
    case finished
    /// A judge that more steps did not help.
    case ended
    /// The newest complete checkpoint is that of this step.
    case stopped(at: Int)
    /// There is no complete checkpoint.
    case unsaved
  }

  let path: String
  /// How the report calls it.
  var name: String
  /// `poise_run.json`; null where there is none.
  let description: JSON
  let checkpoints: [Checkpoint]
  /// The one that `--keep-best` has chosen.
  let best: (checkpoint: Checkpoint, criterion: CheckpointCriterion, value: Double)?
  /// `report.json` of a judge: what it is worth on pairs that it has not learnt from.
  let verdict: JSON?
  let history: RunHistory
  let last: StepRecord
  /// The look at held-out comparisons that agreed best.
  let bestHeldOut: (step: Int, accuracy: Double)?
  /// By name, every metric by step.
  let curves: [String: Curve]
  /// By name, what is gained by distance from the reference.
  let gains: [String: Curve]

  /// - Throws: `FileError` or `DataError` where the folder holds no run, or one that has recorded nothing.
  init(_ path: String) throws {
    try Self.requireRun(path)
    self.path = path
    let url = URL(fileURLWithPath: path).standardizedFileURL
    name = url.lastPathComponent
    let (folder, checkpoints) = (RunFolder(path), RunFolder.checkpoints(in: path))
    self.checkpoints = checkpoints
    description = try checkpoints.last?.description() ?? Self.json("\(path)/poise_run.json") ?? .null
    let criterion = (description["metrics"]?.object?.keys.first).flatMap(CheckpointCriterion.init)
    best = criterion.flatMap { criterion in
      RunFolder(path, keepBest: criterion).bestCheckpoint.map { ($0.checkpoint, criterion, $0.value) }
    }
    try Files.requireRegularFile(folder.metricsPath)
    var record = Record()
    try JSONLines.readTolerantly(folder.metricsPath) { _, line in
      if let line = try? line.get() { record.add(line) }
    }
    guard let last = record.last else {
      throw DataError(
        folder.metricsPath, "no line of it is the record of a step, so there is nothing to report. Did the run fail at its first?"
      )
    }
    (self.last, history, bestHeldOut, curves, gains) =
      (last, record.history, record.bestHeldOut, record.curves, record.gains)
    verdict = last.judge == nil ? nil : try Self.json("\(path)/report.json")
  }

  private static func json(_ path: String) throws -> JSON? { Files.exists(path) ? try Files.readJSON(path) : nil }

  /// What steps recorded, put together line by line.
  private struct Record {
    var history = RunHistory()
    var last: StepRecord?
    var bestHeldOut: (step: Int, accuracy: Double)?
    var curves: [String: Curve] = [:]
    var gains: [String: Curve] = [:]

    mutating func add(_ line: JSON) {
      guard let step = StepRecord(line) else { return }
      history.append(step)
      last = step
      if let accuracy = step.judge?.heldOutAccuracy, accuracy > bestHeldOut?.accuracy ?? -1 {
        bestHeldOut = (step.step, accuracy)
      }
      for (name, value) in line.object?.members ?? [] where !RunMetric.unshown.contains(name) {
        guard let number = value.double, abs(number) < Curve.largest else { continue }
        curves[name, default: Curve()].add(x: Double(step.step), y: number)
        if RunMetric.gains.contains(where: { $0.name == name }), let divergence = step.sampling?.exactDivergence,
          abs(divergence) < Curve.largest
        {
          gains[name, default: Curve()].add(x: divergence, y: number)
        }
      }
    }
  }

  // MARK: What it is

  var kind: Kind { last.judge != nil ? .judge : last.preference != nil ? .policy : .supervised }

  /// The words after `poise` that name what it does: `train ipo --offline`; nil where it is not recorded.
  var command: String? { description["command"]?.string }

  func option(_ name: String) -> JSON? { description["options"]?[name] }

  /// A file or folder that an option names, as it is found from here; nil where the run has no such option.
  func file(_ option: String) -> String? {
    guard let named = self.option(option)?.string else { return nil }
    guard let folder = description["working_directory"]?.string, !named.hasPrefix("/") else { return named }
    return Files.exists("\(folder)/\(named)") ? "\(folder)/\(named)" : named
  }

  // MARK: How far it is

  /// Nil where it is not recorded.
  var plannedSteps: Int? { option("steps")?.int }

  /// Steps that were made: with `--log-every`, not all of them have a line.
  var steps: Int { max(last.step, checkpoints.last?.step ?? 0) }

  /// Of all steps; where not all were recorded, as many as their mean says.
  var seconds: Double { history.seconds * Double(last.step) / Double(max(history.count, 1)) }

  var ending: Ending {
    guard let saved = checkpoints.last?.step else { return .unsaved }
    guard saved >= last.step else { return .stopped(at: saved) }
    if steps >= plannedSteps ?? 0 { return .finished }
    return kind == .judge && verdict != nil ? .ended : .stopped(at: saved)
  }

  // MARK: What is no run

  private static func requireRun(_ path: String) throws {
    guard Files.exists(path) else { throw FileError.missing(path: path) }
    guard Files.isDirectory(path) else {
      throw DataError(path, "this is a file; a run is a folder, with metrics.jsonl in it.", category: .inputMissing)
    }
    let study = StudyFolder(path)
    if Files.exists(study.description) {
      let page = study("report.html")
      throw DataError(
        path,
        Files.exists(page)
          ? "this is a study, whose report is \(page). To report on runs of it, name them: they are in \(study("runs"))."
          : "this is a study, which writes its report at its end: give its `poise study` line again. To report on runs of it, name "
            + "them: they are in \(study("runs")).")
    }
    guard !Files.exists(RunFolder(path).metricsPath) else { return }
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    if name.hasPrefix("checkpoint-") {
      throw DataError(path, "this is a checkpoint; name the run whose it is, the folder around it.", category: .inputMissing)
    }
    let inner = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
      .map { "\(path)/\($0)" }.filter { Files.exists(RunFolder($0).metricsPath) }
    throw DataError(
      path,
      inner.isEmpty
        ? "there is no run in this folder: training writes metrics.jsonl at its first step."
        : "this folder is no run but has some in it. Name them: poise report \(Wording.shell(inner))",
      category: .inputMissing)
  }
}
