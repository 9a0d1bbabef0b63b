import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel

/// Low-rank adapters, trained in the place of all weights.
struct AdapterFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Train adapters of this rank beside all linear layers, LoRA, and freeze --model; 1 or more. RUN is then a folder that PEFT \
      loads. (default: train all weights, or the adapters that --model holds)
      """, valueName: "r"))
  var loraRank: Int?
  @Option(help: ArgumentHelp("What adapters add is scaled by alpha / r; above 0. (default: 2 r)", valueName: "alpha"))
  var loraAlpha: Double?
  @Option(
    help: ArgumentHelp(
      "Adapt only these linear layers, by the names of the model's family: q_proj,v_proj. (default: all but the head)",
      valueName: "names"))
  var loraTargets: String?

  func validate() throws {
    if let configuration, let problem = configuration.problem { throw ValidationError("--lora-rank, --lora-alpha: \(problem)") }
    if loraRank == nil, loraAlpha != nil || loraTargets != nil {
      throw ValidationError("--lora-alpha and --lora-targets need --lora-rank.")
    }
  }

  /// Nil where no new adapters are asked for.
  private var configuration: AdapterConfiguration? {
    loraRank.map { rank in
      AdapterConfiguration(
        rank: rank, alpha: loraAlpha,
        targets: loraTargets.map { .named($0.split(separator: ",").map(String.init)) } ?? .allLinear)
    }
  }

  /// The policy as a fresh run will train it.
  func adapted(_ outline: PolicyOutline) throws -> PolicyOutline {
    try configuration.map { try outline.adapted(by: $0) } ?? outline
  }

  var resolved: JSON.Object {
    var object = JSON.Object()
    object["lora_rank"] = loraRank.map { .init($0) } ?? .null
    object["lora_alpha"] = (configuration?.alpha).map { .init($0) } ?? .null
    object["lora_targets"] = loraTargets.map { .string($0) } ?? .null
    return object
  }
}
