import Foundation
import PoiseFiles
import PoiseModel

/// A training run on disk. Every checkpoint is a folder of its own, `checkpoint-N`, which appears under that name only when it is
/// complete; the run folder itself holds the files of the newest one, so that Hugging Face transformers loads it unchanged, and
/// `metrics.jsonl`.
public struct RunFolder: Sendable {
  public let path: String
  /// How many of the newest checkpoints stay.
  public let keepLast: Int

  static let stateFile = "poise_state.safetensors"
  static let runFile = "poise_run.json"

  public init(_ path: String, keepLast: Int = 2) {
    precondition(keepLast >= 1)
    self.path = path
    self.keepLast = keepLast
  }

  public var metricsPath: String { "\(path)/metrics.jsonl" }

  /// The newest complete checkpoint: its folder and the number of updates in it.
  public static func newestCheckpoint(in path: String) -> (path: String, step: Int)? {
    checkpoints(in: path).last.map { ("\(path)/checkpoint-\($0)", $0) }
  }

  /// Updates in the complete checkpoints, ascending.
  static func checkpoints(in path: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { name in
      name.hasPrefix("checkpoint-") ? Int(name.dropFirst("checkpoint-".count)) : nil
    }.filter { Files.exists("\(path)/checkpoint-\($0)/\(runFile)") }.sorted()
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
      try Files.replace("\(temporary)/\(Self.runFile)", with: description.page)
      Files.remove("\(path)/\(name)")
      guard rename(temporary, "\(path)/\(name)") == 0 else {
        throw FileError.writeFailed(path: "\(path)/\(name)", reason: String(cString: strerror(errno)))
      }
    } catch {
      Files.remove(temporary)
      throw error
    }
    try publish("\(path)/\(name)")
    for step in Self.checkpoints(in: path).dropLast(keepLast) { Files.remove("\(path)/checkpoint-\(step)") }
  }

  /// Gives every file of a checkpoint a second name in the run folder: hard links, replaced one by one.
  private func publish(_ checkpoint: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: checkpoint) {
      let link = "\(path)/.\(name).link"
      Files.remove(link)
      do { try FileManager.default.linkItem(atPath: "\(checkpoint)/\(name)", toPath: link) } catch {
        throw FileError.writeFailed(path: "\(path)/\(name)", reason: error.localizedDescription)
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
    let step = SafeTensorsWriter.Tensor("step", counters: [UInt64(optimizer.step)])
    try SafeTensorsWriter.write(moments + [step] + trainer.extraState, to: path, metadata: ["format": "poise"])
  }

  /// Takes up a checkpoint's moments, step count and whatever else the trainer keeps.
  ///
  /// - Throws: `CheckpointError` where they are damaged or belong to another optimiser or model.
  public static func restore(_ trainer: some Trainer, from checkpoint: String, step: Int) throws {
    let optimizer = trainer.optimizer
    let weights = try SafeTensorsCollection(file: "\(checkpoint)/\(stateFile)")
    let state = optimizer.state
    for tensor in optimizer.moments.tensors {
      try weights.read(tensor.name, shape: tensor.shape, into: state[writing: tensor])
    }
    try trainer.restoreExtraState(from: weights)
    optimizer.restore(step: step)
  }
}
