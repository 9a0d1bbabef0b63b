import Foundation
import Poise
import PoiseFiles
import PoiseRandom

/// Does a study: what is not done yet is done, from wherever it was left, and the results are made of files alone.
public final class StudyRunner {
  private let study: Study
  private let folder: StudyFolder
  private let jobs: JobRunner
  private let verdicts: Verdicts
  private let isStopped: @Sendable () -> Bool
  private let report: (StudyProgress) -> Void
  private var progress: StudyProgress

  /// - Parameters:
  ///   - path: the study's folder; made if it is not there.
  ///   - workerCount: commands at a time.
  ///   - isStopped: asked all the time; a study that is stopped throws `StudyInterruption`.
  ///   - makeJudge: of a JUDGE.
  ///   - launch: starts `poise` with arguments, standard output and standard error going to files, and gives its exit code.
  ///   - report: told how far it is.
  /// - Throws: `DataError` where the folder is of another study; errors of `makeJudge`; `FileError` where a file is missing that the
  ///   study is to begin with.
  public init(
    _ study: Study, in path: String, workerCount: Int, isStopped: @escaping @Sendable () -> Bool,
    makeJudge: @escaping (String) throws -> any Annotator,
    launch: @escaping @Sendable (_ arguments: [String], _ output: String?, _ errors: String) throws -> Int32,
    report: @escaping (StudyProgress) -> Void
  ) throws {
    (self.study, self.isStopped, self.report) = (study, isStopped, report)
    for task in study.tasks { try Self.requireWhatIsGiven(for: task, makeJudge: makeJudge) }
    folder = StudyFolder(path)
    for part in ["", "logs", "verdicts"] + study.tasks.map(\.folder) { try Files.createDirectory(folder(part)) }
    try Self.requireSame(study, folder)
    jobs = try JobRunner(folder, workerCount: workerCount, isStopped: isStopped, launch: launch)
    verdicts = Verdicts(folder, makeJudge: makeJudge)
    progress = StudyProgress(study)
  }

  /// The first command that needed it would find it missing, but that may be hours later.
  private static func requireWhatIsGiven(for task: StudyTask, makeJudge: (String) throws -> any Annotator) throws {
    // A program is started when there is something to ask it.
    func requireJudge(_ judge: String) throws { if !Judge.startsProgram(judge) { _ = try makeJudge(judge) } }
    try requireJudge(task.judge)
    guard case .given(let given) = task.source else { return }
    for annotator in [given.annotator, given.reward].compactMap(\.self) where annotator != task.judge {
      try requireJudge(annotator)
    }
    for path in [given.model, given.prompts, given.validation, given.test] + [given.preferences].compactMap(\.self)
    where !Files.exists(path) {
      throw FileError.missing(path: path)
    }
  }

  /// A folder holds one study: what another left would be taken for this one's.
  private static func requireSame(_ study: Study, _ folder: StudyFolder) throws {
    let text = String(describing: study) + "\n"
    let path = folder.description
    if Files.exists(path) {
      guard try String(decoding: Files.read(path), as: UTF8.self) == text else {
        throw DataError(
          folder.path,
          "the folder holds a study that was described otherwise. Choose another --out, or the description of before.",
          category: .cannotCreate)
      }
    } else {
      try Files.replace(path, with: text)
    }
  }

  /// - Throws: errors of the commands and the judge; `StudyInterruption`.
  public func run() throws -> StudyResults {
    for task in study.tasks {
      let stages = stages(task)
      for group in stages.preparation { try perform("making the task" + (task.name.isEmpty ? "" : " \(task.name)"), group) }
      try perform("asking the supervised policy", [stages.answeringSupervised(.validation), stages.answeringSupervised(.test)])
    }
    var results = StudyResults()
    if let baseline = study.baseline.flatMap(study.method) {
      try search([baseline], against: { $0.task.supervisedAnswers(.validation) }, &results)
    }
    let others = study.methods.filter { $0.name != study.baseline }
    let chosen = results
    try search(others, against: { self.opponent($0, chosen) }, &results)
    try compare(&results)
    return results
  }

  private func stages(_ task: StudyTask) -> StudyStages { StudyStages(study: study, task: task, folder: folder) }

  private func condition(of cell: StudyCell) -> Study.Condition { study.condition(cell.condition)! }

  private func stages(_ cell: StudyCell) -> StudyStages { stages(condition(of: cell).task) }

  private func perform(_ stage: String, _ list: [StudyJob]) throws {
    try jobs.run(list) { done in
      progress.note(stage, list, done: done, spent: jobs.entries.reduce(0) { $0 + $1.seconds })
      report(progress)
    }
    progress.finish(list)
  }

  // MARK: Choosing settings

  /// What methods other than the baseline are selected against: the baseline's chosen checkpoint, or the supervised policy.
  private func opponent(_ condition: Study.Condition, _ results: StudyResults) -> String {
    guard let name = study.baseline, let choice = results.choice(name, condition.name),
      let cell = results.search.first(where: {
        $0.cell.setting == choice.setting && $0.cell.method == name && $0.cell.condition == condition.name
      })?.cell
    else { return condition.task.supervisedAnswers(.validation) }
    return cell.answers(.validation, step: choice.step)
  }

  private func search(
    _ methods: [Study.Method], against opponent: (Study.Condition) -> String, _ results: inout StudyResults
  ) throws {
    var candidates = study.conditions.flatMap { condition in
      methods.flatMap { method in method.settings.map { StudyCell(condition, method, $0, seed: StudyStages.searchSeed) } }
    }
    var points: [StudyResults.SearchPoint] = []
    for last in rungs {
      let training = candidates.map { stages($0).training($0, to: last) }
      try perform("searching settings, to step \(last)", training)
      let failures = training.map { jobs.failure(of: $0) }
      let steps = study.checkpointSteps.filter { step in step <= last && !points.contains { $0.step == step } }
      let alive = zip(candidates, failures).filter { $0.1 == nil }.map(\.0)
      try perform(
        "asking for answers", alive.flatMap { cell in steps.map { stages(cell).answering(cell, step: $0, .validation) } })
      for (cell, failure) in zip(candidates, failures) {
        for step in steps {
          points.append(try point(cell, step: step, failure: failure, against: opponent(condition(of: cell))))
        }
      }
      if last < study.steps { candidates = better(alive, points) }
    }
    results.search += points
    for condition in study.conditions {
      for method in methods {
        let own = points.filter { $0.cell.condition == condition.name && $0.cell.method == method.name && $0.rate != nil }
        guard let best = own.max(by: { $0.rate!.value < $1.rate!.value }) else {
          throw DataError(folder.path, "every run of \(method.name) diverged; widen what is swept.", category: .internalFault)
        }
        results.choices.append(
          StudyResults.Choice(
            condition: condition.name, method: method.name, setting: best.cell.setting, step: best.step, rate: best.rate!.value))
      }
    }
  }

  /// Steps up to which candidates are trained, between which some are given up.
  private var rungs: [Int] {
    guard study.search == .halving else { return [study.steps] }
    let steps = study.checkpointSteps
    func first(from share: Double) -> Int { steps.first { Double($0) >= share * Double(study.steps) } ?? study.steps }
    return [first(from: 0.25), first(from: 0.5), study.steps].reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The better half of every method's candidates under each condition.
  private func better(_ candidates: [StudyCell], _ points: [StudyResults.SearchPoint]) -> [StudyCell] {
    func best(_ cell: StudyCell) -> Double { points.filter { $0.cell == cell }.compactMap { $0.rate?.value }.max() ?? 0 }
    return study.conditions.flatMap { condition in
      study.methods.flatMap { method in
        let own = candidates.filter { $0.condition == condition.name && $0.method == method.name }
        let kept = Set(own.sorted { best($0) > best($1) }.prefix((own.count + 1) / 2))
        return own.filter(kept.contains)
      }
    }
  }

  private func point(
    _ cell: StudyCell, step: Int, failure: String?, against opponent: String
  ) throws -> StudyResults.SearchPoint {
    if let failure { return StudyResults.SearchPoint(cell: cell, step: step, rate: nil, failure: failure, measures: nil) }
    let path = cell.answers(.validation, step: step)
    return StudyResults.SearchPoint(
      cell: cell, step: step,
      rate: StudyResults.Rate(try judge(path, over: opponent, by: condition(of: cell).task.judge)), failure: nil,
      measures: StudyResults.Measures(try verdicts.answers(path)))
  }

  // MARK: Comparing what was chosen

  private func compare(_ results: inout StudyResults) throws {
    let cells = results.choices.flatMap { choice in
      (1...study.seedCount).map { seed in (choice: choice, cell: StudyCell(of: choice, seed: seed)) }
    }
    try perform("training the chosen settings", cells.map { stages($0.cell).training($0.cell, to: $0.choice.step) })
    try perform(
      "asking for answers",
      cells.flatMap { choice, cell in
        [StudySplit.validation, .test].map { stages(cell).answering(cell, step: choice.step, $0) }
      })
    for condition in study.conditions {
      let policies = results.choices.filter { $0.condition == condition.name }.map { choice in
        let seeds = (1...study.seedCount).map { StudyCell(of: choice, seed: $0) }
        func answers(_ split: StudySplit) -> [String] { seeds.map { $0.answers(split, step: choice.step) } }
        return Chosen(method: choice.method, toValidation: answers(.validation), toTest: answers(.test))
      }
      try compare(policies, under: condition, &results)
    }
  }

  /// What the seeds of a chosen setting answer.
  private struct Chosen {
    let method: String
    let toValidation: [String]
    let toTest: [String]
  }

  /// A judge may take its time.
  private func judge(_ row: String, over column: String, by judge: String) throws -> [Double] {
    if isStopped() { throw StudyInterruption() }
    return try verdicts.preferences(row, over: column, by: judge)
  }

  /// The win rate of answers over those of the supervised policy, as the model sees it that the method learns from.
  private func ratesByAnnotator(
    _ method: String, _ answers: [String], over supervised: String, _ task: StudyTask
  ) throws -> [Double]? {
    guard let model = study.method(method).flatMap(stages(task).annotatingModel) else { return nil }
    return try answers.map { StudyResults.Rate(try judge($0, over: supervised, by: model)).value }
  }

  private func compare(
    _ policies: [Chosen], under condition: Study.Condition, _ results: inout StudyResults
  ) throws {
    let supervised = condition.task.supervisedAnswers(.test)
    let all = policies.flatMap(\.toTest) + [supervised]
    // Every unordered pair once: the table is antisymmetric to the last bit.
    var preferences: [String: [String: [Double]]] = [:]
    let count = all.count * (all.count - 1) / 2
    for (index, row) in all.enumerated() {
      progress.noteJudging(count - (all.count - index) * (all.count - index - 1) / 2, of: count)
      report(progress)
      for column in all[(index + 1)...] {
        let forward = try judge(row, over: column, by: condition.task.judge)
        preferences[row, default: [:]][column] = forward
        preferences[column, default: [:]][row] = forward.map { 1 - $0 }
      }
    }
    for (index, row) in policies.enumerated() {
      for column in policies[(index + 1)...] {
        let pairs = row.toTest.map { row in column.toTest.map { preferences[row]![$0]! } }
        results.pairings.append(
          StudyResults.Pairing(
            condition: condition.name, row: row.method, column: column.method,
            rates: pairs.flatMap { $0.map { StudyResults.Rate($0).value } }, interval: SeedBootstrap.interval(pairs)))
      }
      results.standings.append(
        StudyResults.Standing(
          condition: condition.name, method: row.method,
          overSupervised: StudyResults.SeedRates(row.toTest.map { preferences[$0]![supervised]! }),
          overSupervisedOnValidation: StudyResults.SeedRates(
            try row.toValidation.map {
              try judge($0, over: condition.task.supervisedAnswers(.validation), by: condition.task.judge)
            }),
          overSupervisedByAnnotator: try ratesByAnnotator(row.method, row.toTest, over: supervised, condition.task),
          measures: try row.toTest.map { StudyResults.Measures(try verdicts.answers($0)) },
          exploitability: row.toTest.map { answers in
            StudyResults.exploitability(all.filter { $0 != answers }.map { preferences[$0]![answers]! })
          },
          exploitabilityByAnswers: StudyResults.exploitabilityByAnswers(
            all.filter { !row.toTest.contains($0) }.map { opponent in row.toTest.map { preferences[opponent]![$0]! } })))
    }
  }
}
