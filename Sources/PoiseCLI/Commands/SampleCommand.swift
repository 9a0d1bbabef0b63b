import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseText

/// `poise sample`
struct SampleCommand: PlannedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Responses from a policy, or from the mixture of a policy and its reference.",
    discussion: """
      --mixture m draws each token from π^(1−m) μ^m, normalised: 0 is the policy, 1 the reference. Log-probabilities are sums \
      over a response, in nats: logp under the policy, ref_logp under the reference, behaviour_logp under what was drawn from; log_partition is Σ log Z of \
      the mixture, the exact log-weight of a response towards the mixture of whole sequences.
      """)

  @Option(help: ArgumentHelp("Folder of the policy.", valueName: "model")) var model: String
  @Option(help: ArgumentHelp("Folder of the reference, a model of the same form.", valueName: "model")) var reference: String?
  @Option(help: ArgumentHelp("Weight of the reference, in [0, 1].", valueName: "m")) var mixture = 0.0
  @Option(
    help: ArgumentHelp(
      "JSON Lines of {\"prompt\"}, text or messages, or {\"prompt_ids\"}; - is standard input.", valueName: "file"))
  var prompts: String
  @Option(name: .customLong("n"), help: ArgumentHelp("Responses to a prompt, 1 or more.", valueName: "k")) var count = 1
  @OptionGroup var chat: ChatFlags
  @OptionGroup(title: "Sampling") var sampling: SamplingFlags
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try requireRange("--mixture", mixture, 0...1)
    try requireRange("--n", count, 1...100_000)
    if mixture > 0, reference == nil { throw ValidationError("--mixture needs --reference.") }
  }

  func run() throws {
    let pool = common.makePool()
    let policy = try Policy(folder: model, chatTemplate: chat.chatTemplate, pool: pool)
    let reference = try reference.map { try Policy(folder: $0, pool: pool) }
    if let reference { try policy.requireSameForm(reference) }
    let prompts = try policy.prompts(inputPath(prompts), responseTokens: sampling.maxNewTokens)
    let sampler = Sampler(
      policy.transformer, options: sampling.options(), pool: pool, decodesReference: reference != nil)
    for batch in batches(of: prompts) {
      let groups = sampler.sample(
        prompts[batch].map(\.tokens), mixtures: Array(repeating: mixture, count: count), policy: policy.parameters,
        reference: reference?.parameters, key: SamplingKey(seed: common.seed), firstPrompt: batch.lowerBound)
      for (prompt, responses) in zip(prompts[batch], groups) { write(prompt, responses, policy) }
    }
  }

  /// Few enough responses at once for their caches to stay small; part of the results' last bits, so not a matter of memory.
  private var batchSize: Int { max(1, 64 / count) }

  private func batches(of prompts: [Prompt]) -> [Range<Int>] {
    stride(from: 0, to: prompts.count, by: batchSize).map { $0..<min($0 + batchSize, prompts.count) }
  }

  func memoryPlan() throws -> MemoryPlan {
    let outline = try PolicyOutline(folder: model, chatTemplate: chat.chatTemplate)
    let (form, options) = (TransformerForm(outline.configuration), sampling.options())
    let given =
      MemoryPlanning.isGiven(prompts)
      ? try outline.prompts(prompts, responseTokens: options.maximumTokens).map(\.tokens.count) : []
    let longest = try given.max() ?? max(MemoryPlanning.longestText(of: outline.configuration) - options.maximumTokens, 1)
    return MemoryPlan(parametersOf: "the policy", form)
      + (reference == nil ? MemoryPlan() : MemoryPlan(parametersOf: "the reference", form))
      + Sampler.memoryPlan(
        form, promptCount: given.isEmpty ? batchSize : min(batchSize, given.count), longestPrompt: longest,
        responses: count, options: options, workers: common.workerCount, decodesReference: reference != nil)
  }

  private func write(_ prompt: Prompt, _ responses: [SampledResponse], _ policy: Policy) {
    if output.json {
      for response in responses { Console.result(json(prompt, response, policy).line) }
    } else {
      Console.result(page(prompt, responses, policy))
    }
  }

  /// The mixture's log Z comes with samples that have a reference.
  private func json(_ prompt: Prompt, _ response: SampledResponse, _ policy: Policy) -> JSON {
    var object = JSON.Object()
    let (conversation, text) = (prompt.question.conversation, policy.text(of: response.tokens))
    object["prompt"] = conversation?.json ?? .string(prompt.text)
    object["completion"] = conversation == nil ? .string(text) : [Conversation.Message(.assistant, text).json]
    object["completion_ids"] = .init(response.tokens.map { Int($0) })
    object["logp"] = .init(response.logProbability)
    object["ref_logp"] = response.referenceLogProbability.map { .init($0) } ?? .null
    object["behaviour_logp"] = .init(response.behaviourLogProbability)
    object["finish"] = .string(response.finish.rawValue)
    if response.referenceLogProbability != nil { object["log_partition"] = .init(response.logMixturePartition) }
    return .object(object)
  }

  private func page(_ prompt: Prompt, _ responses: [SampledResponse], _ policy: Policy) -> String {
    let answers = responses.map { response in
      let cut = response.finish == .length ? " …" : ""
      let numbers = "\(response.tokens.count) tokens, log π \(response.logProbability.formatted(decimals: 2))"
      let reference = response.referenceLogProbability.map { ", log μ \($0.formatted(decimals: 2))" } ?? ""
      return "→\(indented(policy.text(of: response.tokens)))\(cut)\n  (\(numbers)\(reference))"
    }
    return prompt.text + "\n" + answers.joined(separator: "\n") + "\n"
  }

  private func indented(_ text: String) -> String { (text.hasPrefix(" ") ? text : " " + text).replacing("\n", with: "\n  ") }
}
