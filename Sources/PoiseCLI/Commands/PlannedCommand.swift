import ArgumentParser
import PoiseModel

/// A command that can tell what memory it will take before it takes any.
protocol PlannedCommand: ParsableCommand {
  /// From options, descriptions of models and data alone: weights are neither read nor needed. Where data are not given
  /// (``MemoryPlanning/isGiven(_:)``), texts are taken to be as long as the model's context allows.
  func memoryPlan() throws -> MemoryPlan
}

/// What `poise doctor --plan COMMAND …` finds: the command's line may lack what a run needs and a plan can do without.
struct MemoryPlanning {
  /// The words that chose the command: `train`
  let command: String
  let plan: MemoryPlan
  /// Names of the options that were not given.
  let missing: [String]

  /// - Parameters:
  ///   - line: of the command, as it will be run.
  ///   - model: MODEL, where the line names none.
  ///   - threads: where the line says nothing of them.
  /// - Throws: what the command itself would say of its options, its model or its data.
  init(line: [String], model: String?, threads: Int?) throws {
    let line = try ConfigurationFile.expand(line, for: PoiseCommand.self)
    let known = CommandOptions(of: PoiseCommand.self, chosenBy: line)
    func has(_ name: String) -> Bool { known.options.contains { $0.name == name } }
    func gives(_ name: String) -> Bool { line.contains { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") } }
    let needed = !has("annotator") || gives("offline") ? ["out", "data", "prompts", "input"] : ["out", "prompts", "annotator"]
    missing = needed.filter { has($0) && !gives($0) && !(gives("offline") && $0 == "prompts") }
    var assumed = missing.map { "--\($0)=\(Self.notGiven)" }
    if let model, !["model", "preset", "reward"].contains(where: gives) { assumed.append("--model=\(model)") }
    if let threads, has("threads"), !gives("threads") { assumed.append("--threads=\(threads)") }
    let words = line.prefix(known.wordCount)
    guard let planned = try PoiseCommand.parseAsRoot(words + assumed + line.dropFirst(words.count)) as? any PlannedCommand else {
      throw ValidationError("--plan is followed by sft, reward, preference, train, sample or score, and its options.")
    }
    command = words.joined(separator: " ")
    plan = try planned.memoryPlan()
  }

  /// Stands for an option that was not given: standard input, of which a plan knows no more.
  private static let notGiven = "-"

  static func isGiven(_ file: String) -> Bool { file != notGiven }

  /// Tokens of a text as long as a model allows: what a plan takes for those of a file that it was not given.
  ///
  /// - Throws: `ValidationError` where the model allows any length.
  static func longestText(of model: TransformerConfiguration) throws -> Int {
    guard model.contextLength < TransformerConfiguration.unlimitedContext else {
      throw ValidationError(
        "This model sets no limit to the length of texts, so a plan has to know them: give the command's --data, --prompts or --input."
      )
    }
    return model.contextLength
  }
}
