import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseText

/// `poise score`
struct ScoreCommand: PlannedCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Log-probabilities of given responses, or what a reward model thinks of them.",
    discussion: """
      Input: JSON Lines of {"prompt", "completion"}, text or lists of messages, or {"messages"}, or {"text"}, or ids under \
      prompt_ids, completion_ids, text_ids. Sums are over the completion's tokens, in nats. Completions are scored with the \
      end-of-sequence token behind them; ids as they are. With --reward, {"reward": r} is printed instead; there must then be a \
      prompt, and no ids.
      """)

  @Option(help: ArgumentHelp("Folder of the policy.", valueName: "model")) var model: String?
  @Option(help: ArgumentHelp("Folder of a reward model, instead of a policy.", valueName: "model")) var reward: String?
  @Option(help: ArgumentHelp("Folder of the reference, a model of the same form.", valueName: "model")) var reference: String?
  @Option(help: ArgumentHelp("JSON Lines of responses; - is standard input.", valueName: "file")) var input: String
  @Flag(name: .customLong("no-eos"), help: "Leave the end-of-sequence token off text completions.") var leavesEndOff = false
  @OptionGroup var chat: ChatFlags
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if (model == nil) == (reward == nil) { throw ValidationError("Give --model, or --reward for a reward model.") }
    if reward != nil, reference != nil || leavesEndOff || chat.chatTemplate != nil {
      throw ValidationError("--reference, --no-eos and --chat-template belong to --model; a reward model has no use for them.")
    }
  }

  func run() throws { if let reward { try scoreRewards(reward) } else { try scoreLogProbabilities(model!) } }

  private func scoreRewards(_ folder: String) throws {
    let judge = try JudgeModel(.reward, folder: folder)
    var answers: [Answer] = []
    try JSONLines.read(inputPath(input)) { line, json in answers.append(try answer(json, line: line)) }
    guard !answers.isEmpty else { throw DataError(input, "the file has no records; one JSON object a line was expected.") }
    let rewards = try RewardModelRewarder(judge, pool: common.makePool()).rewards(answers)
    if output.json { return rewards.forEach { Console.result((["reward": .init($0)] as JSON).line) } }
    var table = TextTable(["response", "reward"])
    for (index, reward) in rewards.enumerated() { table.add([String(index + 1), reward.formatted(decimals: 4)]) }
    Console.result(table.text)
  }

  /// Of its text, though ids stand beside it, as they do in what `poise sample` writes.
  private func answer(_ json: JSON, line: Int) throws -> Answer {
    var fields = json.object ?? JSON.Object()
    for name in ["prompt", "completion"] where fields[name] != nil { fields[name + "_ids"] = nil }
    let record = try CompletionRecord(json.object == nil ? json : .object(fields), path: input, line: line)
    switch (record.prompt, record.completion) {
    case (.text(let prompt)?, .text(let response)): return Answer(prompt: prompt, response: response)
    case (.conversation(let conversation)?, .text(let response)): return Answer(Question(conversation), response: response)
    default: throw DataError(input, line: line, "a reward model reads text: \"prompt\" and \"completion\" were expected.")
    }
  }

  private func scoreLogProbabilities(_ folder: String) throws {
    let pool = common.makePool()
    let policy = try Policy(folder: folder, chatTemplate: chat.chatTemplate, pool: pool)
    let reference = try reference.map { try Policy(folder: $0, pool: pool) }
    if let reference { try policy.requireSameForm(reference) }
    let groups = try policy.groups(inputPath(input), endingText: !leavesEndOff)
    let scorer = Scorer(
      policy.transformer, policy: policy.parameters, reference: reference?.parameters, pool: pool)
    let scores = scorer.score(groups)
    if output.json {
      for score in scores { Console.result(score.json.line) }
    } else {
      Console.result(table(scores))
    }
  }

  /// Of log-probabilities: rewards are asked for a few groups at a time, whose lengths are the reward model's affair.
  func memoryPlan() throws -> MemoryPlan {
    guard let model else {
      throw ValidationError("--plan has nothing to say of --reward, which reads a few answers at a time.")
    }
    let outline = try PolicyOutline(folder: model, chatTemplate: chat.chatTemplate)
    let (configuration, form) = (outline.configuration, TransformerForm(outline.configuration))
    let groups =
      MemoryPlanning.isGiven(input)
      ? try outline.groups(input, endingText: !leavesEndOff)
      : try TokenGroup.largest(contextLength: MemoryPlanning.longestText(of: configuration), responses: 1)
    return MemoryPlan(parametersOf: "the policy", form)
      + (reference == nil ? MemoryPlan() : MemoryPlan(parametersOf: "the reference", form))
      + Scorer.memoryPlan(form, groups: groups, reference: reference != nil, workers: common.workerCount)
  }

  private func table(_ scores: [ResponseScore]) -> String {
    let hasReference = scores.contains { $0.referenceLogProbability != nil }
    var table = TextTable(["response", "tokens", "log π", "per token"] + (hasReference ? ["log μ", "log π/μ"] : []))
    for (index, score) in scores.enumerated() {
      let count = score.tokenLogProbabilities.count
      var row = [String(index + 1), String(count), score.logProbability.formatted(decimals: 4)]
      row.append((score.logProbability / Double(count)).formatted(decimals: 4))
      if let reference = score.referenceLogProbability {
        row += [reference, score.logProbability - reference].map { $0.formatted(decimals: 4) }
      }
      table.add(row)
    }
    return table.text
  }
}

extension ResponseScore {
  /// `{"logp", "token_logps", "tokens", "ref_logp"}`
  fileprivate var json: JSON {
    [
      "logp": .init(logProbability), "token_logps": .init(tokenLogProbabilities.map { Double($0) }),
      "tokens": .init(tokenLogProbabilities.count), "ref_logp": referenceLogProbability.map { .init($0) } ?? .null,
    ]
  }
}
