import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseObjectives

extension LogProbabilityReduction: ExpressibleByArgument {}
extension IdentityPreferenceOptimization.Form: ExpressibleByArgument {}

/// Algorithms of `poise train`.
enum AlgorithmName: String, CaseIterable, ExpressibleByArgument {
  case ipo
}

/// `poise train ALGORITHM`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a policy from preferences.",
    discussion: """
      Every step samples responses to a batch of prompts from the policy, asks the annotator which are preferred, and moves the \
      policy. The annotator is `rubric` (built-in task) or `command:PROGRAM …`, which reads {"prompt", "a", "b"} and writes \
      {"preference": p}, a line each, in order. RUN then holds a model that Hugging Face transformers loads, and metrics.jsonl.
      """)

  @Argument(help: "Algorithm: ipo (online IPO).") var algorithm: AlgorithmName
  @Option(help: ArgumentHelp("Folder of the policy to start from.", valueName: "model")) var model: String
  @Option(help: ArgumentHelp("Folder of the reference. (default: the starting model)", valueName: "model")) var reference: String?
  @Option(help: ArgumentHelp("JSON Lines of {\"prompt\"}.", valueName: "file")) var prompts: String
  @Option(help: ArgumentHelp("Who prefers: rubric, rubric:cyclic, command:PROGRAM ….", valueName: "judge")) var annotator: String
  @Option(help: ArgumentHelp("Strength of regularisation towards the reference, above 0.", valueName: "tau")) var tau = 0.1
  @Option(help: ArgumentHelp("Responses to a prompt, 2 or more; all pairs are compared.", valueName: "k")) var responses = 2
  @Option(help: "Form of the loss: squared or code; their gradients differ by the factor tau.")
  var form = IdentityPreferenceOptimization.Form.code
  @Option(help: "sum or mean of token log-probabilities; the published values of tau belong to mean.")
  var reduction = LogProbabilityReduction.sum
  @Option(help: "soft (the preference itself) or argmax (the majority).") var labels = PreferenceLabels.Kind.soft
  @OptionGroup(title: "Sampling") var sampling: SamplingFlags
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup var common: CommonOptions

  static let defaults = TrainingFlags.Defaults(optimizer: .adafactor, learningRate: 3e-3, schedule: .constant)

  func validate() throws {
    try requireRange("--tau", tau, 1e-9...1e9)
    try requireRange("--responses", responses, 2...1024)
    guard labels != .bernoulli else { throw ValidationError("poise train does not draw labels; give --labels soft or argmax.") }
  }

  func run() throws {
    let run = TrainingRun(flags: training, common: common, command: "train \(algorithm.rawValue)", description: resolved)
    let start = try run.startingFolder(model)
    let policy = try Policy(folder: start.folder!)
    let trainer = OnlineTrainer(
      policy, reference: try referenceParameters(for: policy),
      algorithm: .onlineIPO(tau: tau, form: form, reduction: reduction, labels: PreferenceLabels(labels)),
      annotator: try Judge.annotator(annotator),
      prompts: try policy.prompts(prompts, responseTokens: sampling.maxNewTokens), responsesPerPrompt: responses,
      sampling: sampling.options(), options: training.options(Self.defaults, seed: common.seed), pool: common.makePool())
    let records = try run.run(trainer, resumedFrom: start)
    Console.result(TrainingSummary(records: records).text)
    Console.result("The policy is in \(training.out).")
  }

  /// The reference is the starting model unless said otherwise, also when a run is resumed.
  private func referenceParameters(for policy: Policy) throws -> Arena {
    let reference = try Policy(folder: reference ?? model)
    try policy.requireSameForm(reference)
    return reference.parameters
  }

  private var resolved: JSON.Object {
    var object = training.resolved(Self.defaults)
    object["model"] = .string(model)
    object["reference"] = .string(reference ?? model)
    object["prompts"] = .string(prompts)
    object["annotator"] = .string(annotator)
    object["tau"] = .init(tau)
    object["responses"] = .init(responses)
    object["form"] = .string(form.rawValue)
    object["reduction"] = .string(reduction.rawValue)
    object["labels"] = .string(labels.rawValue)
    object["max_new_tokens"] = .init(sampling.maxNewTokens)
    object["temperature"] = .init(sampling.temperature)
    object["top_k"] = .init(sampling.topK)
    object["top_p"] = .init(sampling.topP)
    return object
  }
}
