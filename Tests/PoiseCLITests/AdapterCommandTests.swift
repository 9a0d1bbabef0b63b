import Foundation
import PoiseFiles
import Testing

/// Training with `--lora-rank`, from supervised fine-tuning over preferences to a merged model.
@Suite struct AdapterCommandTests {
  private let trained: TrainedModel
  private let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  private func online(_ out: String, model: String? = nil, steps: Int = 2, _ more: String...) throws -> PoiseProcess {
    try PoiseProcess(
      [
        "train", "ipo-md", "--model", model ?? trained.model, "--prompts", trained.prompts, "--annotator", "rubric", "--steps",
        String(steps), "--batch-size", "3", "--max-new-tokens", "6", "--checkpoint-every", "1", "--out", out,
      ] + more)
  }

  private func logProbabilities(_ model: String, _ more: String...) throws -> [Double] {
    let result = try PoiseProcess.succeed(["score", "--model", model, "--input", trained.examples, "--json"] + more)
    return try result.output.split(separator: "\n").map { try #require(try JSON(parsing: Data($0.utf8))["logp"]?.double) }
  }

  @Test func adaptersGoAllTheWay() throws {
    let (first, second, merged) = ("\(folder.path)/sft", "\(folder.path)/ipo", "\(folder.path)/merged")
    _ = try PoiseProcess.succeed(
      "sft", "--model", trained.model, "--data", trained.examples, "--steps", "2", "--batch-size", "4", "--lora-rank", "4",
      "--learning-rate", "0.05", "--out", first)
    #expect(!Files.exists("\(first)/model.safetensors") && Files.exists("\(first)/adapter_model.safetensors"))
    // What was learned is the reference of what follows.
    let result = try online(second, model: first)
    #expect(result.status == 0, "\(result.errors)")
    let metrics = try String(decoding: Files.read("\(second)/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(try abs(#require(try JSON(parsing: Data(metrics[0].utf8))["objective/kl"]?.double)) < 1e-6)

    _ = try PoiseProcess.succeed("merge", "--model", second, "--out", merged)
    #expect(!Files.exists("\(merged)/adapter_config.json") && Files.exists("\(merged)/tokenizer.json"))
    let (adapted, whole, start) = (
      try logProbabilities(second, "--reference", first), try logProbabilities(merged), try logProbabilities(trained.model)
    )
    #expect(adapted == whole && adapted != start)
  }

  @Test func aResumedRunEndsWithTheBytesOfAnUninterruptedOne() throws {
    let (whole, broken) = ("\(folder.path)/whole", "\(folder.path)/broken")
    #expect(try online(whole, "--lora-rank", "3").status == 0)
    try Files.createDirectory(broken)
    try FileManager.default.copyItem(atPath: "\(whole)/checkpoint-1", toPath: "\(broken)/checkpoint-1")
    #expect(try online(broken, "--lora-rank", "3", "--resume").status == 0)
    let file = "adapter_model.safetensors"
    #expect(try Files.read("\(broken)/\(file)") == Files.read("\(whole)/\(file)"))
    #expect(try Files.read("\(whole)/\(file)") != Files.read("\(whole)/checkpoint-1/\(file)"))
    let said = try online(whole, "--lora-rank", "3")
    #expect(said.status == 73)
  }

  @Test func judgesStartFromMergedAdapters() throws {
    let (run, judge, pairs) = ("\(folder.path)/run", "\(folder.path)/judge", "\(folder.path)/pairs.jsonl")
    #expect(try online(run, "--lora-rank", "2").status == 0)
    _ = try PoiseProcess.succeed("data", "make", "--kind", "preferences", "--count", "8", "--out", pairs)
    _ = try PoiseProcess.succeed(
      "reward", "--model", run, "--data", pairs, "--steps", "1", "--batch-size", "2", "--out", judge)
    #expect(Files.exists("\(judge)/model.safetensors"))
  }

  @Test func aPlanHasOneSetOfWeights() throws {
    let run = ["train", "ipo-md", "--batch-size", "2", "--max-new-tokens", "4"]
    func plan(_ more: String...) throws -> String {
      try PoiseProcess.succeed(["doctor", "--model", trained.model, "--plan"] + run + more).output
    }
    let (adapted, all) = (try plan("--lora-rank", "2"), try plan())
    #expect(adapted.contains("frozen parameters") && adapted.contains("adapters of the reference"))
    #expect(!adapted.contains("for decoding") && all.contains("for decoding"))
  }

  @Test(
    arguments: [
      (["--lora-rank", "0"], 64, "the rank of the adapters is 0"), (["--lora-alpha", "3"], 64, "need --lora-rank"),
      (["--lora-rank", "2", "--lora-targets", "q_proj,nothing"], 78, "\"nothing\" is no linear layer of the model"),
    ] as [([String], Int32, String)])
  func mistakesAreNamed(_ options: [String], _ status: Int32, _ said: String) throws {
    let result = try PoiseProcess(
      [
        "sft", "--model", trained.model, "--data", trained.examples, "--steps", "1", "--out", "\(folder.path)/run",
      ] + options)
    #expect(result.status == status && result.errors.contains(said), "\(result.errors)")
    #expect(!Files.exists("\(folder.path)/run"))
  }

  @Test func whatCannotBeAdaptedOrMergedIsNamed() throws {
    let scratch = try PoiseProcess([
      "sft", "--preset", "tiny", "--tokenizer", trained.folder.path, "--data", trained.examples, "--lora-rank", "2", "--out",
      "\(folder.path)/run",
    ])
    #expect(scratch.status == 78 && scratch.errors.contains("a model from scratch has none yet"), "\(scratch.errors)")
    let whole = try PoiseProcess(["merge", "--model", trained.model, "--out", "\(folder.path)/merged"])
    #expect(whole.status == 78 && whole.errors.contains("holds no adapters"), "\(whole.errors)")
  }
}
