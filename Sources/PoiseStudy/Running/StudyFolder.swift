import PoiseFiles

/// Where everything of a study lies.
public struct StudyFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

  /// What has runs somewhere below it: ``StudyCell/folder`` and ``StudyTask/folder``.
  static let withRuns = ["runs", "task", "tasks"]

  var journal: String { self("jobs.jsonl") }
  /// The study that the folder is of, as text.
  var description: String { self("study.txt") }
}

extension StudyTask {
  /// Of what the study makes for it, within the study.
  var folder: String { name.isEmpty ? "task" : "tasks/\(name)" }

  /// What its supervised policy answers, within the study.
  func supervisedAnswers(_ split: StudySplit) -> String {
    "answers/supervised\(name.isEmpty ? "" : "-\(name)").\(split.rawValue).jsonl"
  }
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
    self.setting = setting.folderName
    self.seed = seed
  }

  /// A run of what was chosen.
  init(of choice: StudyResults.Choice, seed: Int) {
    (condition, method, setting, self.seed) = (choice.condition, choice.method, choice.setting, seed)
  }

  /// Within the study.
  var folder: String { "runs/\(condition)/\(method)/\(setting)/seed-\(seed)" }

  func checkpoint(_ step: Int) -> String { "\(folder)/checkpoint-\(step)" }

  func answers(_ split: StudySplit, step: Int) -> String {
    "answers/\(condition)/\(method)/\(setting)/seed-\(seed)/step-\(step).\(split.rawValue).jsonl"
  }
}

extension RunOptions {
  /// What a setting's folder is called.
  var folderName: String { entries.isEmpty ? "as-is" : entries.map { "\($0.name)-\($0.value)" }.joined(separator: "_") }
}

extension Study.Method {
  /// The setting whose folder is called so; nil where there is none.
  func setting(in folder: String) -> RunOptions? {
    // No value that is swept has `_` in it, nor has a name.
    let parts = swept.isEmpty ? [] : folder.split(separator: "_")
    guard parts.count == swept.count else { return nil }
    let setting = RunOptions(
      zip(swept, parts).compactMap { sweep, part in
        sweep.values.first { "\(sweep.option)-\($0)" == part }.map { RunOptions.Entry(sweep.option, $0) }
      })
    return setting.folderName == folder ? setting : nil
  }
}

/// Prompts of a study.
enum StudySplit: String, Sendable {
  /// Settings are chosen on them.
  case validation
  /// Chosen settings are compared on them.
  case test
}
