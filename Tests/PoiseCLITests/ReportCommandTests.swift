import Foundation
import PoiseFiles
import Testing

@Suite struct ReportCommandTests {
  private let trained: TrainedModel
  private let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  @Test func aRunBecomesAPageOnWhichItsPolicySpeaksAsItSamples() throws {
    let out = "\(folder.path)/a report.html"
    let result = try PoiseProcess.succeed(
      "report", trained.model, "--prompts", trained.prompts, "--out", out, "--markdown", "--threads", "1")
    #expect(result.output == "The report is \(out), and as Markdown \(folder.path)/a report.md.\n")
    let page = String(decoding: try Files.read(out), as: UTF8.self)
    #expect(page.contains("as made by <code>poise sft</code>. It made all its 2 steps."))
    #expect(page.contains("poise sft --preset tiny"))
    let sampled = try PoiseProcess.succeed(
      "sample", "--model", trained.model, "--prompts", trained.prompts, "--max-new-tokens", "48", "--json"
    ).records().prefix(3)
    let texts = try sampled.map { try #require($0["completion"]?.string) }
    let markdown = String(decoding: try Files.read("\(folder.path)/a report.md"), as: UTF8.self)
    // A model of two steps says little that needs no escaping; its words do not.
    for word in texts.flatMap({ $0.matches(of: /[a-z]{3,}/).map(\.output) }) { #expect(markdown.contains(word), "\(word)") }
    #expect(markdown.contains("(a%20report/loss.svg)") && Files.exists("\(folder.path)/a report/loss.svg"))
  }

  @Test func whatCannotBeReportedIsSaid() throws {
    func expect(_ status: Int32, _ words: String, _ arguments: String...) throws {
      let result = try PoiseProcess(["report"] + arguments)
      #expect(result.status == status && result.errors.contains(words), "\(result.status): \(result.errors)")
      #expect(result.output.isEmpty)
    }
    let out = "\(folder.path)/r.html"
    try expect(64, "it must end in .html", trained.model, "--out", folder.path)
    try expect(73, "cannot be created", trained.model, "--out", "/dev/null/r.html")
    try expect(66, "/nowhere does not exist", "/nowhere", "--out", out)
    try expect(66, "/nowhere does not exist", trained.model, "--prompts", "/nowhere", "--out", out)
    #expect(folder.contents.isEmpty)
  }
}
