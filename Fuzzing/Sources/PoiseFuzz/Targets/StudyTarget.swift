import PoiseFiles
import PoiseStudy

/// A study's file, YAML: lists that multiply make runs by the thousand at most, and no two commands make the same thing.
enum StudyTarget: FuzzTarget {
  static let name = "study"
  static let dictionary =
    ConfigurationTarget.dictionary + [
      "task:", "tasks:", "options:", "methods:", "conditions:", "small:", "baseline:", "seeds:", "search: halving", "algorithm:",
      "offline: true", "tau: [0.1, 0.2]", "mixture:", "checkpoint-every:", "judge:", "judged-posts:", "sft: {}", "judges: {}",
      "prompts:", "validation:", "test:", "annotator:", "reward:", "preferences:", "validation-prompts:", "[.5, 1e-3]",
    ]

  static let seeds =
    BuiltInStudy.allCases.map { Array($0.yaml.utf8) }
    + [
      """
      tasks:
        mine: {model: m, prompts: p, validation: v, test: t, judge: rubric, annotator: "preference:a", preferences: f}
        made: {posts: 5, sft: {steps: 1}, judges: {steps: 1}}
      options: {steps: 4, checkpoint_every: 3}
      methods:
        a: {algorithm: ipo-md, tau: [0.1, .2], mixture: [0, 1]}
        b: {algorithm: dpo, offline: true}
      conditions: {x: {labels: argmax}, y: {}}
      small: {seeds: 1}
      """
    ].map { Array($0.utf8) }

  static func run(_ input: [UInt8]) throws {
    let json = try YAMLText(String(decoding: input, as: UTF8.self), path: "study.yaml").json
    let study = try Study(json, path: "study.yaml", isSmall: json["small"] != nil)
    precondition(study.checkpointSteps.last == study.steps && study.checkpointSteps == study.checkpointSteps.sorted())
    let names = study.commands(in: "out").map(\.name)
    precondition(Set(names).count == names.count)
  }
}
