import Foundation
import Poise
import PoiseFiles

extension Study {
  /// The commands that are needed whatever is found on the way, those of a run to its end: what is wrong with the words of any other
  /// is wrong with one of these.
  ///
  /// - Parameter path: the study's folder.
  public func commands(in path: String) -> [StudyJob] {
    func stages(_ task: StudyTask) -> StudyStages { StudyStages(study: self, task: task, folder: StudyFolder(path)) }
    return tasks.flatMap { stages($0).preparation.flatMap(\.self) + [stages($0).answeringSupervised(.validation)] }
      + conditions.flatMap { condition in
        methods.flatMap { method in
          method.settings.map { setting in
            stages(condition.task).training(StudyCell(condition, method, setting, seed: StudyStages.searchSeed), to: steps)
          }
        }
      }
  }
}

/// Which commands a task of a study consists of.
struct StudyStages: Sendable {
  let study: Study
  let task: StudyTask
  let folder: StudyFolder

  /// The seed of all that is not a run: data, the supervised policy, judges, and of the runs that settings are chosen by.
  static let searchSeed = 0

  // MARK: The task

  /// What the study makes for the task: within the study, and where that is.
  private func inTask(_ name: String) -> String { "\(task.folder)/\(name)" }
  private func made(_ name: String) -> String { folder(inTask(name)) }

  var model: String {
    switch task.source {
    case .builtIn: made("sft")
    case .given(let given): given.model
    }
  }

  func prompts(_ split: StudySplit) -> String {
    switch task.source {
    case .builtIn: made("\(split.rawValue).jsonl")
    case .given(let given): split == .validation ? given.validation : given.test
    }
  }

  private var trainingPrompts: String {
    switch task.source {
    case .builtIn: made("prompts.jsonl")
    case .given(let given): given.prompts
    }
  }

  /// What a method is told by, rewards or comparisons; nil for one that asks nobody.
  func annotator(of method: Study.Method) -> String? {
    let learnsFromRewards = Algorithm.Name(rawValue: method.algorithm).map { Algorithm.row($0).signal == .rewards } ?? false
    switch task.source {
    case .builtIn: return learnsFromRewards ? "reward:\(made("reward"))" : "preference:\(made("preference"))"
    case .given(let given): return learnsFromRewards ? given.reward : given.annotator
    }
  }

  /// The model that a method learns from; nil where that is a program or a person, whom nobody asks more than is needed, or nobody.
  func annotatingModel(of method: Study.Method) -> String? {
    guard !method.isOffline, let annotator = annotator(of: method) else { return nil }
    return ["preference:", "reward:"].contains(where: annotator.hasPrefix) ? annotator : nil
  }

  private var preferences: String? {
    switch task.source {
    case .builtIn: made("preferences.jsonl")
    case .given(let given): given.preferences
    }
  }

  /// The commands that make the task, in groups that need those before them.
  var preparation: [[StudyJob]] {
    guard case .builtIn(let builtIn) = task.source else { return [] }
    let weight = Double(study.steps)
    func data(_ name: String, _ kind: String, _ split: String, _ count: Int, seed: Int = Self.searchSeed) -> StudyJob {
      StudyJob(
        inTask(name),
        [
          "data", "make", "--kind=\(kind)", "--split=\(split)", "--count=\(count)", "--seed=\(seed)",
          "--out=\(made("\(name).jsonl"))",
        ])
    }
    func judge(_ kind: String) -> StudyJob {
      StudyJob(
        inTask(kind),
        [kind, "--model=\(model)", "--data=\(made("preferences.jsonl"))", "--out=\(made(kind))", "--quiet"]
          + builtIn.judges.arguments, run: made(kind), weight: 2 * weight)
    }
    let answers = made("answers.jsonl")
    return [
      [
        data("examples", "sft", "training", builtIn.posts), data("prompts", "prompts", "training", builtIn.posts),
        data("judged", "prompts", "training", builtIn.judgedPosts, seed: Self.searchSeed + 1),
        data("validation", "prompts", "validation", task.validationCount),
        data("test", "prompts", "held-out", task.testCount),
      ],
      [
        StudyJob(
          inTask("tokenizer"),
          [
            "tokenizer", "train", "--data=\(made("examples.jsonl"))", "--vocabulary-size=\(builtIn.vocabularySize)",
            "--min-frequency=\(max(2, builtIn.posts / 100))", "--out=\(folder(task.folder))",
          ])
      ],
      [
        StudyJob(
          inTask("sft"),
          [
            "sft", "--preset=\(builtIn.preset)", "--tokenizer=\(folder(task.folder))", "--context-length=256",
            "--data=\(made("examples.jsonl"))", "--out=\(model)", "--quiet",
          ] + builtIn.supervised.arguments, run: model, weight: 2 * weight)
      ],
      [
        StudyJob(
          inTask("answers"),
          ["sample", "--model=\(model)", "--prompts=\(made("judged.jsonl"))", "--n=2", "--json", "--seed=1"]
            + samplingOptions, output: answers, weight: weight)
      ],
      [
        StudyJob(
          inTask("preferences"),
          ["data", "label", answers, "--judge=\(builtIn.annotator)", "--out=\(made("preferences.jsonl"))"])
      ],
      [judge("preference"), judge("reward")],
    ]
  }

  // MARK: Runs

  func options(of cell: StudyCell) -> (method: Study.Method, options: RunOptions) {
    let method = study.method(cell.method)!
    let condition = study.condition(cell.condition)!
    let setting = method.setting(in: cell.setting)!
    return (method, study.options(of: method, setting: setting, under: condition))
  }

  /// Trains a cell up to a step.
  func training(_ cell: StudyCell, to step: Int) -> StudyJob {
    let (method, options) = options(of: cell)
    let isOffline = options["offline"] == "true"
    let source =
      isOffline
      ? preferences.map { ["--data=\($0)"] } ?? []
      : ["--prompts=\(trainingPrompts)"] + (annotator(of: method).map { ["--annotator=\($0)"] } ?? [])
    return StudyJob(
      "\(cell.folder)/to-\(step)",
      ["train", method.algorithm, "--model=\(model)"] + source + options.arguments + [
        "--out=\(folder(cell.folder))", "--seed=\(cell.seed)", "--stop-after=\(step)", "--keep-last=1000000", "--threads=1",
        "--quiet",
      ], run: folder(cell.folder), weight: Double(step), mayDiverge: true)
  }

  /// What a cell's policy answers after a step.
  func answering(_ cell: StudyCell, step: Int, _ split: StudySplit) -> StudyJob {
    answering(folder(cell.checkpoint(step)), cell.answers(split, step: step), split, seed: 1000 + cell.seed)
  }

  /// What the supervised policy answers.
  func answeringSupervised(_ split: StudySplit) -> StudyJob {
    answering(model, task.supervisedAnswers(split), split, seed: 1)
  }

  private func answering(_ policy: String, _ answers: String, _ split: StudySplit, seed: Int) -> StudyJob {
    StudyJob(
      answers,
      [
        "sample", "--model=\(policy)", "--reference=\(model)", "--prompts=\(prompts(split))", "--json", "--seed=\(seed)",
        "--threads=1",
      ]
        + samplingOptions, output: folder(answers), weight: Double(study.steps) / 20)
  }

  /// As policies answer in training.
  private var samplingOptions: [String] {
    ["max-new-tokens", "temperature", "top-k", "top-p"].flatMap { name in
      study.options[name].map { ["--\(name)=\($0)"] } ?? []
    }
  }
}
