import Foundation
import PoiseFiles
import Testing

/// The commands one after the other, as a user chains them.
@Suite struct WorkflowTests {
  let trained: TrainedModel
  let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  @Test func trainingThenComparingGivesAnAntisymmetricTable() throws {
    let run = "\(folder.path)/ipo"
    let training = try PoiseProcess.succeed(
      "train", "ipo", "--model", trained.model, "--prompts", trained.prompts, "--annotator", "rubric", "--steps", "2",
      "--batch-size", "3", "--max-new-tokens", "8", "--out", run)
    #expect(training.output.contains("rewards/margins"))
    let metrics = try String(decoding: Files.read("\(run)/metrics.jsonl"), as: UTF8.self)
    #expect(metrics.count { $0 == "\n" } == 2)

    func compare(_ first: String, _ second: String) throws -> JSON {
      try PoiseProcess.succeed(
        "compare", "--policy", first, "--policy", second, "--prompts", trained.prompts, "--judge", "rubric", "--samples", "2",
        "--max-new-tokens", "8", "--json"
      ).records()[0]
    }
    let (forth, back) = (try compare("a=\(trained.model)", "b=\(run)"), try compare("b=\(run)", "a=\(trained.model)"))
    #expect(
      forth.object?.keys == [
        "row", "column", "win_rate", "ci_low", "ci_high", "wins", "ties", "losses", "n", "mean_preference",
      ])
    #expect(forth["row"] == "a" && forth["column"] == "b" && forth["n"] == 12)
    #expect(forth["win_rate"]!.double! + back["win_rate"]!.double! == 1)
    #expect(forth["wins"] == back["losses"])
  }

  @Test func comparingAPolicyWithItselfIsAllTies() throws {
    let result = try PoiseProcess.succeed(
      "compare", "--policy", "a=\(trained.model)", "--policy", "b=\(trained.model)", "--prompts", trained.prompts, "--judge",
      "rubric", "--max-new-tokens", "8", "--quiet")
    #expect(
      result.output.hasPrefix(
        """
        win rate of row  over a  over b  mean tokens
        ───────────────  ──────  ──────  ───────────
        a                     –   0.500          8.0
        b                 0.500       –          8.0
        """), "\(result.output)")
    #expect(result.errors.isEmpty)
  }

  @Test func samplesAreKeyedByTheSeedAloneAndComeInOrder() throws {
    func sample(_ threads: String, seed: String) throws -> String {
      try PoiseProcess.succeed(
        "sample", "--model", trained.model, "--prompts", trained.prompts, "--n", "2", "--max-new-tokens", "6", "--json",
        "--threads", threads, "--seed", seed
      ).output
    }
    let one = try sample("1", seed: "5")
    #expect(try sample("3", seed: "5") == one)
    #expect(try sample("1", seed: "6") != one)
    let prompts = try Files.read(trained.prompts).split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0)["prompt"]! }
    let records = try one.split(separator: "\n").map { try JSON(parsing: String($0)) }
    #expect(records.map { $0["prompt"]! } == prompts.flatMap { [$0, $0] })
    #expect(records.allSatisfy { $0["logp"]!.double! < 0 && $0["logp"] == $0["behaviour_logp"] })
  }

  @Test func aWholeMixtureIsTheReference() throws {
    let result = try PoiseProcess.succeed(
      "sample", "--model", trained.model, "--reference", trained.model, "--mixture", "1", "--prompts", trained.prompts,
      "--max-new-tokens", "4", "--json")
    for record in try result.records() { #expect(record["behaviour_logp"] == record["ref_logp"]) }
  }

  @Test func scoresOfSamplesAreTheirLogProbabilities() throws {
    let samples = try PoiseProcess.succeed(
      "sample", "--model", trained.model, "--prompts", trained.prompts, "--max-new-tokens", "6", "--json")
    let scores = try PoiseProcess.succeed("score", "--model", trained.model, "--input", "-", "--json", input: samples.output)
    let pairs = try zip(samples.records(), scores.records())
    #expect(try scores.records().count == 6)
    for (sample, score) in pairs {
      #expect(abs(sample["logp"]!.double! - score["logp"]!.double!) < 1e-4)
      #expect(score["tokens"] == .init(sample["completion_ids"]!.array!.count))
    }
  }

  /// From scratch to a policy trained against a judge that is an encoder–decoder, too.
  @Test func anEncoderDecoderGoesWhereverAModelGoes() throws {
    let (policy, judge, run) = ("\(folder.path)/t5", "\(folder.path)/judge", "\(folder.path)/ipo-md")
    let few = ["--steps", "1", "--batch-size", "2", "--quiet", "--out"]
    try PoiseProcess.succeed(
      ["sft", "--preset", "tiny-t5", "--blocks", "2", "--tokenizer", trained.folder.path, "--data", trained.examples] + few
        + [policy])
    let config = try Files.readJSON("\(policy)/config.json")
    #expect(config["model_type"] == "t5" && config["num_layers"] == 2 && config["num_decoder_layers"] == 2)
    let preferences = "\(folder.path)/preferences.jsonl"
    try PoiseProcess.succeed(["data", "make", "--kind", "preferences", "--count", "4", "--out", preferences])
    for kind in ["reward", "preference"] {
      try PoiseProcess.succeed([kind, "--model", policy, "--data", preferences] + few + ["\(judge)-\(kind)"])
    }
    try PoiseProcess.succeed(
      [
        "train", "ipo-md", "--model", policy, "--prompts", trained.prompts, "--annotator", "preference:\(judge)-preference",
        "--max-new-tokens", "6",
      ] + few + [run])
    let samples = try PoiseProcess.succeed(
      "sample", "--model", run, "--prompts", trained.prompts, "--max-new-tokens", "6", "--json")
    let scores = try PoiseProcess.succeed("score", "--model", run, "--input", "-", "--json", input: samples.output)
    for (sample, score) in try zip(samples.records(), scores.records()) {
      #expect(abs(sample["logp"]!.double! - score["logp"]!.double!) < 1e-4)
    }
  }

  @Test func dataIsMadeFromItsSeedAndPassesItsCheck() throws {
    let arguments = ["data", "make", "--kind", "preferences", "--count", "20", "--seed", "3"]
    let made = try PoiseProcess(arguments)
    let again = try PoiseProcess(arguments)
    #expect(made.status == 0 && made.output == again.output)
    let file = try folder.file("preferences.jsonl", made.output)
    let report = try PoiseProcess.succeed("data", "check", file, "--tokenizer", trained.folder.path, "--limit", "10", "--json")
    let record = try report.records()[0]
    #expect(record["kind"] == "preferences" && record["records"] == 20 && record["bad_lines"] == 0)
    #expect(record["unit"] == "tokens" && record["truncations"] == 20)
  }

  @Test func tokenizersLearnFromPlainTextToo() throws {
    let text = try folder.file("text.txt", String(repeating: "the cat sat on the mat\n", count: 20))
    let result = try PoiseProcess.succeed("tokenizer", "train", "--data", text, "--vocabulary-size", "500", "--out", folder.path)
    #expect(result.errors.contains("hold no more pairs"))
    #expect(result.output.hasPrefix("\(folder.path)/tokenizer.json: "))
    let vocabulary = try Files.readJSON("\(folder.path)/tokenizer.json")["model"]!["vocab"]!
    #expect(vocabulary["Ġthe"] != nil && vocabulary["<|endoftext|>"] == 0)
  }

  @Test func theDoctorMeasuresThisMachine() throws {
    let result = try PoiseProcess.succeed("doctor", "--threads", "1", "--json")
    let record = try result.records()[0]
    #expect(record["instruction_sets_supported"]!.array!.contains(record["instruction_set"]!))
    #expect(record["products"]!.array!.allSatisfy { $0["gflops"]!.double! > 0.1 })
    #expect(record["exp_ns"]!.double! > 0 && record["gbps"]!.double! > 0)
  }
}
