import ArgumentParser
import Poise
import PoiseFiles
import PoiseObjectives

/// Objectives of `poise loss`.
enum ObjectiveName: String, CaseIterable, ExpressibleByArgument {
  case ipo, dpo, slic
  case slicHF = "slic-hf"
  case rl
  case nashMD = "nash-md"

  /// What it learns from.
  var feedback: LossRequest.Feedback { self == .rl ? .rewards : .preference }
}

/// `poise loss`
struct LossCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss", abstract: "Objective values and coefficients from given log-probabilities.",
    discussion: """
      A line {"logps": [a, a'], "ref_logps": [b, b'], "preference": p, "lengths": [n, n'], "rewards": [r, r'], "baseline": v} is \
      a pair of responses: log π and log π_ref of each in nats; p(first ≻ second) from 0 to 1; tokens, only for --reduction \
      mean; rewards and what they are measured against (0 unless given), only for rl, which needs no preference.

      Objectives: ipo; dpo; slic, a hinge on the log-ratio margin h; slic-hf, a hinge on the log-probabilities themselves; rl, \
      policy gradient on rewards; nash-md, policy gradient on the preference of the first response over the second. Coefficients \
      are ∂loss/∂log π of each response, for rl and nash-md with the weights frozen; h is that of the reduced log-probabilities.
      """)

  @Option(help: "Objective: ipo, dpo, slic, slic-hf, rl or nash-md.") var objective = ObjectiveName.ipo
  @Option(help: ArgumentHelp("Strength of regularisation towards the reference, above 0; slic-hf has none.", valueName: "tau"))
  var tau = 0.1
  @Option(help: "Form of ipo: squared or code; their gradients differ by the factor tau.")
  var form = IdentityPreferenceOptimization.Form.code
  @Option(
    help: ArgumentHelp("How far ahead slic-hf wants the preferred response, in nats of log π, 0 or more.", valueName: "nats"))
  var slicMargin = 1.0
  @Option(
    help: ArgumentHelp("Weight of the preferred response's log π in slic-hf, 0 or more; 0 leaves it out.", valueName: "lambda"))
  var slicRegularization = 0.0
  @Option(help: "sum or mean of token log-probabilities.") var reduction = LogProbabilityReduction.sum
  @OptionGroup var labels: LabelFlags
  @Option(help: ArgumentHelp("Seed of bernoulli labels, 0 or more.", valueName: "n")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("JSON Lines of pairs; - is standard input.", valueName: "file")) var input: String
  @OptionGroup var output: OutputOptions
  @OptionGroup var configurationOption: ConfigurationOption

  func validate() throws {
    try requireRange("--tau", tau, 1e-9...1e9)
    try requireRange("--slic-margin", slicMargin, 0...1e9)
    try requireRange("--slic-regularization", slicRegularization, 0...1e9)
  }

  func run() throws {
    let requests = try LossRequest.read(inputPath(input))
    let objectiveValue = objectiveValue
    let results = try requests.map {
      try $0.evaluate(
        objectiveValue, learningFrom: objective.feedback, reduction: reduction, labels: labels.value, seed: seed)
    }
    if output.json {
      for result in results { Console.result(result.json.line) }
    } else {
      Console.result(table(requests, results))
    }
  }

  private var objectiveValue: any PairObjective {
    switch objective {
    case .ipo: IdentityPreferenceOptimization(tau: tau, form: form)
    case .dpo: DirectPreferenceOptimization(tau: tau)
    case .slic: HingeNorm(tau: tau)
    case .slicHF: SequenceLikelihoodCalibration(margin: slicMargin, regularization: slicRegularization)
    case .rl: RegularizedPolicyGradient(tau: tau)
    case .nashMD: NashMirrorDescent(tau: tau)
    }
  }

  private func table(_ requests: [LossRequest], _ results: [PairLoss]) -> String {
    var table = TextTable(["line", "h", "loss", "∂loss/∂log π", "∂loss/∂log π′"])
    for (request, result) in zip(requests, results) {
      let values = [result.margin, result.loss, result.coefficients.first, result.coefficients.second]
      table.add([String(request.line)] + values.map { $0.formatted(significantDigits: 8) })
    }
    return table.text
  }
}
