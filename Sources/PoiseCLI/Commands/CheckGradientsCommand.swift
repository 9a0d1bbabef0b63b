import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel

/// `poise check-gradients`
struct CheckGradientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-gradients", abstract: "Analytic against finite-difference gradients on this machine.",
    discussion: """
      For every tensor of a small random model the engine's single-precision gradient of an online IPO loss, or of a reward \
      model's, is compared with finite differences of a double-precision specification, along random directions. The exit code is \
      70 where a relative error is above 1e-3.
      """)

  @Argument(help: "Check a small model of the same parts as this one. (default: a Llama, a GPT-2 and a reward model)") var model:
    String?
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let pool = common.makePool()
    var wrong: WrongGradientError?
    for (name, configuration) in try subjects() {
      let rows = GradientCheck(configuration, seed: common.seed).run(pool: pool)
      if output.json {
        for row in rows { Console.result(json(name, row).line) }
      } else {
        Console.result(table(name, rows))
      }
      wrong = wrong ?? WrongGradientError(name, rows)
    }
    if let wrong { throw wrong }
    common.note("All gradients agree within \(GradientCheck.tolerance).")
  }

  private func subjects() throws -> [(name: String, configuration: TransformerConfiguration)] {
    guard let model else {
      return [
        ("small Llama", GradientCheck.llama), ("small GPT-2", GradientCheck.gpt2), ("small T5", GradientCheck.t5),
        ("small reward model", GradientCheck.judge),
      ]
    }
    return [("small model like \(model)", GradientCheck.shrunk(try StoredModel(folder: model).transformer.configuration))]
  }

  private func table(_ name: String, _ rows: [GradientCheck.Row]) -> String {
    var table = TextTable(["tensor", "shape", "analytic", "numeric", "relative error"], leftColumns: 2)
    for row in rows {
      let shape = row.shape.map(String.init).joined(separator: " × ")
      let slopes = [row.analytic, row.numeric].map { $0.formatted(significantDigits: 6) }
      table.add([row.tensor, shape] + slopes + [row.relativeError.formatted(significantDigits: 2)])
    }
    return "\(name)\n\(table.text)\n"
  }

  private func json(_ name: String, _ row: GradientCheck.Row) -> JSON {
    [
      "model": .string(name), "tensor": .string(row.tensor), "shape": .init(row.shape), "analytic": .init(row.analytic),
      "numeric": .init(row.numeric), "relative_error": .init(row.relativeError),
    ]
  }
}
