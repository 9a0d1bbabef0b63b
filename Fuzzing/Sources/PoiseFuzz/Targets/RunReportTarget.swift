import Poise
import PoiseFiles
import PoiseModel
import PoiseStudy

/// A run on its way to a page: `poise_run.json`, `metrics.jsonl` and a judge's `report.json`, three files. Whatever steps recorded,
/// charts have their axes.
enum RunReportTarget: FuzzTarget {
  static let name = "run-report"
  static let dictionary =
    RunTarget.dictionary + [
      "\"objective/scores\":", "\"kl/token_exact\":", "\"winrate/start\":", "\"rewards/margins\":", "\"eval/accuracy\":",
      "\"accuracy\":", "\"loss\":", "\"learning_rate\":", "\"time/sample\":", "-1e300", "1e-320", "null", "<b>",
      "\"working_directory\":",
    ]

  static var seeds: [[UInt8]] {
    let steps = (1...3).map { step in
      #"{"global_step": \#(step), "epoch": 1, "num_tokens": 9, "loss": 0.\#(step), "learning_rate": 0.1, "grad_norm": 1, "#
        + #""length/policy": \#(step), "time/optimiser": 1, "#
    }
    let description = Array(
      #"{"poise_version": "1", "command": "train ipo", "seed": 1, "options": {"steps": 3, "tau": 0.1}}"#.utf8)
    func lines(_ rest: String) -> [UInt8] { Array(steps.map { $0 + rest + "}\n" }.joined().utf8) }
    return [
      .joining(
        description,
        lines(#""rewards/margins": 1, "rewards/accuracies": 0.5, "kl/sequence": 2, "kl/token_exact": 2, "objective/scores": 3"#)),
      .joining(description, lines(#""margin": 1, "accuracy": 0.5, "eval/accuracy": 0.6, "eval/loss": 0.7"#), Array("{}".utf8)),
      .joining(description, lines(#""objective/entropy": 1"#)),
    ]
  }

  private static let pool = WorkerPool(workerCount: 1)

  static func run(_ input: [UInt8]) throws {
    let files = input.files(3)
    for (name, bytes) in zip(["poise_run.json", "metrics.jsonl", "report.json"], files) {
      _ = Scratch.file("reported-run/\(name)", bytes)
    }
    let folder = Scratch.folder + "/reported-run"
    try RunReport([folder], pool: pool).write("\(folder)/page", withFiles: false)
  }
}
