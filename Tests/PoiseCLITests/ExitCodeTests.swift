import Foundation
import PoiseFiles
import Testing

/// What a careless user can do, and what the commands answer: the exit code, one paragraph that says where, and nothing
/// half-written.
@Suite struct ExitCodeTests {
  let trained: TrainedModel
  let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  @Test func missingFoldersAreMissingInput() throws {
    try expect(66, ["/nowhere/model does not exist."], sample(model: "/nowhere/model"))
    try expect(
      66, ["/nowhere/data.jsonl does not exist."],
      ["sft", "--model", trained.model, "--data", "/nowhere/data.jsonl", "--out", out])
    try expect(66, ["/nowhere/p does not exist."], train(prompts: "/nowhere/p"))
    try expect(66, ["config.json does not exist."], sample(model: folder.path))
    try expect(66, ["it is a file; a model is a folder"], sample(model: trained.prompts))
    try expect(66, ["/nowhere does not exist."], ["data", "check", "/nowhere"])
    try expect(66, ["no complete checkpoint to resume from"], train() + ["--resume"])
  }

  @Test func aCutCheckpointIsBadData() throws {
    let model = try trained.copy(into: folder)
    let weights = try Files.read("\(model)/model.safetensors")
    try weights.prefix(weights.count / 2).write(to: URL(fileURLWithPath: "\(model)/model.safetensors"))
    try expect(65, ["model.safetensors is cut short"], sample(model: model))
    try expect(65, ["model.safetensors is cut short"], train(model: model))
  }

  @Test func aWrongShapeIsBadData() throws {
    let model = try trained.copy(into: folder, setting: "intermediate_size", to: 300)
    try expect(65, ["model.safetensors: tensor", "has shape", "was expected"], sample(model: model))
    try expect(65, ["has shape"], train(model: model))
  }

  @Test func anUnknownFamilyIsConfiguration() throws {
    let model = try trained.copy(into: folder, setting: "model_type", to: "mamba")
    try expect(78, ["config.json: model_type is \"mamba\"", "it knows llama, gpt2"], sample(model: model))
  }

  @Test func badLinesAreNamed() throws {
    let file = try folder.file("bad.jsonl", "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \n")
    let problem = "\(file), line 2: this is not valid JSON"
    try expect(65, [problem], ["sft", "--model", trained.model, "--data", file, "--out", out])
    try expect(65, [problem], train(prompts: file))
    try expect(65, [problem], ["score", "--model", trained.model, "--input", file])
    try expect(65, [problem], sample(prompts: file))
    let checked = try PoiseProcess(["data", "check", file])
    #expect(checked.status == 65)
    #expect(checked.output.contains(problem))
    #expect(checked.errors == "poise: \(file): 1 of 2 lines are no records.\n")
  }

  @Test func aPromptLongerThanTheContextIsBadData() throws {
    let file = try folder.file("long.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \"\(String(repeating: "word ", count: 600))\"}\n")
    try expect(65, ["\(file), line 2: the prompt has", "model's context of 512"], sample(prompts: file))
    try expect(65, ["\(file), line 2: the prompt has"], train(prompts: file))
  }

  @Test func aTokenOutsideTheVocabularyIsBadData() throws {
    let file = try folder.file("ids.jsonl", "{\"prompt_ids\": [1, 300], \"completion_ids\": [1]}\n")
    let problem = "\(file), line 1: the token id 300 is outside the model's vocabulary (0 to 299)."
    try expect(65, [problem], sample(prompts: file))
    try expect(65, [problem], ["score", "--model", trained.model, "--input", file])
    try expect(65, [problem], ["sft", "--model", trained.model, "--data", file, "--out", out])
  }

  @Test func modelsOfDifferentVocabulariesAreRefused() throws {
    let other = "\(folder.path)/other"
    _ = try PoiseProcess.succeed(
      "tokenizer", "train", "--data", trained.examples, "--vocabulary-size", "280", "--out", folder.path)
    _ = try PoiseProcess.succeed(
      "sft", "--preset", "tiny", "--tokenizer", folder.path, "--data", trained.examples, "--steps", "1", "--batch-size", "1",
      "--out", other)
    let problem = "The policy knows 300 tokens and the reference 280"
    try expect(78, [problem], sample() + ["--reference", other])
    try expect(78, [problem], ["score", "--model", trained.model, "--reference", other, "--input", trained.examples])
    try expect(78, [problem], train() + ["--reference", other])
  }

  @Test func outputThatCannotBeCreatedIsSaidSo() throws {
    let file = try folder.file("file", "")
    try expect(73, ["\(file)/run"], train(out: "\(file)/run"))
    try expect(
      73, ["\(file)/run"], ["sft", "--model", trained.model, "--data", trained.examples, "--steps", "1", "--out", "\(file)/run"])
    try expect(73, ["\(file)/x.jsonl"], ["data", "make", "--count", "1", "--out", "\(file)/x.jsonl"])
    try expect(73, ["\(file)/t"], ["tokenizer", "train", "--data", trained.examples, "--out", "\(file)/t"])
    try expect(73, ["already holds a run"], train(out: trained.model))
    let model = try trained.copy(into: folder)
    Files.remove("\(model)/poise_run.json")
    let weights = try Files.read("\(model)/model.safetensors")
    try expect(73, ["already holds a model"], train(out: model))
    #expect(try Files.read("\(model)/model.safetensors") == weights)
  }

  @Test func aDemonstrationReplacesOnlyWhatADemonstrationWrote() throws {
    try Files.createDirectory("\(folder.path)/data")
    let precious = try folder.file("data/precious.txt", "mine")
    try expect(73, ["was not written by a demonstration"], ["demo", "--quick", "--out", folder.path])
    #expect(try Files.read(precious) == Data("mine".utf8))
  }

  #if os(Linux)
    @Test func aFullDiskIsAnInputOutputError() throws {
      let process = Process()
      process.executableURL = PoiseProcess.executable
      process.arguments = ["data", "make", "--count", "1"]
      process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 74)
    }
  #endif

  @Test(arguments: [
    ["sample", "--modle", "x"], ["frobnicate"], ["sample"], ["loss", "--input", "x", "--tau", "-1"],
    ["data", "make", "--count", "0"], ["data", "make", "--kind", "poems"], ["data", "make", "--out", "x.jsonl.gz"],
    ["sample", "--model", "x", "--prompts", "y", "--mixture", "0.5"],
    ["sample", "--model", "x", "--prompts", "y", "--top-p", "2"],
    ["compare", "--policy", "a=x", "--prompts", "p", "--judge", "rubric"],
    ["compare", "--policy", "a=x", "--policy", "a=y", "--prompts", "p", "--judge", "rubric"],
    ["sft", "--data", "x", "--out", "y"], ["doctor", "--threads", "0"],
  ])
  func wrongUsageIsExplained(_ arguments: [String]) throws {
    let result = try PoiseProcess(arguments)
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix("Error: "), "\(result.errors)")
    #expect(result.errors.contains("--help' for more information.") || result.errors.contains("Usage: poise"))
    #expect(result.output.isEmpty)
  }

  @Test func judgesThatCannotBeHadAreExplained() throws {
    try expect(64, ["There is no judge \"oracle\""], train(annotator: "oracle"))
    try expect(65, ["line {\"preference\": p}"], train(annotator: "command:cat"))
    try expect(74, ["stopped with status 3"], train(annotator: "command:sh -c 'exit 3'"))
  }

  // MARK: What is run

  private var out: String { "\(folder.path)/out" }

  private func sample(model: String? = nil, prompts: String? = nil) -> [String] {
    ["sample", "--model", model ?? trained.model, "--prompts", prompts ?? trained.prompts]
  }

  private func train(
    model: String? = nil, prompts: String? = nil, annotator: String = "rubric", out: String? = nil
  ) -> [String] {
    [
      "train", "ipo", "--model", model ?? trained.model, "--prompts", prompts ?? trained.prompts, "--annotator", annotator,
      "--steps", "1", "--batch-size", "2", "--max-new-tokens", "4", "--out", out ?? self.out,
    ]
  }

  /// One paragraph with these parts, nothing on standard output, no new file but the run's folder and its metrics.
  private func expect(_ status: Int32, _ parts: [String], _ arguments: [String]) throws {
    let before = Set(folder.contents)
    let result = try PoiseProcess(arguments)
    let said = result.errors
    #expect(result.status == status, "poise \(arguments.joined(separator: " ")): \(said)")
    #expect(said.hasPrefix("poise: ") && said.hasSuffix("\n") && said.count { $0 == "\n" } == 1, "\(said)")
    for part in parts { #expect(said.contains(part), "\(said)") }
    #expect(result.output.isEmpty)
    let left = folder.contents.filter { !before.contains($0) && !["out", "out/metrics.jsonl"].contains($0) }
    #expect(left.isEmpty)
  }
}
