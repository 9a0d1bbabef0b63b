import Foundation
import PoiseFiles
import Testing

@Suite struct StudyCommandTests {
  let trained: TrainedModel
  let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  private func studyFile(_ more: String = "") throws -> String {
    try folder.file(
      "study.yaml",
      """
      title: Two ways
      task: {model: \(trained.model), prompts: \(trained.prompts), validation: \(trained.prompts), test: \(trained.prompts), \
      annotator: rubric, reward: rubric, judge: rubric}
      options: {steps: 2, batch-size: 2, checkpoint-every: 1, max-new-tokens: 6}
      baseline: rl
      methods:
        rl: {tau: [0.1, 0.4]}
        ipo: {tau: [0.1]}
      seeds: 2
      \(more)
      """)
  }

  private func study(_ file: String, _ out: String, _ more: String...) throws -> PoiseProcess {
    try PoiseProcess(["study", file, "--out", "\(folder.path)/\(out)"] + more)
  }

  /// Half of its commands are done, a run is torn, the line of a command is, and what was judged is lost.
  @Test func aStudyThatWasKilledEndsInTheReportOfOneThatWasNot() throws {
    let file = try studyFile()
    let (study, kept) = ("\(folder.path)/study", "\(folder.path)/kept")
    let whole = try self.study(file, "study")
    #expect(whole.status == 0, "\(whole.errors)")
    try FileManager.default.moveItem(atPath: study, toPath: kept)
    try FileManager.default.copyItem(atPath: kept, toPath: study)
    let journal = try lines("\(kept)/jobs.jsonl")
    try Files.replace("\(study)/jobs.jsonl", with: journal.prefix(6).joined(separator: "\n") + "\n{\"name\": \"ru")
    for lost in ["report", "verdicts", "runs/all/ipo/tau-0.1/seed-1/checkpoint-2/model.safetensors"] {
      Files.remove("\(study)/\(lost)")
    }
    let again = try self.study(file, "study", "--jobs", "1")
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.output == whole.output)
    let figures = try FileManager.default.contentsOfDirectory(atPath: "\(kept)/report").sorted()
    #expect(figures.contains("side-by-side.csv") && figures.contains("side-by-side.svg"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(study)/report").sorted() == figures)
    for name in figures { #expect(try Files.read("\(study)/report/\(name)") == Files.read("\(kept)/report/\(name)"), "\(name)") }
    #expect(try lines("\(study)/jobs.jsonl").count == journal.count)
    let other = try self.study(try studyFile("search: halving"), "study")
    #expect(other.status == 73 && other.errors.contains("described otherwise"), "\(other.errors)")
  }

  private func lines(_ path: String) throws -> [Substring] {
    try String(decoding: Files.read(path), as: UTF8.self).split(whereSeparator: \.isNewline)
  }

  /// A study that is killed has no time to say anything to its commands.
  @Test func whatAStudyHasStartedEndsWithIt() throws {
    let child = "\(folder.path)/child"
    let program = try folder.file("judge.sh", "echo $$ > '\(child).tmp'; mv '\(child).tmp' '\(child)'; sleep 60")
    let study = try BackgroundPoise([
      "study", try studyFile("small: {task: {annotator: \"command:sh \(program)\"}}"), "--small", "--out", "\(folder.path)/a",
    ])
    study.wait { Files.exists(child) }
    let started = try ForeignProcess(writtenTo: child)
    #expect(started.isAlive)
    study.end(by: SIGKILL)
    #expect(started.ends)
  }

  @Test func halvingGivesUpTheWorseHalf() throws {
    let result = try study(try studyFile(), "halved", "--search", "halving")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("successive halving"))
    let rows = try lines("\(folder.path)/halved/report/search.csv").filter { $0.hasPrefix("rl,") }
    #expect(rows.count == 3)  // both after a step, one after two
  }

  @Test func whatCannotBeDoneIsSaidBeforeAnythingIs() throws {
    let unknown = try study("papers", "a")
    #expect(unknown.status == 66 && unknown.errors.contains("neither a file of this name nor one of paper,"), "\(unknown.errors)")
    let option = try study(try studyFile("conditions: {a: {learning-rat: 1}}"), "a")
    #expect(
      option.status == 78
        && option.errors.contains("conditions.a: `poise train` has no option \"learning-rat\"; the nearest is "),
      "\(option.errors)")
    #expect(!Files.exists("\(folder.path)/a"))
    let value = try study(try studyFile("conditions: {a: {temperature: warm}}"), "a")
    #expect(
      value.status == 78 && value.errors.contains("runs/a/rl/tau-0.1/seed-0/to-2 cannot be made: The value 'warm' is invalid"),
      "\(value.errors)")
    let range = try study(try studyFile("conditions: {a: {batch-size: 0}}"), "a")
    #expect(range.status == 78 && range.errors.contains("--batch-size is 0; it must lie between"), "\(range.errors)")
    let judge = try study(try studyFile("small: {task: {judge: rubik}}"), "a", "--small")
    #expect(judge.status == 64 && judge.errors.contains("There is no judge \"rubik\""), "\(judge.errors)")
    let file = try study(try studyFile("small: {task: {test: nowhere.jsonl}}"), "a", "--small")
    #expect(file.status == 66 && file.errors.contains("nowhere.jsonl"), "\(file.errors)")
    #expect(!Files.exists("\(folder.path)/a"))
  }

  @Test func aCommandThatFailsIsQuoted() throws {
    let failing = try studyFile("conditions: {a: {evaluate-every: 1, evaluation-prompts: nowhere.jsonl}}")
    let result = try study(failing, "a")
    #expect(result.status == 66, "\(result.errors)")
    #expect(result.errors.contains("A command of the study ended with 66: poise train rl"), "\(result.errors)")
    #expect(result.errors.contains("nowhere.jsonl"), "\(result.errors)")
  }

  @Test(arguments: ["paper", "offline-vs-online", "noise", "intransitive", "length", "momentum"])
  func builtInStudiesAreFilesToCopy(_ name: String) throws {
    let shown = try PoiseProcess.succeed("study", name, "--show").output
    let file = try folder.file("\(name).yaml", shown)
    #expect(try PoiseProcess.succeed("study", file, "--show").output == shown)
    for size in [[], ["--small"]] {
      // It is read and checked, and ends at its first command, for which there is no room.
      let result = try PoiseProcess(["study", file, "--out", "/dev/null/none"] + size)
      #expect(result.status == 73, "\(result.errors)")
    }
  }

  @Test func answersAreLabelledInPairs() throws {
    let answers = try PoiseProcess.succeed(
      "sample", "--model", trained.model, "--prompts", trained.prompts, "--n", "3", "--max-new-tokens", "6", "--json")
    let (file, out) = (try folder.file("answers.jsonl", answers.output), "\(folder.path)/labelled.jsonl")
    try PoiseProcess.succeed(["data", "label", file, "--judge", "rubric", "--out", out])
    let lines = try String(decoding: Files.read(out), as: UTF8.self).split(separator: "\n").map { try JSON(parsing: String($0)) }
    #expect(lines.count == 6 * 3)
    for line in lines {
      let preference = try #require(line["preference"]?.double)
      #expect(line["chosen"] != line["rejected"] && (0.5...1).contains(preference))
    }
    let alone = try folder.file("alone.jsonl", "{\"prompt\": \"a\", \"completion\": \"b\"}\n")
    let nothing = try PoiseProcess(["data", "label", alone, "--judge", "rubric", "--out", out])
    #expect(nothing.status == 65 && nothing.errors.contains("no prompt has two different answers"), "\(nothing.errors)")
  }
}
