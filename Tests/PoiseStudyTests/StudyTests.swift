import Poise
import PoiseFiles
import Testing

@testable import PoiseStudy

@Suite struct StudyTests {
  private static let task: JSON = [
    "model": "m", "prompts": "p", "validation": "v", "test": "t", "judge": "rubric", "annotator": "rubric",
  ]

  private func study(_ change: (inout JSON.Object) -> Void = { _ in }, isSmall: Bool = false) throws -> Study {
    var object = JSON.Object()
    object["task"] = Self.task
    object["options"] = ["steps": "10", "checkpoint_every": "4"]
    object["methods"] = [
      "ipo": ["tau": ["0.1", "0.2"]], "md": ["algorithm": "ipo-md", "tau": ["1", "2"], "mixture": ["0", "0.5"], "top-k": "3"],
    ]
    change(&object)
    return try Study(.object(object), path: "study.yaml", isSmall: isSmall)
  }

  @Test func settingsAreAllCombinationsTheLastOptionFastest() throws {
    let study = try study()
    let method = try #require(study.method("md"))
    #expect(method.algorithm == "ipo-md" && study.method("ipo")?.algorithm == "ipo")
    #expect(
      method.settings.map { $0.entries.map(\.value) } == [["1", "0"], ["1", "0.5"], ["2", "0"], ["2", "0.5"]])
    #expect(study.checkpointSteps == [4, 8, 10])
  }

  @Test func foldersNameSettings() throws {
    let study = try study { $0["methods"] = ["ipo": ["tau": ["0.1", "0.10", "1e-3"], "top-k": ["3", "30"]], "dpo": [:]] }
    for method in study.methods {
      for setting in method.settings { #expect(method.setting(in: setting.folderName) == setting) }
      for other in ["", "as-is_", "tau-0.1", "top-k-3_tau-0.1", "tau-0.1_top-k-4", "tau-0.1_top-k-3_"] {
        #expect(method.setting(in: other) == nil, "\(other)")
      }
    }
  }

  /// The narrower says the last word: condition over study, method over condition, setting over method.
  @Test func optionsAreOverriddenByWhatIsNarrower() throws {
    let study = try study {
      $0["conditions"] = ["warm": ["temperature": "2", "top-k": "1", "batch-size": "5"]]
      $0["options"] = ["steps": "10", "batch-size": "8", "temperature": "1", "tau": "9", "greedy": "true", "offline": "false"]
    }
    let method = try #require(study.method("md"))
    let options = study.options(of: method, setting: method.settings[3], under: study.conditions[0])
    #expect(
      options.arguments == [
        "--steps=10", "--batch-size=5", "--temperature=2", "--tau=2", "--greedy", "--top-k=3", "--mixture=0.5",
      ])
  }

  @Test func theSmallVersionIsLaidOverTheWhole() throws {
    func change(_ object: inout JSON.Object) {
      object["small"] = ["options": ["steps": "2"], "methods": ["ipo": ["tau": ["0.1"]]], "seeds": "1"]
    }
    let (whole, small) = try (study(change), study(change, isSmall: true))
    #expect(whole.steps == 10 && whole.seedCount == 3 && whole.methods[0].settings.count == 2)
    #expect(small.steps == 2 && small.seedCount == 1 && small.methods[0].settings.count == 1)
    #expect(small.checkpointSteps == [2] && small.methods[1] == whole.methods[1])
    #expect(throws: DataError.self) { try study(isSmall: true) }
  }

  private static let mistakes: [(key: String, value: JSON, words: String)] = [
    ("methods", ["ipo": ["tau": ["0.1", "0.1"]], "dpo": [:]], "methods.ipo.tau: a list of different values"),
    ("methods", ["ipo": ["tau": ["../1"]], "dpo": [:]], "methods.ipo.tau: \"../1\" cannot be swept"),
    ("methods", ["ipo": ["../tau": ["1", "2"]], "dpo": [:]], "methods.ipo.../tau: options are called by"),
    // A combining mark, which makes one character with whatever stands before it.
    ("methods", ["ipo": ["tau": ["1"], "\u{592}ixture": ["0"]], "dpo": [:]], "options are called by"),
    ("methods", ["ipo": ["top-k": "1", "top_k": ["2"]], "dpo": [:]], "methods.ipo.top-k: this is said twice"),
    ("methods", ["ipo": [:]], "two methods or more"), ("methods", ["a/b": [:], "c": [:]], "methods.a/b: a method is called by"),
    ("tasks", [:], "\"task\" and \"tasks\""),
    ("baseline", "rl", "baseline: no method is called rl"), ("seeds", "0", "seeds: \"0\" is no count"),
    ("search", "random", "search: grid or halving"), ("options", [:], "options: \"steps\""),
    ("options", ["steps": "many"], "options.steps: \"many\" is no count"),
    ("options", ["steps": "10", "checkpoint-every": "-2"], "options.checkpoint-every: \"-2\" is no count"),
    ("options", ["steps": "1000000", "checkpoint-every": "1"], "looked at more than 1000 times"),
    ("options", ["steps": "10", "seed": "1"], "options.seed: the study says this itself"),
    ("conditions", ["a": ["steps": "5"]], "conditions.a.steps: all runs are alike in this"),
    (
      "methods", ["ipo": [:], "dpo": ["checkpoint_every": ["1", "2"]]], "methods.dpo.checkpoint-every: all runs are alike in this"
    ),
    ("methods", ["ipo": .object(swept(byTenValues: 20)), "dpo": [:]], "more than 10000 runs"),
    ("arms", [:], "there is no \"arms\" here"),
    ("conditions", ["a": ["steps": ["1", "2"]]], "conditions.a.steps: one value was expected"),
    ("task", ["model": "m", "posts": "5"], "task: there is no \"posts\" here"),
  ]

  private static func swept(byTenValues count: Int) -> JSON.Object {
    var object = JSON.Object()
    for index in 0..<count { object["o\(index)"] = .array((0..<10).map { .string(String($0)) }) }
    return object
  }

  @Test(arguments: mistakes)
  func whatIsWrongIsSaidWithItsPlace(_ key: String, _ value: JSON, _ words: String) {
    let error = #expect(throws: DataError.self) { try study { $0[key] = value } }
    #expect(error?.category == .configuration)
    #expect(error?.description.hasPrefix("study.yaml: ") == true && error?.description.contains(words) == true, "\(error!)")
  }

  @Test func cellsAreNamedByWhatTheyAre() throws {
    let study = try study()
    let (ipo, md) = (study.methods[0], study.methods[1])
    let cell = StudyCell(study.conditions[0], md, md.settings[1], seed: 2)
    #expect(cell.folder == "runs/all/md/tau-1_mixture-0.5/seed-2")
    #expect(cell.answers(.test, step: 8) == "answers/all/md/tau-1_mixture-0.5/seed-2/step-8.test.jsonl")
    let stages = StudyStages(study: study, task: study.tasks[0], folder: StudyFolder("out"))
    let job = stages.training(StudyCell(study.conditions[0], ipo, ipo.settings[0], seed: 0), to: 8)
    #expect(job.arguments.starts(with: ["train", "ipo", "--model=m", "--prompts=p", "--annotator=rubric", "--steps=10"]))
    #expect(job.arguments.contains("--stop-after=8") && job.arguments.contains("--tau=0.1"))
    #expect(job.run == "out/runs/all/ipo/tau-0.1/seed-0")
  }

  /// A task is made for all conditions that it has part in.
  @Test func everyTaskGoesThroughEveryCondition() throws {
    let study = try study {
      $0["task"] = nil
      $0["tasks"] = ["mine": Self.task, "made": ["posts": "5", "judge": "rubric:cyclic"]]
      $0["conditions"] = ["soft": [:], "hard": ["labels": "argmax"]]
    }
    #expect(study.conditions.map(\.name) == ["mine-soft", "mine-hard", "made-soft", "made-hard"])
    #expect(study.conditions.map(\.task.judge) == ["rubric", "rubric", "rubric:cyclic", "rubric:cyclic"])
    let cell = StudyCell(study.conditions[3], study.methods[0], study.methods[0].settings[0], seed: 0)
    let stages = StudyStages(study: study, task: study.tasks[1], folder: StudyFolder("out"))
    #expect(stages.preparation.flatMap(\.self).allSatisfy { $0.name.hasPrefix("tasks/made/") })
    let job = stages.training(cell, to: 4)
    #expect(job.arguments.contains("--model=out/tasks/made/sft") && job.arguments.contains("--labels=argmax"))
    #expect(stages.answeringSupervised(.test).name == "answers/supervised-made.test.jsonl")
    let both = #expect(throws: DataError.self) { try self.study { $0["tasks"] = ["a": Self.task] } }
    let alike = #expect(throws: DataError.self) {
      try self.study {
        $0["task"] = nil
        $0["tasks"] = ["a": Self.task, "a-b": Self.task]
        $0["conditions"] = ["b-c": [:], "c": [:]]
      }
    }
    #expect(alike?.description.contains("are called a-b-c together") == true)
    #expect(both?.description.contains("the file has \"task\" and \"tasks\"") == true)
  }

  /// Programs and people are asked by those alone who learn from them.
  @Test func onlyModelsAreAskedHowMuchTheyArePleased() throws {
    let study = try study {
      $0["task"] = nil
      var mine = Self.task.object!
      mine["reward"] = "reward:r"
      $0["tasks"] = ["mine": .object(mine), "made": ["judge": "rubric"]]
      $0["methods"] = ["rl": [:], "ipo": [:], "dpo": ["offline": "true"]]
    }
    let models = study.tasks.map { task in
      study.methods.map { StudyStages(study: study, task: task, folder: StudyFolder("out")).annotatingModel(of: $0) }
    }
    #expect(models[0] == ["reward:r", nil, nil])
    #expect(models[1] == ["reward:out/tasks/made/reward", "preference:out/tasks/made/preference", nil])
  }

  /// Three seeds each that are as good as each other, on prompts that are all a coin's toss: ½ is within, and wider than over prompts
  /// alone when seeds differ.
  @Test func intervalsKnowOfSeeds() {
    let even = (0..<40).map { $0 % 2 == 0 ? 1.0 : 0 }
    let same = SeedBootstrap.interval([[even, even], [even, even]])
    #expect(same.contains(0.5) && same.upperBound - same.lowerBound > 0.2)
    let (won, lost) = (Array(repeating: 1.0, count: 40), Array(repeating: 0.0, count: 40))
    #expect(SeedBootstrap.interval([[won, won], [lost, lost]]) == 0...1)
    #expect(SeedBootstrap.interval([[won, won], [won, won]]) == 1...1)
  }

  /// A judge that is hardly sure says as much by its verdicts as one that is.
  @Test func exploitabilityIsTheLeadOfTheBestOpponent() {
    #expect(StudyResults.exploitability([[0.51, 0.51, 0.51, 0.49], [0.9, 0, 0, 0]]) == 0.25)
    #expect(StudyResults.exploitability([[0.9, 0, 0, 0], [0.5, 0.4]]) == 0)
    #expect(StudyResults.exploitability([]) == 0)
  }

  /// Paper, stone and scissors each answer one prompt always the same: no two policies differ, and who knows the other wins it. Who
  /// has said all three by turns cannot be known.
  @Test func whoAlwaysSaysTheSameIsExploitableByAnswers() throws {
    func preference(_ a: Int, over b: Int) -> Double { a == b ? 0.5 : (a + 1) % 3 == b ? 1 : 0 }
    func opponents(_ said: [Int]) -> [[[Double]]] {
      (0..<3).map { own in said.map { Array(repeating: preference(own, over: $0), count: 2) } }
    }
    #expect(StudyResults.exploitabilityByAnswers(opponents([1, 1, 1])) == [0.5, 0.5, 0.5])
    let mixed = try #require(StudyResults.exploitabilityByAnswers(opponents([0, 1, 2])))
    #expect(mixed.allSatisfy { $0 <= 0 })
    #expect(StudyResults.exploitabilityByAnswers(opponents([1])) == nil)
  }
}
