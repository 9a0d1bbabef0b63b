import ArgumentParser
import Foundation
import PoiseFiles
import PoiseModel
import Testing

@testable import Poise
@testable import PoiseCLI

/// How far trained policies are from a Nash equilibrium, as the command line reports it.
@Suite struct EmpiricalNashTests {
  let trained: TrainedModel
  let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  private func nash(
    _ policies: [String], prompts: String? = nil, judge: String = "rubric", samples: Int = 1, reference: String? = nil,
    tau: Double? = nil, sampling: [String] = ["--max-new-tokens", "8"], json: Bool = true
  ) throws -> EmpiricalNash {
    EmpiricalNash(
      policies: policies.compactMap { NamedModel(argumentOrFolder: $0) }, prompts: prompts ?? trained.prompts, judge: judge,
      samples: samples, reference: reference, tau: tau, chat: try .parse([]), sampling: try .parse(sampling),
      output: try .parse(json ? ["--json"] : []), common: try .parse(["--quiet", "--threads", "2"]))
  }

  private func records(_ report: String) throws -> [JSON] {
    try report.split(separator: "\n").map { try JSON(parsing: String($0)) }
  }

  // MARK: Several policies

  @Test func aFolderIsCalledWhatItsLastComponentIsCalled() {
    func told(_ argument: String) -> [String]? { NamedModel(argumentOrFolder: argument).map { [$0.name, $0.folder] } }
    #expect(told("runs/ipo") == ["ipo", "runs/ipo"] && told("runs/ipo/") == ["ipo", "runs/ipo/"])
    #expect(told("online=runs/ipo") == ["online", "runs/ipo"])
    #expect(told("") == nil && told("=runs/ipo") == nil && told("online=") == nil)
  }

  @Test func aLineAPolicyThenOneOfTheWhole() throws {
    let lines = try records(nash(["a=\(trained.model)", "b=\(trained.model)", "c=\(trained.model)"], samples: 2).report())
    #expect(lines.count == 4 && lines.dropLast().map { $0["policy"] } == ["a", "b", "c"])
    for line in lines.dropLast() {
      for name in ["exploitability", "ci_low", "ci_high"] { #expect((0...0.5).contains(line[name]!.double!), "\(name)") }
      #expect(line["ci_low"]!.double! <= line["ci_high"]!.double!)
      #expect(line["best_opponent"] != line["policy"])
    }
    #expect(abs(lines.dropLast().reduce(0) { $0 + $1["nash_weight"]!.double! } - 1) < 1e-9)
    let whole = try #require(lines.last)
    #expect((0...1).contains(whole["cyclic_p_value"]!.double!) && whole["cyclic"]?.bool != nil)
    #expect(whole["cyclic_triples"]?.array != nil && abs(whole["nash_exploitability"]!.double!) < 1e-12 && whole["prompts"] == 6)
  }

  @Test func theOrderOfPoliciesMeansNothing() throws {
    let names = ["a=\(trained.model)", "b=\(trained.model)"]
    let (forth, back) = (try records(nash(names).report()), try records(nash(names.reversed()).report()))
    for (first, second) in [(forth[0], back[1]), (forth[1], back[0])] {
      #expect(first["policy"] == second["policy"])
      #expect(abs(first["advantage"]!.double! - second["advantage"]!.double!) < 1e-12)
    }
  }

  @Test(arguments: [(["a", "b"], "Two policies cannot go in a circle."), (["a", "b", "c"], "p = ")])
  func theTablesSayInWordsWhatTheNumbersMean(_ names: [String], _ verdict: String) throws {
    let text = try nash(names.map { "\($0)=\(trained.model)" }, json: false).report()
    for part in ["mean preference of row", "in the Nash mixture", verdict, "these 6 prompts", "biased"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  // MARK: One policy

  /// A policy of five tokens without a tokenizer.
  private func tinyPolicy(_ name: String, seed: UInt64) throws -> String {
    let configuration = TransformerConfiguration(
      vocabularySize: 5, contextLength: 8, width: 8, blockCount: 1, headCount: 2, feedForwardWidth: 12, endOfSequence: [0],
      initializationDeviation: 0.3)
    let path = "\(folder.path)/\(name)"
    try Policy(model: StoredModel(new: configuration, seed: seed), tokenizer: nil).save(folder: path)
    return path
  }

  /// Under a judge who sees no difference a best response is the reference, and E_τ is what the divergence costs.
  @Test func underAJudgeOfTiesExploitabilityIsDivergence() throws {
    let (policy, reference) = (try tinyPolicy("policy", seed: 1), try tinyPolicy("reference", seed: 2))
    let prompts = try folder.file("ids.jsonl", "{\"prompt_ids\": [3]}\n{\"prompt_ids\": [1, 2]}\n")
    let ties = try folder.file("ties.sh", "while read line; do echo '{\"preference\": 0.5}'; done\n")
    func report(json: Bool) throws -> String {
      try nash(
        [policy], prompts: prompts, judge: "command:sh \(ties)", reference: reference, tau: 0.2,
        sampling: ["--max-new-tokens", "2"],
        json: json
      ).report()
    }
    let record = try records(report(json: true))[0]
    #expect(record["policy"] == "policy" && record["responses"] == 21 && record["prompts"] == 2 && record["tau"] == 0.2)
    #expect(record["kl"]!.double! > 1e-3 && abs(record["exploitability"]!.double! - 0.2 * record["kl"]!.double!) < 1e-9)
    #expect(record["raw_exploitability"]!.double! < 1e-12 && abs(record["win_rate_vs_reference"]!.double! - 0.5) < 1e-12)
    #expect(record["duality_gap"]!.double! == 2 * record["exploitability"]!.double!)
    #expect(record["tv_to_nash"]!.double! > 0.01)
    let text = try report(json: false)
    #expect(text.contains("policy, exactly") && text.contains("21 responses to each prompt; tau = 0.2."))
  }

  @Test func tooManyResponsesAreRefusedWithTheirNumber() throws {
    let error = #expect(throws: EnumerationError.self) {
      try nash([trained.model], reference: trained.model, tau: 0.1, sampling: ["--max-new-tokens", "2"]).report()
    }
    #expect(error?.category == .configuration && error?.description.contains("responses of up to 2 make 8") == true)
  }

  // MARK: Usage

  @Test func optionsThatDoNotGoTogetherAreWrongUsage() throws {
    func expectUsage(_ part: String, _ nash: EmpiricalNash, sourceLocation: SourceLocation = #_sourceLocation) {
      let error = #expect(throws: ValidationError.self, sourceLocation: sourceLocation) { try nash.report() }
      #expect(error?.message.contains(part) == true, sourceLocation: sourceLocation)
      #expect(error.map { PoiseCommand.exitCode(for: $0).rawValue } == 64, sourceLocation: sourceLocation)
    }
    expectUsage("Give one policy or more", try nash([]))
    expectUsage("Two policies are called ipo", try nash(["x/ipo", "y/ipo"]))
    expectUsage("belong to a single policy", try nash(["x/a", "x/b"], tau: 0.1))
    expectUsage("give --reference MODEL and --tau", try nash(["x/a"]))
    expectUsage(
      "enumerated, not sampled", try nash(["x/a"], reference: "x/b", tau: 0.1, sampling: ["--temperature", "0.5"]))
  }
}
