import Foundation
import PoiseFiles
import Testing

/// `poise doctor --plan`: what a command would take, told without weights, and refused where there is too little.
@Suite struct MemoryPlanCommandTests {
  let judges: TrainedJudges
  let folder: TemporaryFolder

  init() throws {
    judges = try TrainedJudges.shared.get()
    folder = try TemporaryFolder()
  }

  private var trained: TrainedModel { judges.trained }
  private var out: String { "\(folder.path)/run" }

  private var lines: [[String]] {
    let options = ["--batch-size", "4", "--steps", "2", "--threads", "2", "--out", out]
    let model = ["--model", trained.model]
    return [
      ["sft"] + model + ["--data", trained.examples] + options,
      ["sft", "--preset", "tiny", "--tokenizer", trained.folder.path, "--data", trained.examples] + options,
      ["reward"] + model + ["--data", judges.preferences] + options,
      ["preference"] + model + ["--data", judges.preferences] + options,
      ["train", "ipo-md"] + model + ["--prompts", trained.prompts, "--annotator", "preference:\(judges.preference)"]
        + ["--max-new-tokens", "5", "--evaluate-every", "1"] + options,
      ["train", "rl"] + model + ["--prompts", trained.prompts, "--annotator", "reward:\(judges.reward)"] + options,
      ["train", "dpo", "--offline"] + model + ["--data", judges.preferences] + options,
    ]
  }

  private func plan(_ line: [String], before: [String] = []) throws -> JSON {
    let result = try PoiseProcess(["doctor"] + before + ["--json", "--plan"] + line)
    try #require(result.status == 0, "\(result.errors)")
    return try #require(try result.records().first)
  }

  private func bytes(_ plan: JSON, _ purpose: String) -> Int {
    plan["items"]!.array!.filter { $0["purpose"]!.string! == purpose }.reduce(0) { $0 + $1["bytes"]!.int! }
  }

  @Test func everyTrainingCommandIsPlannedAndRefusedBeforeItStarts() throws {
    for line in lines {
      let plan = try plan(line)
      #expect(plan["command"]!.string == line[0] && plan["fits"] == true && plan["assumed"]!.array!.isEmpty)
      let total = plan["bytes"]!.int!
      #expect(plan["items"]!.array!.reduce(0) { $0 + $1["bytes"]!.int! } == total)
      for purpose in ["parameters", "gradients", "moments", "activations"] { #expect(bytes(plan, purpose) > 0) }
      #expect((bytes(plan, "caches") > 0) == (line[0] == "train" && line[2] != "--offline"))

      let limit = ["POISE_MEMORY_LIMIT": "\(total - 1)"]
      let refused = try PoiseProcess(line, environment: limit)
      #expect(refused.status == 78)
      #expect(refused.errors.contains("poise: The run would take") && refused.errors.contains("What helps: "))
      #expect(refused.output.isEmpty && folder.contents.isEmpty)
      let told = try PoiseProcess(["doctor", "--plan"] + line, environment: limit)
      #expect(told.status == 0 && told.output.contains("The run would take"))
    }
  }

  @Test func aRunThatFitsIsMade() throws {
    for (index, line) in lines.enumerated() where [0, 4].contains(index) {
      let limit = ["POISE_MEMORY_LIMIT": "\(try plan(line)["bytes"]!.int!)"]
      let result = try PoiseProcess(line, environment: limit)
      #expect(result.status == 0, "\(result.errors)")
      Files.remove(out)
    }
  }

  /// The profile's account is of arenas as they were made.
  @Test func theProfileSaysWhatThePlanSaid() throws {
    let plan = try plan(lines[0])
    let profile = try PoiseProcess(["profile"] + lines[0]).output
    for purpose in ["parameters", "gradients", "moments", "activations"] {
      let mebibytes = String(format: "%.2f", Double(bytes(plan, purpose)) / Double(1 << 20))
      let said = profile.split(separator: "\n").first { $0.hasPrefix("\(purpose) ") }
      #expect(said?.split(separator: " ").last.map(String.init) == mebibytes)
    }
  }

  @Test func aPlanNeedsNoWeightsAndNoData() throws {
    let model = try trained.copy(into: folder)
    let line = ["train", "ipo-md", "--batch-size", "4", "--max-new-tokens", "64"]
    let known = try plan(line, before: ["--model", model])
    Files.remove("\(model)/model.safetensors")
    let unknown = try plan(line, before: ["--model", model])
    #expect(unknown["items"] == known["items"])
    #expect(unknown["assumed"] == ["out", "prompts", "annotator"])
    let given = try plan(line + ["--prompts", trained.prompts], before: ["--model", model])
    #expect(given["assumed"] == ["out", "annotator"])
    #expect(given["bytes"]!.int! < unknown["bytes"]!.int!)
    for line in [["sample", "--n", "4"], ["score"], ["sft"], ["reward"], ["train", "dpo", "--offline"]] {
      #expect(try plan(line, before: ["--model", model])["bytes"]!.int! > 0)
    }
  }

  /// An encoder–decoder's positions are distances, and have no end.
  @Test(arguments: [["sample"], ["score"], ["sft"], ["reward"], ["train", "ipo-md"], ["train", "dpo", "--offline"]])
  func whereTextsHaveNoLimitThePlanAsksForThem(line: [String]) throws {
    let config = """
      {"model_type": "t5", "d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 1, "num_heads": 4, "vocab_size": 400, \
      "feed_forward_proj": "relu", "is_encoder_decoder": true, "eos_token_id": 1}
      """
    try Files.createDirectory("\(folder.path)/t5")
    _ = try folder.file("t5/config.json", config)
    _ = try folder.file("t5/tokenizer.json", String(contentsOfFile: "\(trained.model)/tokenizer.json", encoding: .utf8))
    let refused = try PoiseProcess(["doctor", "--model", "\(folder.path)/t5", "--plan"] + line)
    #expect(refused.status == 64 && refused.errors.contains("no limit to the length of texts"), "\(refused.errors)")
    let file = line.last == "ipo-md" || line == ["sample"] ? ["--prompts", trained.prompts] : nil
    if let file { #expect(try plan(line + file, before: ["--model", "\(folder.path)/t5"])["fits"] == true) }
  }

  @Test func optionsMoveThePlan() throws {
    let line = ["train", "ipo", "--model", trained.model]
    let base = try plan(line + ["--threads", "2"])
    let more = try plan(line, before: ["--threads", "4"])
    #expect(3 * bytes(more, "gradients") == 5 * bytes(base, "gradients"))
    #expect(bytes(more, "activations") == 2 * bytes(base, "activations"))
    let file = try folder.file("run.yaml", "batch_size: 64\noptimizer: adamw\nthreads: 2\n")
    let larger = try plan(line + ["--config", file])
    #expect(bytes(larger, "activations") > bytes(base, "activations"))
    #expect(bytes(larger, "moments") > bytes(base, "moments"))
  }

  @Test func peopleReadATable() throws {
    let result = try PoiseProcess(["doctor", "--plan"] + lines[0])
    for word in ["memory of poise sft", "parameters of the policy", "moments of the optimiser", "together", "It fits: "] {
      #expect(result.output.contains(word))
    }
  }

  @Test func wrongUseIsRefused() throws {
    for line in [["--plan", "nash"], ["--plan", "train", "ipo", "--tau", "-1"], ["--model", "m"]] {
      #expect(try PoiseProcess(["doctor"] + line).status == 64, "\(line)")
    }
    #expect(try PoiseProcess(["doctor", "--plan", "sft", "--model", "/nowhere"]).status == 66)
    let result = try PoiseProcess(["doctor", "--plan"] + lines[0], environment: ["POISE_MEMORY_LIMIT": "much"])
    #expect(result.status == 78)
    #expect(result.errors == "poise: POISE_MEMORY_LIMIT: it is \"much\"; a number of bytes was expected.\n")
  }
}
