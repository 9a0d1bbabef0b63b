import Poise
import PoiseFiles
import PoiseModel
import PoiseText

/// `poise_state.safetensors` for a judge's trainer, which keeps the most beside the moments: what does not have the trainer's shapes
/// is refused, nothing that is read is taken for a size, and the next step can be made, whatever the moments are.
enum CheckpointTarget: FuzzTarget {
  static let name = "checkpoint"
  static let dictionary = SafeTensorsTarget.dictionary + ["\"best\":", "\"best.parameters\":", "\"step\":", "\"v.head.weight\":"]

  static var seeds: [[UInt8]] {
    get throws {
      let trainer = try trainer.get()
      try Files.createDirectory(Scratch.folder + "/run")
      try RunFolder(Scratch.folder + "/run").save(trainer.judge, trainer, description: [:])
      return [try Scratch.read("run/poise_state.safetensors")]
    }
  }

  private nonisolated(unsafe) static let trainer = Result {
    let tokenizer = try Tokenizer(
      json: [
        "added_tokens": [["id": 1, "content": "<end>", "special": true]],
        "model": ["type": "BPE", "vocab": ["a": 0, "b": 2, "c": 3, "d": 4], "merges": []],
      ], path: "tokenizer.json")
    let judge = try JudgeModel(.reward, startingFrom: Policy(model: TinyModels.all[0], tokenizer: tokenizer))
    return JudgeTrainer(
      judge, examples: [.init(group: TokenGroup(prompt: [0], responses: [[2], [3]]), preference: 1)], heldOut: [],
      stopping: .init(evaluateEvery: 1, patience: 1), centring: 0,
      options: TrainingOptions(
        steps: 1, batchSize: 1, schedule: Schedule(rate: 0.1, totalSteps: 1), optimizer: .adamW(), shards: 1),
      pool: WorkerPool(workerCount: 1))
  }

  private static let initialParameters = {
    let parameters = try! trainer.get().judge.parameters
    let copy = Arena(count: parameters.count)
    copy.copy(from: parameters)
    return copy
  }()

  /// Of which no file is checked before it is read.
  private static let checkpoint = {
    _ = Scratch.file("checkpoint/checkpoint-0/poise_run.json", Array(#"{"files": {}}"#.utf8))
    return RunFolder.newestCheckpoint(in: Scratch.folder + "/checkpoint")!
  }()

  static func run(_ input: [UInt8]) throws {
    let trainer = try trainer.get()
    _ = Scratch.file("checkpoint/checkpoint-0/poise_state.safetensors", input)
    let initialParameters = initialParameters  // before the first step
    try RunFolder.restore(trainer, from: checkpoint)
    defer { trainer.judge.parameters.copy(from: initialParameters) }
    do { _ = try trainer.step() } catch is DivergenceError {}
  }
}
