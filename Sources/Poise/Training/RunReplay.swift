import Foundation
import PoiseDigest
import PoiseFiles
import PoiseText

/// A run's last steps made once more, from an older checkpoint of its own, in a folder of their own: what comes out must be its newest
/// checkpoint, byte for byte.
public struct RunReplay {
  public let run: String
  /// Whose bytes are to be had again.
  public let target: Checkpoint
  /// Where the steps begin; nil is the very beginning of the run.
  public let start: Checkpoint?
  /// Where they are made.
  public let folder: String

  /// - Parameters:
  ///   - stepCount: steps that are made at least; nil is from the checkpoint before the newest.
  ///   - folder: a new one.
  /// - Throws: where there is nothing that the run could be compared with.
  public init(of run: String, stepCount: Int? = nil, in folder: String, report: (String) -> Void) throws {
    let newest = try RunFolder.newestIntactCheckpoint(in: run, report: report)
    guard let newest else {
      throw DataError(run, "there is no complete checkpoint to compare with.", category: .inputMissing)
    }
    (self.run, self.folder, target) = (run, folder, newest)
    let latestStart = newest.step - (stepCount ?? 1)
    start = try RunFolder.checkpoints(in: run).last { try $0.step <= latestStart && $0.damage() == nil }
  }

  /// The first and the last step that are made.
  public var steps: ClosedRange<Int> { (start?.step ?? 0) + 1...target.step }

  /// Fills the folder: the checkpoint to begin with, and what annotators have answered since.
  public func prepare() throws {
    try Files.createDirectory(folder)
    guard let start else { return }
    for (source, name) in [(start.path, "checkpoint-\(start.step)"), (AnnotationMemory.path(in: run), AnnotationMemory.fileName)]
    where Files.exists(source) {
      do { try FileManager.default.copyItem(atPath: source, toPath: "\(folder)/\(name)") } catch {
        throw FileError.cannotCreate(path: "\(folder)/\(name)", reason: error.localizedDescription)
      }
    }
  }

  /// A file of the checkpoint, as it was written and as it came out now.
  public struct ComparedFile: Sendable, Equatable {
    public let name: String
    public let bytes: Int
    /// SHA-256.
    public let recorded: String
    /// Nil where it did not come out at all.
    public let replayed: String?
    public var isSame: Bool { recorded == replayed }
  }

  /// What came out, when the steps have been made.
  public struct Outcome: Sendable {
    /// All but `poise_run.json`, in which circumstances are written.
    public let files: [ComparedFile]
    /// Nil where every byte is the same.
    public let difference: RunReplayDifference?
  }

  public func outcome() throws -> Outcome {
    guard let replayed = RunFolder.checkpoints(in: folder).last, replayed.step == target.step else {
      throw DataError(run, "the steps were made again and left no checkpoint of step \(target.step).", category: .internalFault)
    }
    let now = Dictionary(uniqueKeysWithValues: try replayed.files().map { ($0.name, $0.digest) })
    let files = try target.files().map {
      ComparedFile(name: $0.name, bytes: $0.bytes, recorded: $0.digest, replayed: now[$0.name])
    }
    let others = files.filter { !$0.isSame }.map(\.name)
    if others.isEmpty { return Outcome(files: files, difference: nil) }
    let circumstances = try RunDifference.items(began: target.description(), goesOn: replayed.description(), all: true)
    return Outcome(
      files: files,
      difference: RunReplayDifference(
        run: run, steps: steps, files: others, firstRecord: try firstDifferentRecord(), circumstances: circumstances))
  }

  /// What a step recorded otherwise, in words; times, which always differ, aside.
  private func firstDifferentRecord() throws -> String? {
    let (before, now) = try (records(of: run), records(of: folder))
    for step in steps {
      guard let before = before[step], let now = now[step] else { continue }
      for (name, value) in before.members where !StepRecord.isTime(name) {
        if let other = now[name], other != value { return "step \(step): \(name) was \(value.line) and is \(other.line)" }
      }
    }
    return nil
  }

  /// By step.
  private func records(of folder: String) throws -> [Int: JSON.Object] {
    let path = RunFolder(folder).metricsPath
    var records: [Int: JSON.Object] = [:]
    guard Files.exists(path) else { return records }
    try JSONLines.readTolerantly(path) { _, line in
      guard let record = (try? line.get())?.object, let step = record["global_step"]?.int, steps.contains(step) else { return }
      records[step] = record
    }
    return records
  }
}

/// A run that did not come out as it was recorded.
public struct RunReplayDifference: ExplainedError, Equatable {
  let run: String
  let steps: ClosedRange<Int>
  let files: [String]
  /// The first step that recorded something else, and what.
  let firstRecord: String?
  /// What else is not as it was.
  let circumstances: [String]

  public var category: FailureCategory { .badData }

  public var description: String {
    let first = firstRecord.map { "What was recorded differs first at \($0). " } ?? "What was recorded of each step is the same. "
    let reason =
      circumstances.isEmpty
      ? "Version, options, data and machine are those of before, as far as they are recorded; a model, a judge or a reference may "
        + "have changed, or an annotator answers otherwise."
      : "Not as it was: \(circumstances.joined(separator: "; "))."
    return
      "\(run): made again, steps \(steps.lowerBound) to \(steps.upperBound) end in other bytes (\(files.joined(separator: ", "))). "
      + first + reason
  }
}
