import Foundation
import PoiseFiles

/// A model that the commands have made themselves, once for all tests: data, tokenizer, two steps of `poise sft`.
struct TrainedModel {
  let folder: TemporaryFolder
  var examples: String { folder.path + "/sft.jsonl" }
  var prompts: String { folder.path + "/prompts.jsonl" }
  var model: String { folder.path + "/sft" }

  static let shared = Result { try TrainedModel() }

  private init() throws {
    folder = try TemporaryFolder()
    // Statics are not deinitialised; the folder must go all the same.
    TrainedModelCleaner.path = folder.path
    atexit { TrainedModelCleaner.clean() }
    _ = try PoiseProcess.succeed("data", "make", "--count", "60", "--out", examples)
    _ = try PoiseProcess.succeed("data", "make", "--kind", "prompts", "--count", "6", "--split", "held-out", "--out", prompts)
    _ = try PoiseProcess.succeed("tokenizer", "train", "--data", examples, "--vocabulary-size", "300", "--out", folder.path)
    _ = try PoiseProcess.succeed(
      "sft", "--preset", "tiny", "--tokenizer", folder.path, "--data", examples, "--steps", "2", "--batch-size", "4", "--out",
      model)
  }

  /// A copy of the model's folder for a test to damage.
  func copy(into folder: TemporaryFolder, name: String = "model") throws -> String {
    let copy = "\(folder.path)/\(name)"
    try Files.createDirectory(copy)
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(model)/\(file)", toPath: "\(copy)/\(file)")
    }
    return copy
  }

  /// A copy whose config.json says something else.
  func copy(into folder: TemporaryFolder, setting key: String, to value: JSON) throws -> String {
    let copy = try copy(into: folder)
    var config = try Files.readJSON("\(copy)/config.json").object!
    config[key] = value
    try Files.replace("\(copy)/config.json", with: JSON.object(config).page)
    return copy
  }
}

private enum TrainedModelCleaner {
  nonisolated(unsafe) static var path: String?  // written once, before the handler that reads it is registered

  static func clean() { if let path { Files.remove(path) } }
}
