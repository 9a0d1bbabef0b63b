import PoiseFiles
import Testing

/// `poise profile`: another command's options, the same bits, and where the time went.
@Suite struct ProfileCommandTests {
  let judges: TrainedJudges
  let folder: TemporaryFolder

  init() throws {
    judges = try TrainedJudges.shared.get()
    folder = try TemporaryFolder()
  }

  private var trained: TrainedModel { judges.trained }
  private var out: String { "\(folder.path)/run" }

  private func train(out: String? = nil) -> [String] {
    [
      "train", "ipo-md", "--model", trained.model, "--prompts", trained.prompts, "--annotator",
      "preference:\(judges.preference)", "--steps", "2", "--batch-size", "4", "--max-new-tokens", "5", "--threads", "2", "--out",
      out ?? self.out,
    ]
  }

  private static let keys = [
    "phase", "calls", "ns", "flops", "bytes", "gflops", "gbps", "fraction_of_limit", "share",
  ]
  private static let phases = ["sample", "annotate", "forward", "loss", "backward", "reduce", "update", "write", "other"]

  @Test func onlineTrainingIsToldByPhase() throws {
    let trace = "\(folder.path)/trace.json"
    let result = try PoiseProcess(["profile"] + train() + ["--json", "--trace", trace])
    try #require(result.status == 0, "\(result.errors)")
    let records = try result.records()
    #expect(records.allSatisfy { $0.object?.keys == Self.keys })
    #expect(records.map { $0["phase"]!.string! } == Self.phases)
    #expect(abs(records.reduce(0) { $0 + $1["share"]!.double! } - 1) < 1e-9)
    #expect(records.first { $0["phase"] == "forward" }!["flops"]!.int! > 1_000_000)
    #expect(records.allSatisfy { $0["ns"]!.double! > 0 && (0...1).contains($0["share"]!.double!) })
    let events = try #require(try Files.readJSON(trace)["traceEvents"]?.array)
    let names = Set(events.compactMap { $0["name"]?.string })
    #expect(names.isSuperset(of: ["step 1", "step 2", "sample", "block 0", "head"]))
    #expect(result.errors.contains("The trace is in \(trace)."))

    let plain = "\(folder.path)/plain"
    _ = try PoiseProcess(train(out: plain))
    #expect(try Files.read("\(out)/model.safetensors") == Files.read("\(plain)/model.safetensors"))
  }

  @Test(arguments: ["layer", "kernel"]) func theProfileIsToldMoreFinelyOnRequest(_ view: String) throws {
    let result = try PoiseProcess(["profile"] + train() + ["--json", "--by", view])
    let records = try result.records()
    #expect(records.allSatisfy { Set($0.object!.keys) == Set(Self.keys + [view]) })
    #expect(abs(records.reduce(0) { $0 + $1["share"]!.double! } - 1) < 1e-9)
    let names = Set(records.map { $0[view]!.string! })
    #expect(
      names.isSuperset(of: view == "layer" ? ["embedding", "block 0", "head"] : ["logPartitions", "attentionForward"]))
  }

  @Test func peopleReadTablesOfPhasesLayersKernelsAndMemory() throws {
    let result = try PoiseProcess.succeed(
      "profile", "sft", "--model", trained.model, "--data", trained.examples, "--steps", "2", "--batch-size", "4", "--out", out)
    for word in ["phase", "layer", "kernel", "of limit", "busy", "block 3", "activations", "moments", "resident at most"] {
      #expect(result.output.contains(word))
    }
    #expect(result.output.contains("The policy is in \(out)."))
  }

  /// Their own reports, which `--json` would have printed, make room.
  @Test func judgesAreProfiledToo() throws {
    for kind in ["reward", "preference"] {
      let result = try PoiseProcess.succeed(
        "profile", kind, "--model", trained.model, "--data", judges.preferences, "--steps", "2", "--batch-size", "4",
        "--evaluate-every", "1", "--out", "\(folder.path)/\(kind)", "--json")
      let phases = try result.records().map { $0["phase"]?.string }
      #expect(phases == ["forward", "loss", "backward", "reduce", "update", "evaluate", "write", "other"])
    }
  }

  @Test func optionsComeFromAFileAsEver() throws {
    let file = try folder.file("run.yaml", "steps: 1\nby: kernel\nbatch_size: 2\n")
    let arguments =
      ["profile"] + train().filter { $0 != "--steps" && $0 != "2" && $0 != "--threads" && $0 != "--batch-size" && $0 != "4" }
    let result = try PoiseProcess(arguments + ["--config", file, "--json"])
    try #require(result.status == 0, "\(result.errors)")
    #expect(try result.records().contains { $0["kernel"] != nil })
    #expect(try Files.read("\(out)/metrics.jsonl").split(separator: UInt8(ascii: "\n")).count == 1)
  }

  @Test func wrongUseIsRefused() throws {
    for arguments in [
      ["profile"], ["profile", "sample"], ["profile", "sft", "--steps"], ["profile"] + train() + ["--by", "hour"],
    ] {
      let result = try PoiseProcess(arguments)
      #expect(result.status == 64, "\(arguments)")
      #expect(result.output.isEmpty)
    }
    #expect(try PoiseProcess(["profile"] + train() + ["--mixture", "2"]).status == 64)
    #expect(folder.contents.isEmpty)
  }

  /// It is said before training rather than after.
  @Test func aTraceThatCannotBeWrittenIsRefusedFirst() throws {
    for path in ["/nowhere/trace.json", folder.path] {
      let result = try PoiseProcess(["profile"] + train() + ["--trace", path])
      #expect(result.status == 73)
      #expect(result.errors.hasPrefix("poise: \(path) cannot be created"))
      #expect(result.output.isEmpty)
    }
    #expect(folder.contents.isEmpty)
  }

  @Test func aFailedRunLeavesNoTrace() throws {
    let result = try PoiseProcess(
      ["profile", "train", "ipo", "--model", "/nowhere", "--prompts", trained.prompts, "--annotator", "rubric", "--out", out]
        + ["--trace", "\(folder.path)/trace.json"])
    #expect(result.status == 66)
    #expect(folder.contents.isEmpty)
  }
}
