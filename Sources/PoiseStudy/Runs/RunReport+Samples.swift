import Poise
import PoiseFiles
import PoiseReport
import PoiseText

/// What the policies say, and what those say from which they started.
extension RunReport {
  /// Prompts that are shown: the first of the file, which nobody chose.
  private static let sampleCount = 3
  /// Of a response, where no run says how many, and as many as are read with patience, whatever a run says.
  private static let tokens = (usual: 48, most: 256)

  func samples() throws -> [Document.Block] {
    let heading = Document.Block.heading(2, "What they say")
    let speaking = runs.filter { $0.kind != .judge }
    guard !speaking.isEmpty else { return promptsPath == nil ? [] : [heading, .paragraph("Judges give no answers.")] }
    let source: (words: String, records: [PromptRecord])
    do { source = try prompts(of: speaking) } catch let absence as NoPrompts {
      return [heading, .paragraph(Prose("There are no answers to show: \(absence.reason) Name prompts with --prompts."))]
    }
    let recorded = speaking.compactMap { $0.option("max_new_tokens")?.int }.first ?? Self.tokens.usual
    let tokens = min(max(recorded, 1), Self.tokens.most)
    var (texts, speakers, silent): ([String], [AnswersSideBySide.Speaker], [String]) = ([], [], [])
    for model in models(of: speaking) {
      do {
        let policy = try Policy(folder: model.folder, pool: pool)
        let asked = try source.records.map { try policy.prompt($0.prompt, responseTokens: tokens) }
        if texts.isEmpty { texts = asked.map(\.text) }
        guard asked.map(\.text) == texts else {
          silent.append("\(model.name) is silent: these token ids are other texts to it.")
          continue
        }
        let answers = Contestant(
          model.name, policy, prompts: asked, count: 1, sampling: SamplingOptions(maximumTokens: tokens),
          key: SamplingKey(seed: 0), pool: pool)
        speakers.append(.init(name: model.name, answers: answers.texts.map { $0[0] }))
      } catch let error as any ExplainedError { silent.append("\(model.name) is silent: \(error.description)") }
    }
    let introduction =
      Prose(
        "\(source.words), answered by the newest complete checkpoint of each policy and by what it started from or is held to: one "
          + "sample each, which ")
      + Prose("poise sample --max-new-tokens \(tokens)", .code) + " with the same prompts draws too."
    let absent = silent.map { Document.Block.paragraph(Prose($0)) }
    guard !speakers.isEmpty else { return [heading] + absent }
    return [heading, .paragraph(introduction)] + absent + AnswersSideBySide(prompts: texts, speakers: speakers).blocks
  }

  // MARK: Who speaks

  /// Those from which the policies started first, each once; where that is a run of the report too, it is that run.
  private func models(of speaking: [RecordedRun]) -> [(name: String, folder: String)] {
    var seen = Set(speaking.map { Self.identity($0.path) })
    var models: [(name: String, folder: String)] = []
    for run in speaking {
      guard let folder = run.file("reference") ?? run.file("model"), seen.insert(Self.identity(folder)).inserted else { continue }
      models.append((name: "\(Self.lastPart(of: folder)) (before)", folder: folder))
    }
    return models + speaking.map { ($0.name, $0.path) }
  }

  private static func lastPart(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  // MARK: What is asked

  private struct NoPrompts: Error { let reason: String }

  private func prompts(of speaking: [RecordedRun]) throws -> (words: String, records: [PromptRecord]) {
    if let promptsPath { return ("The first prompts of \(promptsPath)", try Self.first(of: promptsPath)) }
    let recorded = speaking.flatMap { run in
      ["evaluation_prompts", "prompts", "data"].compactMap { option in
        run.file(option).map { (path: $0, words: "The first prompts of \($0), of run \(run.name)") }
      }
    }
    guard !recorded.isEmpty else { throw NoPrompts(reason: "the runs do not record what they were asked.") }
    var reasons: [String] = []
    for file in recorded {
      do {
        // What a run names may be anything by now; a pipe would be waited for.
        try Files.requireRegularFile(file.path)
        return (file.words, try Self.first(of: file.path))
      } catch let error as any ExplainedError {
        reasons.append(error.description)
      }
    }
    throw NoPrompts(reason: reasons[0])
  }

  /// - Throws: `FileError`; `DataError` where one of the first lines is no prompt, or there is none.
  private static func first(of path: String) throws -> [PromptRecord] {
    struct Enough: Error {}
    var records: [PromptRecord] = []
    do {
      try JSONLines.read(path) { line, json in
        records.append(try PromptRecord(json, path: path, line: line))
        if records.count == sampleCount { throw Enough() }
      }
    } catch is Enough {}
    guard !records.isEmpty else { throw DataError(path, "the file holds no prompts.") }
    return records
  }
}
