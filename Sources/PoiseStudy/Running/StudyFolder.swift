import PoiseFiles

/// Where everything of a study lies.
public struct StudyFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

  var journal: String { self("jobs.jsonl") }
  /// The study that the folder is of.
  var description: String { self("study.json") }
}

/// A run of a study: a method with a setting, under a condition, with a seed.
public struct StudyCell: Sendable, Hashable {
  public let condition: String
  public let method: String
  /// Names of swept options and their values: `tau-0.1_mixture-0.125`, or `as-is`.
  public let setting: String
  public let seed: Int

  init(_ condition: Study.Condition, _ method: Study.Method, _ setting: RunOptions, seed: Int) {
    self.condition = condition.name
    self.method = method.name
    self.setting =
      setting.entries.isEmpty ? "as-is" : setting.entries.map { "\($0.name)-\($0.value)" }.joined(separator: "_")
    self.seed = seed
  }

  /// Within the study.
  var folder: String { "runs/\(condition)/\(method)/\(setting)/seed-\(seed)" }

  func checkpoint(_ step: Int) -> String { "\(folder)/checkpoint-\(step)" }

  func answers(_ split: StudySplit, step: Int) -> String {
    "answers/\(condition)/\(method)/\(setting)/seed-\(seed)/step-\(step).\(split.rawValue).jsonl"
  }
}

/// Prompts of a study.
enum StudySplit: String, Sendable {
  /// Settings are chosen on them.
  case validation
  /// Chosen settings are compared on them.
  case test
}
