import Foundation
import PoiseFiles
import Testing

@testable import Poise

/// `poise train`: every algorithm, on samples and on a file, with learned judges, and the names of what is recorded.
@Suite struct TrainCommandTests {
  let judges: TrainedJudges
  let folder: TemporaryFolder

  init() throws {
    judges = try TrainedJudges.shared.get()
    folder = try TemporaryFolder()
  }

  private var out: String { "\(folder.path)/run" }

  private func online(_ algorithm: Algorithm.Name, annotator: String, steps: Int = 1, out: String? = nil) -> [String] {
    [
      "train", algorithm.rawValue, "--model", judges.trained.model, "--prompts", judges.trained.prompts, "--annotator",
      annotator, "--steps", String(steps), "--batch-size", "2", "--max-new-tokens", "5", "--out", out ?? self.out,
    ]
  }

  private func offline(_ algorithm: Algorithm.Name, steps: Int = 1) -> [String] {
    [
      "train", algorithm.rawValue, "--offline", "--model", judges.trained.model, "--data", judges.preferences, "--steps",
      String(steps), "--batch-size", "2", "--checkpoint-every", "1", "--out", out,
    ]
  }

  private func annotator(_ algorithm: Algorithm.Name) -> String {
    Algorithm.row(algorithm).signal == .rewards ? "reward:\(judges.reward)" : "preference:\(judges.preference)"
  }

  private func metrics() throws -> [JSON] {
    try Files.read("\(out)/metrics.jsonl").split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
  }

  // MARK: Names

  private static let beginning = [
    "global_step", "epoch", "loss", "learning_rate", "grad_norm", "num_tokens", "objective/entropy", "length/policy",
  ]
  private static let pairs = [
    "rewards/probabilities", "rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen",
    "logps/rejected", "length/chosen", "length/rejected", "pairs/ties", "pairs/identical", "pairs/saturated", "beta",
  ]
  private static let samples = [
    "objective/kl", "kl/sequence", "kl/token_exact", "val/contain_eos_token", "sampling/logp_gap", "sampling/log_partition",
    "mixture_coef",
  ]
  private static let rewards = ["objective/scores", "objective/non_score_reward", "objective/rlhf_reward"]
  private static let end = [
    "time/sample", "time/score", "time/forward_backward", "time/optimiser", "examples_per_second", "tokens_per_second",
  ]

  @Test(arguments: Algorithm.Name.allCases)
  func everyAlgorithmTrainsAgainstALearnedJudge(_ algorithm: Algorithm.Name) throws {
    let result = try PoiseProcess(online(algorithm, annotator: annotator(algorithm)))
    #expect(result.status == 0, "\(result.errors)")
    let line = try #require(try metrics().first)
    let names = Self.samples + (algorithm == .reinforce ? Self.rewards : [])
    #expect(line.object?.keys == Self.beginning + Self.pairs + names + Self.end)
    let row = Algorithm.row(algorithm)
    #expect(line["beta"]?.double == row.tau ?? 0 && line["mixture_coef"]?.double == row.sampling.mixture)
    let options = try #require(try Files.readJSON("\(out)/poise_run.json")["options"])
    #expect(options["tau"]?.double == row.tau ?? 0 && options["annotator"] == .string(annotator(algorithm)))
    #expect(result.output.contains("The policy is in \(out)."))
    #expect(try Files.read("\(out)/model.safetensors") != Files.read("\(judges.trained.model)/model.safetensors"))
  }

  @Test(arguments: Algorithm.table.filter(\.isOffline).map(\.name))
  func algorithmsThatAFileCanFeedDoWithoutSamples(_ algorithm: Algorithm.Name) throws {
    let result = try PoiseProcess(offline(algorithm))
    #expect(result.status == 0, "\(result.errors)")
    #expect(try metrics().map { $0.object?.keys } == [Self.beginning + Self.pairs + Self.end])
    #expect(try abs(#require(try metrics()[0]["rewards/margins"]?.double)) < 1e-3)
    #expect(try Files.readJSON("\(out)/poise_run.json")["command"] == .string("train \(algorithm.rawValue) --offline"))
  }

  // MARK: Annotators

  @Test func preferencesMayComeFromARewardModel() throws {
    #expect(try PoiseProcess(online(.ipo, annotator: "reward:\(judges.reward)")).status == 0)
    #expect(try metrics().count == 1)
  }

  @Test func rewardsMayComeFromTheRubric() throws {
    #expect(try PoiseProcess(online(.reinforce, annotator: "rubric")).status == 0)
    #expect(try metrics()[0]["objective/scores"]?.double != nil)
  }

  // MARK: Resuming

  @Test func aResumedOfflineRunEndsWithTheBytesOfAnUninterruptedOne() throws {
    #expect(try PoiseProcess(offline(.dpo, steps: 2)).status == 0)
    let whole = try Files.read("\(out)/model.safetensors")
    try FileManager.default.copyItem(atPath: "\(out)/checkpoint-1", toPath: "\(folder.path)/checkpoint-1")
    Files.remove(out)
    try Files.createDirectory(out)
    try FileManager.default.copyItem(atPath: "\(folder.path)/checkpoint-1", toPath: "\(out)/checkpoint-1")
    #expect(try PoiseProcess(offline(.dpo, steps: 2) + ["--resume"]).status == 0)
    #expect(try Files.read("\(out)/model.safetensors") == whole)
    #expect(try metrics().map { $0["global_step"] } == [2])
  }

  @Test func aRunThatHasEndedIsNotDiagnosed() throws {
    #expect(try PoiseProcess(offline(.ipo)).status == 0)
    let again = try PoiseProcess(offline(.ipo) + ["--resume"])
    #expect(again.status == 0)
    #expect(again.output == "The run had no step left to make.\n\nThe policy is in \(out).\n", "\(again.output)")
  }

  @Test func theOutputIsTheSameWithAnyNumberOfThreads() throws {
    let runs = try ["1", "3"].map { threads in
      let out = "\(folder.path)/\(threads)"
      let arguments = online(.nashMD, annotator: "preference:\(judges.preference)", steps: 2, out: out)
      #expect(try PoiseProcess(arguments + ["--threads", threads]).status == 0)
      return try Files.read("\(out)/model.safetensors")
    }
    #expect(runs[0] == runs[1])
  }
}
