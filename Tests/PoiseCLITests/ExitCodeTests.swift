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

  /// Nobody writes to it, and who waited for that would wait for ever.
  @Test func aPipeIsNoPartOfAModel() throws {
    let model = try trained.copy(into: folder)
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
      let path = "\(model)/\(name)"
      let bytes = try Files.read(path)
      Files.remove(path)
      try #require(mkfifo(path, 0o600) == 0)
      try expect(66, ["\(path) cannot be read (it is not a regular file)"], sample(model: model))
      Files.remove(path)
      try bytes.write(to: URL(fileURLWithPath: path))
    }
  }

  @Test func weightsThatAreNotFiniteAreBadData() throws {
    let model = try trained.copy(into: folder)
    var weights = try Files.read("\(model)/model.safetensors")
    weights.replaceSubrange((weights.count - 4)..., with: [0, 0, 0xC0, 0x7F])
    try weights.write(to: URL(fileURLWithPath: "\(model)/model.safetensors"))
    try expect(65, ["model.safetensors: tensor ", "holds infinity or what is not a number"], sample(model: model))
    try expect(65, ["holds infinity or what is not a number"], train(model: model))
  }

  @Test func aWrongShapeIsBadData() throws {
    let model = try trained.copy(into: folder, setting: "intermediate_size", to: 300)
    try expect(65, ["model.safetensors: tensor", "has shape", "was expected"], sample(model: model))
    try expect(65, ["has shape"], train(model: model))
  }

  @Test func anUnknownFamilyIsConfiguration() throws {
    let model = try trained.copy(into: folder, setting: "model_type", to: "mamba")
    try expect(78, ["config.json: model_type is \"mamba\"", "it knows llama, qwen2, gpt2, t5"], sample(model: model))
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
    ["train", "ppo", "--model", "m", "--prompts", "p", "--annotator", "rubric", "--out", "o"],
    ["train", "ipo", "--model", "m", "--prompts", "p", "--out", "o"],
    ["train", "ipo", "--model", "m", "--annotator", "rubric", "--out", "o"],
    ["train", "ipo", "--model", "m", "--data", "d", "--out", "o"],
    ["train", "ipo", "--model", "m", "--offline", "--out", "o"],
    ["train", "ipo", "--model", "m", "--offline", "--data", "d", "--annotator", "rubric", "--out", "o"],
    ["train", "ipo-md", "--model", "m", "--offline", "--data", "d", "--out", "o"],
    ["train", "rl", "--model", "m", "--offline", "--data", "d", "--out", "o"],
    ["train", "dpo", "--model", "m", "--prompts", "p", "--annotator", "rubric", "--mixture", "0.5", "--out", "o"],
    ["train", "nash-md", "--model", "m", "--prompts", "p", "--annotator", "rubric", "--mixture", "1.5", "--out", "o"],
    ["train", "ipo", "--model", "m", "--prompts", "p", "--annotator", "rubric", "--responses", "1", "--out", "o"],
    ["sft", "--preset", "tiny", "--blocks", "0", "--tokenizer", "t", "--data", "d", "--out", "o"],
    ["sft", "--model", "m", "--blocks", "2", "--data", "d", "--out", "o"],
    ["reward", "--model", "m", "--out", "o"], ["reward", "--data", "d", "--out", "o"],
    ["reward", "--model", "m", "--data", "d", "--out", "o", "--centring", "-1"],
    ["preference", "--model", "m", "--data", "d", "--out", "o", "--centring", "1"],
    ["preference", "--model", "m", "--data", "d", "--out", "o", "--validation-share", "1"],
    ["preference", "--model", "m", "--data", "d", "--out", "o", "--patience", "0"],
    ["reward", "--model", "m", "--data", "d", "--out", "o", "--evaluate-every", "0"],
    ["score", "--model", "m", "--reward", "r", "--input", "i"],
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
    try expect(
      74, ["gave no answer for 0.2 seconds"], train(annotator: "command:exec sleep 30") + ["--annotator-timeout", "0.2"])
    try expect(64, ["`reward:` needs the folder of a reward model"], train(annotator: "reward:"))
    try expect(66, ["/nowhere does not exist."], train(annotator: "preference:/nowhere"))
  }

  @Test func aPolicyGradientNeedsRewards() throws {
    let judges = try TrainedJudges.shared.get()
    for annotator in ["preference:\(judges.preference)", "command:cat", "rubric:cyclic"] {
      try expect(
        64, ["The algorithm rl needs a reward for each response", annotator], train(algorithm: "rl", annotator: annotator))
    }
  }

  @Test func judgesAndPoliciesAreNotMistakenForEachOther() throws {
    let judges = try TrainedJudges.shared.get()
    let (reward, preference) = (judges.reward, judges.preference)
    try expect(78, ["this is a policy, which cannot judge"], train(annotator: "reward:\(trained.model)"))
    try expect(
      78, ["this is a preference model: name it as preference:\(preference)"], train(annotator: "reward:\(preference)"))
    try expect(78, ["this is a reward model: name it as reward:\(reward)"], train(annotator: "preference:\(reward)"))
    try expect(78, ["Use it as a judge or annotator, reward:\(reward)"], sample(model: reward))
    try expect(78, ["Use it as a judge or annotator, preference:\(preference)"], train(model: preference))
    try expect(78, ["Use it as a judge or annotator"], ["score", "--model", reward, "--input", trained.examples])
    try expect(78, ["Use it as a judge or annotator"], ["sft", "--model", reward, "--data", trained.examples, "--out", out])
    try expect(78, ["Use it as a judge or annotator"], judge("reward", model: reward, data: judges.preferences))
    try expect(78, ["this is a reward model"], judge("preference", data: judges.preferences, out: reward) + ["--resume"])
    try expect(73, ["already holds a run"], judge("reward", data: judges.preferences, out: reward))
  }

  @Test func comparisonsThatCannotTeachAreBadData() throws {
    let line = #"{"prompt": "a", "chosen": "b", "rejected": "c"}"#
    let good = try folder.file("good.jsonl", line + "\n")
    let empty = try folder.file("empty.jsonl", "")
    let bad = try folder.file("bad.jsonl", line + "\n" + #"{"prompt": "a", "chosen": "b", "rejected": "c", "preference": 2}"#)
    let prompts = "\"chosen\" or \"chosen_ids\" was expected"
    for kind in ["reward", "preference"] {
      try expect(65, ["\(empty): the file has no records"], judge(kind, data: empty))
      try expect(65, ["\(bad), line 2: \"preference\" is a probability"], judge(kind, data: bad))
      try expect(65, ["line 1: \(prompts)"], judge(kind, data: trained.prompts))
      try expect(66, ["/nowhere does not exist."], judge(kind, data: "/nowhere"))
      let withoutTest = judge(kind, data: good) + ["--validation-share", "0", "--test-data", "/nowhere"]
      try expect(66, ["/nowhere does not exist."], withoutTest)
      try expect(66, ["/nowhere does not exist."], judge(kind, model: "/nowhere", data: good))
      try expect(66, ["no complete checkpoint to resume from"], judge(kind, data: good) + ["--resume"])
    }
    try expect(65, ["\(bad), line 2: \"preference\" is a probability"], offline(data: bad))
    try expect(65, ["\(empty): the file has no records"], offline(data: empty))
    let huge = try folder.file(
      "huge.jsonl", #"{"prompt": "a", "chosen": "\#(String(repeating: "word ", count: 900))", "rejected": "c"}"#)
    try expect(65, ["\(huge), line 1: the prompt has 1 tokens and the response ", "Shorten one of them"], offline(data: huge))
  }

  /// All lines have one prompt, which goes to one side or the other as a whole.
  @Test func aSinglePromptCannotBeSplit() throws {
    let lines = (0..<8).map { #"{"prompt": "a", "chosen": "b\#($0)", "rejected": "c"}"# }
    let file = try folder.file("same.jsonl", lines.joined(separator: "\n"))
    var statuses: Set<Int32> = []
    for seed in 0..<4 {
      let out = "\(folder.path)/\(seed)"
      let words = judge("reward", data: file, out: out) + ["--validation-share", "0.5", "--seed", String(seed)]
      let result = try PoiseProcess(words)
      statuses.insert(result.status)
      if result.status == 65 {
        #expect(result.errors.contains("\(file): every prompt was held out; give more prompts"))
        #expect(!Files.exists(out))
      } else {
        #expect(result.output.hasPrefix("Nothing was held out"))
      }
    }
    #expect(statuses == [0, 65])
  }

  // MARK: What is run

  private var out: String { "\(folder.path)/out" }

  private func sample(model: String? = nil, prompts: String? = nil) -> [String] {
    ["sample", "--model", model ?? trained.model, "--prompts", prompts ?? trained.prompts]
  }

  private func judge(_ kind: String, model: String? = nil, data: String, out: String? = nil) -> [String] {
    [
      kind, "--model", model ?? trained.model, "--data", data, "--steps", "1", "--batch-size", "2", "--out", out ?? self.out,
      "--quiet",
    ]
  }

  private func offline(data: String) -> [String] {
    ["train", "dpo", "--offline", "--model", trained.model, "--data", data, "--steps", "1", "--out", out]
  }

  private func train(
    algorithm: String = "ipo", model: String? = nil, prompts: String? = nil, annotator: String = "rubric", out: String? = nil
  ) -> [String] {
    [
      "train", algorithm, "--model", model ?? trained.model, "--prompts", prompts ?? trained.prompts, "--annotator", annotator,
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
