import Foundation
import PoiseFiles
import Testing

@Suite struct VerifyRunTests {
  let trained: TrainedModel
  let folder: TemporaryFolder
  var run: String { "\(folder.path)/run" }

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  /// Four steps with a checkpoint after the second and after the last.
  private func train(_ arguments: [String], _ more: String..., seed: Int = 0, out: String? = nil) throws {
    try PoiseProcess.succeed(
      arguments + ["--steps", "4", "--batch-size", "3", "--checkpoint-every", "2", "--seed", String(seed), "--out", out ?? run]
        + more)
  }

  private var online: [String] {
    ["train", "ipo-md", "--model", trained.model, "--prompts", trained.prompts, "--max-new-tokens", "6"]
  }

  private func preferences() throws -> String {
    try folder.file(
      "preferences.jsonl",
      (0..<12).map { #"{"prompt": "Post \#($0).", "chosen": " Yes, \#($0).", "rejected": " No."}"# + "\n" }.joined())
  }

  /// Every x86-64 processor that Poise runs on has these.
  private static let otherKernels: [String: String] = {
    #if arch(x86_64)
      ["POISE_ISA": "avx2"]
    #else
      [:]
    #endif
  }()

  private func expectSame(_ result: PoiseProcess) throws {
    #expect(result.status == 0, "\(result.errors)")
    let files = try result.records()
    #expect(files.compactMap { $0["same"]?.bool } == Array(repeating: true, count: files.count))
    for name in ["model.safetensors", "poise_state.safetensors"] { #expect(files.contains { $0["file"]?.string == name }) }
  }

  @Test func stepsOfAnOnlineRunComeOutAgainWithOtherThreadsAndKernels() throws {
    try train(
      online, "--annotator", "rubric", "--evaluate-every", "2", "--evaluation-judge", "rubric:cyclic", "--keep-best=nash/gap",
      "--threads", "2")
    try expectSame(try PoiseProcess(["verify-run", run, "--json"]))
    let (last, all) = (
      try PoiseProcess(["verify-run", run, "--threads", "1"]),
      try PoiseProcess(["verify-run", run, "--steps", "3", "--threads", "3"], environment: Self.otherKernels)
    )
    #expect(last.errors.contains("Making steps 3 to 4 of \(run) again, from \(run)/checkpoint-2."), "\(last.errors)")
    #expect(all.errors.contains("Making steps 1 to 4 of \(run) again, from the beginning"), "\(all.errors)")
    for result in [last, all] { #expect(result.status == 0 && result.output.hasSuffix("Every byte is as the run wrote it.\n")) }
  }

  @Test func supervisedTrainingAndJudgesComeOutAgain() throws {
    try train(["sft", "--preset", "tiny-t5", "--tokenizer", trained.folder.path, "--data", trained.examples])
    try expectSame(try PoiseProcess(["verify-run", run, "--json"]))
    Files.remove(run)
    try train(
      ["reward", "--model", trained.model, "--data", try preferences()], "--evaluate-every", "1", "--keep-best", "eval/loss")
    try expectSame(try PoiseProcess(["verify-run", run, "--json"]))
  }

  /// The checkpoint that the replay begins with is that of a run with another seed.
  @Test func anotherPastIsFoundAndItsFirstStepNamed() throws {
    let (offline, other) = (
      ["train", "dpo", "--offline", "--data", try preferences(), "--model", trained.model], "\(folder.path)/other"
    )
    try train(offline)
    let original = try PoiseProcess(["verify-run", run])
    #expect(original.status == 0, "\(original.errors)")
    try train(offline, seed: 5, out: other)
    Files.remove("\(run)/checkpoint-2")
    try FileManager.default.moveItem(atPath: "\(other)/checkpoint-2", toPath: "\(run)/checkpoint-2")
    let result = try PoiseProcess(["verify-run", run])
    #expect(result.status == 65)
    #expect(
      result.errors.contains("made again, steps 3 to 4 end in other bytes (model.safetensors, poise_state.safetensors)"),
      "\(result.errors)")
    #expect(result.errors.contains("differs first at step 3: "), "\(result.errors)")
    #expect(result.output.contains("differs"))
  }

  /// The program leaves a mark for every question: a replay asks it none, and starts it only where its user says so.
  @Test func aProgramIsNotStartedUnaskedAndAnswersOnce() throws {
    let asked = "\(folder.path)/asked"
    let program = try folder.file(
      "judge.sh", "while read -r line; do echo x >> \(asked); echo '{\"preference\": 0.7}'; done\n")
    try train(online, "--annotator", "command:sh \(program)", "--steps", "6")
    let before = try Files.read(asked)
    let refused = try PoiseProcess(["verify-run", run])
    #expect(refused.status == 64 && refused.errors.contains("Add --start-annotator"), "\(refused.errors)")
    try expectSame(try PoiseProcess(["verify-run", run, "--start-annotator", "--json"]))
    #expect(try Files.read(asked) == before)
  }

  @Test func whatCannotBeVerifiedIsSaid() throws {
    let nothing = try PoiseProcess(["verify-run", folder.path])
    #expect(nothing.status == 66 && nothing.errors.contains("there is no complete checkpoint to compare with"))
    try train(online, "--annotator", "rubric")
    let path = "\(run)/checkpoint-4/poise_run.json"
    var description = try #require(try Files.readJSON(path).object)
    description["arguments"] = nil
    try Files.replace(path, with: JSON.object(description).page)
    // A stranger's line starts a program, and says otherwise elsewhere; another is no training at all.
    for (line, status) in [(online + ["--annotator=command:touch \(folder.path)/started"], 64), (["doctor"], 65)]
      as [([String], Int32)]
    {
      description["arguments"] = .array(line.map { .string($0) })
      try Files.replace(path, with: JSON.object(description).page)
      #expect(try PoiseProcess(["verify-run", run]).status == status)
    }
    #expect(!Files.exists("\(folder.path)/started"))
    description["arguments"] = nil
    try Files.replace(path, with: JSON.object(description).page)
    let silent = try PoiseProcess(["verify-run", run])
    #expect(silent.status == 65 && silent.errors.contains("is not recorded"), "\(silent.errors)")
  }
}
