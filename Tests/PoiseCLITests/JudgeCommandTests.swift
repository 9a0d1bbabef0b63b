import Foundation
import PoiseFiles
import Testing

/// `poise reward` and `poise preference`, and what is done with what they make.
@Suite struct JudgeCommandTests {
  let judges: TrainedJudges
  let folder: TemporaryFolder

  init() throws {
    judges = try TrainedJudges.shared.get()
    folder = try TemporaryFolder()
  }

  private var out: String { "\(folder.path)/run" }

  private func metrics(_ run: String) throws -> [JSON] {
    try Files.read("\(run)/metrics.jsonl").split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
  }

  private func folder(_ kind: String) -> String { kind == "reward" ? judges.reward : judges.preference }

  static let reportKeys = [
    "pairs", "prompts", "accuracy", "longer_wins", "gain_over_length", "bag_of_words", "gain_over_bag_of_words", "log_loss",
    "brier", "calibration/ece", "asymmetry", "cyclic_triples",
  ]

  @Test(arguments: ["reward", "preference"])
  func theReportIsOneObjectAndIsKept(_ kind: String) throws {
    let result = try PoiseProcess(judges.arguments(kind, out: out) + ["--test-data", judges.unseen, "--json", "--quiet"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try #require(try result.records().first)
    #expect(try result.records().count == 1)
    #expect(report.object?.keys == Self.reportKeys)
    #expect(report["pairs"] == 12)
    #expect(report["accuracy"]?.object?.keys == ["mean", "ci_low", "ci_high", "resampled", "units"])
    #expect(report["asymmetry"]?.isNull == (kind == "reward"))
    #expect(try Files.readJSON("\(out)/report.json") == report)
  }

  @Test(arguments: ["reward", "preference"])
  func withoutTestDataTheReportIsAboutWhatWasHeldOut(_ kind: String) throws {
    let report = try Files.readJSON("\(folder(kind))/report.json")
    let held = try #require(report["pairs"]?.int)
    #expect((1..<20).contains(held))
    // 36 of 40 pairs would be nine batches, and more by chance: an epoch is a pass over what was not held out.
    let epoch = try #require(try metrics(folder(kind)).last?["epoch"]?.double)
    #expect(abs(epoch - 8 / Double(40 - held)) < 1e-12)
  }

  static let metricKeys = [
    "reward": [
      "global_step", "epoch", "loss", "learning_rate", "grad_norm", "num_tokens", "length/policy", "accuracy", "margin",
      "min_reward", "mean_reward", "max_reward", "eval/accuracy", "eval/loss", "time/sample", "time/score",
      "time/forward_backward", "time/optimiser", "time/evaluate", "examples_per_second", "tokens_per_second",
    ],
    "preference": [
      "global_step", "epoch", "loss", "learning_rate", "grad_norm", "num_tokens", "length/policy", "accuracy", "margin",
      "pref/antisymmetry", "eval/accuracy", "eval/loss", "time/sample", "time/score", "time/forward_backward", "time/optimiser",
      "time/evaluate", "examples_per_second", "tokens_per_second",
    ],
  ]

  @Test(arguments: ["reward", "preference"])
  func metricsHaveTheirNames(_ kind: String) throws {
    let lines = try metrics(folder(kind))
    #expect(lines.map { $0["global_step"] } == [1, 2])
    for line in lines { #expect(line.object?.keys == Self.metricKeys[kind]) }
    #expect(abs(try #require(lines[0]["loss"]?.double) - log(2)) < 1e-9)  // no opinion yet
  }

  @Test(arguments: ["reward", "preference"])
  func theFolderIsAClassifierOfOneLabel(_ kind: String) throws {
    let config = try Files.readJSON("\(folder(kind))/config.json")
    #expect(config["architectures"] == ["LlamaForSequenceClassification"] && config["num_labels"] == 1)
    #expect(config["poise_judge"] == .string(kind))
    for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json", "poise_run.json"] {
      #expect(Files.exists("\(folder(kind))/\(name)"))
    }
    let options = try #require(try Files.readJSON("\(folder(kind))/poise_run.json")["options"])
    #expect(options["validation_share"]?.double == 0.1 && options["evaluate_every"] == 1 && options["patience"] == 8)
    #expect(options["centring"]?.double == (kind == "reward" ? 0.01 : 0))
  }

  @Test(arguments: ["reward", "preference"])
  func aResumedRunEndsWithTheBytesOfAnUninterruptedOne(_ kind: String) throws {
    try Files.createDirectory(out)
    try FileManager.default.copyItem(atPath: "\(folder(kind))/checkpoint-1", toPath: "\(out)/checkpoint-1")
    let result = try PoiseProcess(judges.arguments(kind, out: out) + ["--resume", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Files.read("\(out)/model.safetensors") == Files.read("\(folder(kind))/model.safetensors"))
    #expect(
      try Files.read("\(out)/checkpoint-2/poise_state.safetensors")
        == Files.read("\(folder(kind))/checkpoint-2/poise_state.safetensors"))
    #expect(try result.records().first == Files.readJSON("\(folder(kind))/report.json"))
    #expect(try metrics(out).map { $0["global_step"] } == [2])
  }

  @Test func aRunThatHasEndedSaysSoAndReportsAgain() throws {
    try Files.createDirectory(out)
    try FileManager.default.copyItem(atPath: "\(judges.reward)/checkpoint-2", toPath: "\(out)/checkpoint-2")
    let result = try PoiseProcess(judges.arguments("reward", out: out) + ["--resume", "--json"])
    #expect(result.status == 0)
    #expect(result.errors.contains("The run had no step left to make."))
    #expect(try result.records().first == Files.readJSON("\(judges.reward)/report.json"))
  }

  /// One pair, all of it for training: there is nothing to report, and programs find no words where a report was to be.
  @Test func whereNothingIsHeldOutThatIsSaid() throws {
    let line = try #require(try Files.read(judges.preferences).split(separator: UInt8(ascii: "\n")).first)
    let one = try folder.file("one.jsonl", String(decoding: line, as: UTF8.self))
    let arguments = [
      "reward", "--model", judges.trained.model, "--data", one, "--steps", "1", "--batch-size", "1", "--validation-share", "0",
    ]
    let forPeople = try PoiseProcess(arguments + ["--out", out])
    #expect(forPeople.status == 0 && forPeople.output.hasPrefix("Nothing was held out"), "\(forPeople.errors)")
    let forPrograms = try PoiseProcess(arguments + ["--out", "\(folder.path)/other", "--json"])
    #expect(forPrograms.status == 0 && forPrograms.output.isEmpty && forPrograms.errors.contains("Nothing was held out"))
  }

  @Test func tiesLeaveNothingToAgreeWith() throws {
    let ties = try Files.read(judges.preferences).split(separator: UInt8(ascii: "\n")).map { line in
      var record = try #require(try JSON(parsing: line).object)
      record["preference"] = 0.5
      return JSON.object(record).line
    }
    let data = try folder.file("ties.jsonl", ties.joined(separator: "\n"))
    let result = try PoiseProcess([
      "preference", "--model", judges.trained.model, "--data", data, "--steps", "1", "--batch-size", "2", "--out", out, "--quiet",
    ])
    #expect(result.status == 0)
    #expect(result.output.contains("No held-out pair is decided, so there is no agreement to report."))
    #expect(!result.output.contains("held-out agreement"))
  }

  @Test func longTextsAreCutAndCounted() throws {
    let long = String(repeating: "word ", count: 600)
    let line: JSON = ["prompt": "which?", "chosen": .string(long), "rejected": "this"]
    let short: JSON = ["prompt": "which?", "chosen": "that", "rejected": "this"]
    let data = try folder.file("long.jsonl", line.line + "\n" + short.line + "\n")
    let result = try PoiseProcess([
      "preference", "--model", judges.trained.model, "--data", data, "--validation-share", "0", "--steps", "1", "--batch-size",
      "1", "--out", out,
    ])
    #expect(result.status == 0)
    #expect(
      result.errors.hasPrefix("1 of 2 comparisons are longer than the model's context of 512 tokens and were cut.\n"),
      "\(result.errors)")
  }

  @Test func policiesAreComparedUnderALearnedJudge() throws {
    func compare(_ judge: String) throws -> JSON {
      let result = try PoiseProcess.succeed(
        "compare", "--policy", "a=\(judges.trained.model)", "--policy", "b=\(judges.trained.model)", "--prompts",
        judges.trained.prompts, "--judge", judge, "--max-new-tokens", "6", "--json", "--quiet")
      return try #require(try result.records().first)
    }
    for judge in ["preference:\(judges.preference)", "reward:\(judges.reward)"] {
      let result = try compare(judge)
      #expect(result["ties"] == 6 && result["win_rate"]?.double == 0.5)
    }
    // Different answers are told apart.
    let fresh = "\(folder.path)/fresh"
    _ = try PoiseProcess.succeed(
      "sft", "--preset", "tiny", "--tokenizer", judges.trained.folder.path, "--data", judges.trained.examples, "--steps", "1",
      "--batch-size", "1", "--seed", "7", "--out", fresh)
    for judge in ["preference:\(judges.preference)", "reward:\(judges.reward)"] {
      let result = try PoiseProcess.succeed(
        "compare", "--policy", "a=\(judges.trained.model)", "--policy", "b=\(fresh)", "--prompts", judges.trained.prompts,
        "--judge", judge, "--max-new-tokens", "6", "--json", "--quiet")
      let record = try #require(try result.records().first)
      #expect(record["ties"] == 0 && record["n"] == 6)
    }
  }

  /// Ids beside the text, as `poise sample` writes them, change nothing.
  @Test func rewardsOfGivenAnswersAreScored() throws {
    let lines = ["", " Budget: 3 euros."].map { response in
      let text: JSON = ["prompt": "A post.\nTL;DR:", "completion": .string("answer" + response)]
      var sampled = text.object!
      sampled["completion_ids"] = [1, 2]
      return text.line + "\n" + JSON.object(sampled).line
    }
    let input = lines.joined(separator: "\n") + "\n"
    let result = try PoiseProcess.succeed("score", "--reward", judges.reward, "--input", "-", "--json", input: input)
    let rewards = try result.records().map { try #require($0["reward"]?.double) }
    #expect(rewards.count == 4 && rewards[0] == rewards[1] && rewards[2] == rewards[3] && rewards[0] != rewards[2])
  }
}
