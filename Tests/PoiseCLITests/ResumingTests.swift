import Foundation
import PoiseFiles
import Testing

@Suite struct ResumingTests {
  let trained: TrainedModel
  let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  private func arguments(steps: Int, out: String) -> [String] {
    [
      "train", "ipo", "--model", trained.model, "--prompts", trained.prompts, "--annotator", "rubric", "--steps", String(steps),
      "--batch-size", "3", "--max-new-tokens", "6", "--checkpoint-every", "1", "--out", out,
    ]
  }

  @Test func aResumedRunEndsWithTheBytesOfAnUninterruptedOne() throws {
    let (whole, broken) = ("\(folder.path)/whole", "\(folder.path)/broken")
    #expect(try PoiseProcess(arguments(steps: 3, out: whole)).status == 0)
    try Files.createDirectory(broken)
    try FileManager.default.copyItem(atPath: "\(whole)/checkpoint-2", toPath: "\(broken)/checkpoint-2")
    #expect(try PoiseProcess(arguments(steps: 3, out: broken) + ["--resume"]).status == 0)
    #expect(try Files.read("\(broken)/model.safetensors") == Files.read("\(whole)/model.safetensors"))
    #expect(try Files.read("\(broken)/model.safetensors") != Files.read("\(trained.model)/model.safetensors"))
    let metrics = try String(decoding: Files.read("\(broken)/metrics.jsonl"), as: UTF8.self)
    #expect(metrics.count { $0 == "\n" } == 1)
  }

  /// A loss of power left the newest checkpoint without its bytes, and somebody has changed the learning rate since.
  @Test func aTornCheckpointIsPassedOverAndAnotherRateIsSaid() throws {
    let (whole, torn) = ("\(folder.path)/whole", "\(folder.path)/torn")
    for run in [whole, torn] { try PoiseProcess.succeed(arguments(steps: 3, out: run)) }
    let weights = "\(torn)/checkpoint-3/model.safetensors"
    var bytes = try Files.read(weights)
    bytes[bytes.count - 1] ^= 0x40
    Files.remove(weights)
    try bytes.write(to: URL(fileURLWithPath: weights))
    let resumed = try PoiseProcess(arguments(steps: 3, out: torn) + ["--resume"])
    #expect(resumed.status == 0)
    #expect(resumed.errors.contains("\(weights) does not hold the bytes that were written. The checkpoint before it is used."))
    #expect(!resumed.errors.contains("goes on otherwise"))
    #expect(try Files.read("\(torn)/model.safetensors") == Files.read("\(whole)/model.safetensors"))
    let steps = try String(decoding: Files.read("\(torn)/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
      .map { try JSON(parsing: String($0))["global_step"]?.int }
    #expect(steps == [1, 2, 3])
    let other = try PoiseProcess(arguments(steps: 4, out: torn) + ["--resume", "--learning-rate", "0.5"])
    #expect(other.errors.contains("The run goes on otherwise than it began"), "\(other.errors)")
    #expect(other.errors.contains("learning_rate was 0.003") && other.errors.contains(" and is 0.5."), "\(other.errors)")
    #expect(!other.errors.contains("steps was"))
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func anInterruptedRunFinishesItsStepAndSaysHowToGoOn(_ signal: Int32, _ status: Int32) throws {
    let run = "\(folder.path)/run"
    let errors = try folder.file("errors", "")
    let process = try BackgroundPoise(arguments(steps: 1_000_000, out: run), errors: errors)
    process.wait { Files.exists("\(run)/model.safetensors") }
    #expect(process.end(by: signal) == status)
    let said = try String(decoding: Files.read(errors), as: UTF8.self)
    #expect(said.wholeMatch(of: /Interrupted after step \d+; the checkpoint is complete\. Add --resume .+\n/) != nil, "\(said)")
    #expect(!folder.contents.contains { $0.contains(".tmp") || $0.contains(".link") })
  }
}
