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

  @Test func metricsHaveALineForAsManyStepsAsWanted() throws {
    try PoiseProcess.succeed(online(.ipo, annotator: "rubric", steps: 5) + ["--log-every", "2"])
    #expect(try metrics().map { $0["global_step"]?.int } == [2, 4, 5])
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

  // MARK: Looks

  /// The run is the same; what is written of it is more.
  @Test(arguments: [Algorithm.Name.ipo, .reinforce])
  func looksAddTheirNumbersAndChangeNothing(_ algorithm: Algorithm.Name) throws {
    let plain = "\(folder.path)/plain"
    #expect(try PoiseProcess(online(algorithm, annotator: annotator(algorithm), steps: 3, out: plain)).status == 0)
    let looking = ["--evaluate-every", "2", "--evaluation-prompts", judges.trained.prompts]
    let result = try PoiseProcess(online(algorithm, annotator: annotator(algorithm), steps: 3) + looking)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Files.read("\(out)/model.safetensors") == Files.read("\(plain)/model.safetensors"))
    let lines = try metrics()
    #expect(lines.map { $0["nash/gap"] != nil } == [false, true, true])
    for line in lines.dropFirst() {
      #expect((0...1).contains(line["nash/gap"]!.double!) && (0...1).contains(line["winrate/start"]!.double!))
      #expect(line["time/evaluate"]!.double! > 0)
    }
    #expect(
      result.output.contains(/look after step +2 +3\n─+  ─+  ─+\nnash\/gap +0\.\d+ +0\.\d+\nwinrate\/start +0\.\d+ +0\.\d+\n/))
    #expect(try Files.readJSON("\(out)/poise_run.json")["options"]?["evaluate_every"] == 2)
  }

  /// Step 2 of the undisturbed run is looked at against the start and step 1, and so is that of the resumed one.
  @Test func aResumedRunIsLookedAtAgainstItsStartAndItsCheckpoint() throws {
    let arguments = online(.ipo, annotator: "rubric", steps: 2) + ["--evaluate-every", "1", "--checkpoint-every", "1"]
    #expect(try PoiseProcess(arguments).status == 0)
    let undisturbed = try #require(try metrics().last)
    Files.remove("\(out)/checkpoint-2")
    Files.remove("\(out)/metrics.jsonl")
    #expect(try PoiseProcess(arguments + ["--resume"]).status == 0)
    let resumed = try metrics()
    #expect(resumed.count == 1)
    for name in ["global_step", "nash/gap", "winrate/start"] { #expect(resumed[0][name] == undisturbed[name]) }
  }

  @Test func looksThatCannotBeTakenAreRefused() throws {
    let needless = try PoiseProcess(online(.ipo, annotator: "rubric") + ["--evaluation-judge", "rubric"])
    #expect(needless.status == 64 && needless.errors.contains("need --evaluate-every N"))
    let file = try PoiseProcess(offline(.ipo) + ["--evaluate-every", "1"])
    #expect(file.status == 64 && file.errors.contains("--evaluate-every needs an online run"))
    #expect(!Files.exists(out))
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
