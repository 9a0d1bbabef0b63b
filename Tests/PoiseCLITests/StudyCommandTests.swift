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

  @Test func aStudyThatWasStoppedEndsInTheReportOfOneThatWasNot() throws {
    let file = try studyFile()
    let whole = try study(file, "whole")
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.output.contains("| rl | tau-0.") && whole.output.contains("| ipo | tau-0.1 |"))
    // As one that was killed leaves it: half of the runs are done, one of them is torn, and one command is not remembered.
    let stopped = "\(folder.path)/stopped"
    try FileManager.default.copyItem(atPath: "\(folder.path)/whole", toPath: stopped)
    let journal = try String(decoding: Files.read("\(stopped)/jobs.jsonl"), as: UTF8.self).split(separator: "\n")
    try Files.replace("\(stopped)/jobs.jsonl", with: journal.prefix(6).joined(separator: "\n") + "\n{\"name\": \"ru")
    Files.remove("\(stopped)/report")
    Files.remove("\(stopped)/verdicts")
    Files.remove("\(stopped)/runs/all/ipo/tau-0.1/seed-1/checkpoint-2/model.safetensors")
    let again = try study(file, "stopped", "--jobs", "1")
    #expect(again.status == 0, "\(again.errors)")
    let figures = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/whole/report").sorted()
    #expect(figures.contains("side-by-side.csv") && figures.contains("side-by-side.svg"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(stopped)/report").sorted() == figures)
    for name in figures {
      #expect(try Files.read("\(stopped)/report/\(name)") == Files.read("\(folder.path)/whole/report/\(name)"), "\(name)")
    }
    #expect(again.output.replacing("/stopped/", with: "/whole/") == whole.output)
    let count = try String(decoding: Files.read("\(stopped)/jobs.jsonl"), as: UTF8.self).count { $0 == "\n" }
    #expect(count == journal.count)
  }

  @Test func halvingGivesUpTheWorseHalf() throws {
    let file = try studyFile()
    let result = try study(file, "halved", "--search", "halving")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("successive halving"))
    let rows = result.output.split(separator: "\n").filter { $0.hasPrefix("| all | rl |") }
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
    let value = try study(try studyFile("conditions: {a: {temperature: warm}}"), "b")
    #expect(value.status == 64 && value.errors.contains("A command of the study ended with 64: poise train"), "\(value.errors)")
    let other = try study(try studyFile(), "b")
    #expect(other.status == 73 && other.errors.contains("described otherwise"), "\(other.errors)")
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
