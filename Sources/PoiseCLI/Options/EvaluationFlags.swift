import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel

/// How a policy is looked at while it trains.
struct EvaluationFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Steps between looks at how exploitable the policy is by its own earlier snapshots, and the last step; 0 is never. \
      Training is the same with and without. A resumed run keeps the start and the checkpoint it goes on from as snapshots; \
      those in between are gone.
      """, valueName: "n"))
  var evaluateEvery = 0

  @Option(
    help: ArgumentHelp("Most snapshots kept, 2 or more: the start, the latest, the others spread over the run.", valueName: "n"))
  var evaluateSnapshots = 8

  @Option(
    help: ArgumentHelp(
      "JSON Lines of {\"prompt\"} for looks. (default: the first \(EvaluationFlags.defaultPromptCount) of --prompts)",
      valueName: "file"))
  var evaluationPrompts: String?

  @Option(help: ArgumentHelp("Who compares snapshots. (default: the annotator)", valueName: "judge"))
  var evaluationJudge: String?

  static let defaultPromptCount = 64

  func validate() throws {
    try requireRange("--evaluate-every", evaluateEvery, 0...1_000_000_000)
    try requireRange("--evaluate-snapshots", evaluateSnapshots, 2...10_000)
    if evaluateEvery == 0, evaluationPrompts != nil || evaluationJudge != nil {
      throw ValidationError("--evaluation-prompts and --evaluation-judge need --evaluate-every N, with N above 0.")
    }
  }

  /// For `poise_run.json`; nothing where nobody looks.
  var resolved: [(name: String, value: JSON)] {
    guard evaluateEvery > 0 else { return [] }
    return [
      ("evaluate_every", .init(evaluateEvery)), ("evaluate_snapshots", .init(evaluateSnapshots)),
      ("evaluation_prompts", evaluationPrompts.map { .string($0) } ?? .null),
      ("evaluation_judge", evaluationJudge.map { .string($0) } ?? .null),
    ]
  }
}
