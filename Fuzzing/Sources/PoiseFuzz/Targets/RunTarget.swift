import Poise
import PoiseFiles

/// A run that is resumed: `poise_run.json` of its checkpoint, and `metrics.jsonl`, two files. A checkpoint is whole where the files
/// that it lists are there, byte for byte, and a name in the list leads to a file of its folder; options may be of any number and
/// kind.
enum RunTarget: FuzzTarget {
  static let name = "run"
  static let dictionary = [
    "\"files\":", "\"bytes\":", "\"sha256\":", "\"weights\":", "\"poise_run.json\":", "\"..\":", "\".\":", "\"\":", "\"a/b\":",
    "\"options\":", "\"data_sha256\":", "\"poise_version\":", "\"command\":", "\"seed\":", "\"schedule\":\"constant\"",
    "\"steps\":", "\"global_step\":", "9223372036854775807", "1e300", "\n",
  ]

  static let seeds: [[UInt8]] = [
    .joining(
      Array(listing(#""bytes": 1, "sha256": "\#(digest)""#).utf8), Array("{\"global_step\": 1}\n{\"global_step\": 2}\n".utf8)),
    .joining(Array(listing(#""bytes": 1, "sha256": "0""#).utf8), Array("{\"global_step\": 1.0}\n\n[]\n{\"global_st".utf8)),
    Array(#"{"files": {}, "options": {"steps": 2, "schedule": "constant"}, "data_sha256": {"data": "0"}}"#.utf8),
    Array(#"{"files": {"..": {"bytes": 60, "sha256": "0"}, ".": {"bytes": 80, "sha256": "0"}}}"#.utf8), Array("{}".utf8),
  ]

  /// Of a file `weights` that holds an "a".
  private static let digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

  private static func listing(_ file: String) -> String {
    #"{"poise_version": "1", "command": "sft", "seed": 1, "options": {"steps": 2}, "files": {"weights": {\#(file)}}}"#
  }

  private static let began = try! JSON(parsing: listing(""))

  static func run(_ input: [UInt8]) throws {
    let files = input.files(2)
    _ = Scratch.file("run-folder/checkpoint-1/weights", Array("a".utf8))
    _ = Scratch.file("run-folder/checkpoint-1/poise_run.json", files[0])
    _ = Scratch.file("run-folder/metrics.jsonl", files[1])
    let folder = Scratch.folder + "/run-folder"
    try RunFolder(folder).prepare(after: 1)
    guard let checkpoint = try RunFolder.newestIntactCheckpoint(in: folder, report: { precondition(!$0.isEmpty) }) else { return }
    let description = try checkpoint.description()
    for (first, second) in [(description, began), (began, description)] {
      _ = RunDifference(began: first, goesOn: second)?.description
    }
    precondition(RunDifference(began: description, goesOn: description) == nil)
  }
}
