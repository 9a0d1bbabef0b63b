import Foundation
import PoiseFiles
import PoiseModel
import PoiseText

/// A training run on disk. Every ``Checkpoint`` is a folder of its own, `checkpoint-N`, which appears under that name only when it is
/// complete and on the disk; the run folder itself holds the files of the newest one, so that Hugging Face transformers loads it
/// unchanged, and `metrics.jsonl`.
public struct RunFolder: Sendable {
  public let path: String
  /// How many of the newest checkpoints stay.
  public let keepLast: Int
  /// By what the best of the others is chosen, which stays too.
  public let keepBest: CheckpointCriterion?

  static let stateFile = "poise_state.safetensors"

  public init(_ path: String, keepLast: Int = 2, keepBest: CheckpointCriterion? = nil) {
    precondition(keepLast >= 1)
    self.path = path
    self.keepLast = keepLast
    self.keepBest = keepBest
  }

  public var metricsPath: String { "\(path)/metrics.jsonl" }

  /// The newest complete checkpoint.
  public static func newestCheckpoint(in path: String) -> Checkpoint? { checkpoints(in: path).last }

  /// The one that ``keepBest`` chooses, and its value; nil where nothing is chosen by, or no checkpoint has a value.
  public var bestCheckpoint: (checkpoint: Checkpoint, value: Double)? { keepBest?.best(of: Self.checkpoints(in: path)) }

  /// The newest checkpoint whose files are byte for byte what was written.
  ///
  /// - Parameter report: is told of newer ones that are damaged, in a sentence each.
  public static func newestIntactCheckpoint(in path: String, report: (String) -> Void) throws -> Checkpoint? {
    for checkpoint in checkpoints(in: path).reversed() {
      guard let damage = try checkpoint.damage() else { return checkpoint }
      report(damage)
    }
    return nil
  }

  /// The complete ones, oldest first.
  package static func checkpoints(in path: String) -> [Checkpoint] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { name in name.hasPrefix("checkpoint-") ? Int(name.dropFirst("checkpoint-".count)) : nil }
      .sorted().compactMap { Checkpoint(folder: "\(path)/checkpoint-\($0)", step: $0) }
  }

  /// Makes the folder ready for the step after `step`: metrics of later steps, which a run that was killed had made before its next
  /// checkpoint, are dropped, and so are files that it had begun.
  public func prepare(after step: Int) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: path) where Self.isUnfinished(name) {
      Files.remove("\(path)/\(name)")
    }
    guard Files.exists(metricsPath) else { return }
    try Files.requireRegularFile(metricsPath)
    try JSONLines.filter(metricsPath) { line in (line["global_step"]?.int).map { $0 <= step } ?? false }
  }

  /// A checkpoint, link or file under the name that it has while it is written.
  private static func isUnfinished(_ name: String) -> Bool {
    (name.hasPrefix(".") && name.hasSuffix(".link")) || name.contains(/\.tmp-\d+$/)
  }

  /// Writes model, the trainer's state and description as `checkpoint-N`, then points the run folder's own files at it.
  ///
  /// - Parameter description: options and data of the run, for `poise_run.json`.
  public func save(_ model: some SavableModel, _ trainer: some Trainer, description: JSON) throws {
    let name = "checkpoint-\(trainer.optimizer.step)"
    let temporary = "\(path)/.\(name).tmp-\(ProcessInfo.processInfo.processIdentifier)"
    Files.remove(temporary)
    do {
      try model.save(folder: temporary)
      try Self.saveState(trainer, to: "\(temporary)/\(Self.stateFile)")
      let listing = try Checkpoint.describing(description, filesOf: temporary)
      try Files.replace("\(temporary)/\(Checkpoint.runFile)", with: listing.page)
      try Files.synchronizeFolder(temporary)
      discard("\(path)/\(name)")
      guard rename(temporary, "\(path)/\(name)") == 0 else {
        throw FileError.writeFailed(path: "\(path)/\(name)", reason: String(cString: strerror(errno)))
      }
      try Files.synchronizeFolder(path)
    } catch {
      Files.remove(temporary)
      throw error
    }
    try publish("\(path)/\(name)")
    let best = bestCheckpoint?.checkpoint
    for checkpoint in Self.checkpoints(in: path).dropLast(keepLast) where checkpoint != best { discard(checkpoint.path) }
  }

  /// Removes a checkpoint. It loses its name first: a run that is killed meanwhile leaves no half of one, but something that the next
  /// clears away.
  private func discard(_ checkpoint: String) {
    let name = URL(fileURLWithPath: checkpoint).lastPathComponent
    let unwanted = "\(path)/.\(name).old.tmp-\(ProcessInfo.processInfo.processIdentifier)"
    if rename(checkpoint, unwanted) == 0 { Files.remove(unwanted) }
  }

  /// Gives every file of a checkpoint a second name in the run folder: hard links, replaced one by one.
  private func publish(_ checkpoint: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: checkpoint) {
      let link = "\(path)/.\(name).link"
      Files.remove(link)
      do { try FileManager.default.linkItem(atPath: "\(checkpoint)/\(name)", toPath: link) } catch {
        throw FileError.writeFailed(path: "\(path)/\(name)", reason: Files.reason(error))
      }
      guard rename(link, "\(path)/\(name)") == 0 else {
        throw FileError.writeFailed(path: "\(path)/\(name)", reason: String(cString: strerror(errno)))
      }
    }
  }

  private static func saveState(_ trainer: some Trainer, to path: String) throws {
    let optimizer = trainer.optimizer
    let state = optimizer.state
    let moments = optimizer.moments.tensors.map { tensor in
      SafeTensorsWriter.Tensor(tensor.name, shape: tensor.shape) { try $0.write(state[tensor]) }
    }
    let counters = [("step", optimizer.step), ("num_tokens", trainer.tokenCount)].map { name, count in
      SafeTensorsWriter.Tensor(name, counters: [UInt64(count)])
    }
    try SafeTensorsWriter.write(moments + counters + trainer.extraState, to: path, metadata: ["format": "poise"])
  }

  /// Takes up a checkpoint's moments, step count and whatever else the trainer keeps.
  ///
  /// - Throws: `CheckpointError` where they are damaged or belong to another optimiser or model; `DataError` where counts are none
  ///   of this checkpoint.
  public static func restore(_ trainer: some Trainer, from checkpoint: Checkpoint) throws {
    let optimizer = trainer.optimizer
    let weights = try SafeTensorsCollection(file: "\(checkpoint.path)/\(stateFile)")
    let (step, tokenCount) = (try weights.counter("step"), try weights.counter("num_tokens"))
    guard step == checkpoint.step else {
      throw DataError(
        weights.path, "this is the state after step \(step), in a checkpoint that is named for step \(checkpoint.step).")
    }
    guard tokenCount <= mostTokens else { throw DataError(weights.path, "\(tokenCount) tokens are more than any run has seen.") }
    let state = optimizer.state
    for tensor in optimizer.moments.tensors {
      try weights.readFinite(tensor.name, tensor, into: state)
    }
    try trainer.restoreExtraState(from: weights)
    trainer.tokenCount = tokenCount
    optimizer.restore(step: step)
  }

  /// What a run adds to it stays far from overflow.
  private static let mostTokens = 1 << 53
}
