import ArgumentParser
import Poise
import PoiseFiles
import PoiseObjectives

/// Objectives of `poise loss`.
enum ObjectiveName: String, CaseIterable, ExpressibleByArgument {
  case ipo
}

/// `poise loss`
struct LossCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss", abstract: "Objective values and coefficients from given log-probabilities.",
    discussion: """
      A line {"logps": [a, a'], "ref_logps": [b, b'], "preference": p, "lengths": [n, n']} is a pair of responses: log π and log \
      π_ref of each in nats, p(first ≻ second), tokens (only --reduction mean needs them). Coefficients are ∂loss/∂log π of each \
      response; h is the log-ratio margin that the loss saw.
      """)

  @Option(help: "Objective: ipo.") var objective = ObjectiveName.ipo
  @Option(help: ArgumentHelp("Strength of regularisation towards the reference, above 0.", valueName: "tau")) var tau = 0.1
  @Option(help: "Form of the loss: squared or code; their gradients differ by the factor tau.")
  var form = IdentityPreferenceOptimization.Form.code
  @Option(help: "sum or mean of token log-probabilities.") var reduction = LogProbabilityReduction.sum
  @OptionGroup var labels: LabelFlags
  @Option(help: ArgumentHelp("Seed of bernoulli labels, 0 or more.", valueName: "n")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("JSON Lines of pairs; - is standard input.", valueName: "file")) var input: String
  @OptionGroup var output: OutputOptions
  @OptionGroup var configurationOption: ConfigurationOption

  func validate() throws { try requireRange("--tau", tau, 1e-9...1e9) }

  func run() throws {
    let requests = try LossRequest.read(inputPath(input))
    let results = try requests.map { try $0.evaluate(objectiveValue, reduction: reduction, labels: labels.value, seed: seed) }
    if output.json {
      for result in results { Console.result(result.json.line) }
    } else {
      Console.result(table(requests, results))
    }
  }

  private var objectiveValue: IdentityPreferenceOptimization {
    switch objective {
    case .ipo: IdentityPreferenceOptimization(tau: tau, form: form)
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
