import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseObjectives

extension LogProbabilityReduction: ExpressibleByArgument {}
extension IdentityPreferenceOptimization.Form: ExpressibleByArgument {}
extension RewardBaseline: ExpressibleByArgument {}
extension Algorithm.Name: ExpressibleByArgument {}

/// `poise train ALGORITHM`
struct TrainCommand: PlannedCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a policy from preferences.",
    discussion: """
      Online, every step samples responses to a batch of prompts, asks the annotator which are preferred, and moves the policy. The \
      annotator is one of: \(Judge.kinds). A program reads {"prompt", "a", "b"} and writes {"preference": p}, a line each, in \
      order; questions end with an "id", and a program that repeats it in its answers is checked for their order. What it has \
      answered since the last checkpoint but one is kept in RUN/poise_annotations.jsonl: --resume does not ask it twice. With --offline, \
      recorded preferences in --data take the place of prompts and annotator. Prompts, and what is chosen and rejected, are texts \
      or lists of messages.

      \(Algorithm.table.map { "\($0.name.rawValue): \($0.title)\($0.summary)" }.joined(separator: "\n"))

      tau means something else to every algorithm. RUN then holds a model that Hugging Face transformers loads, and metrics.jsonl.
      """)

  @Argument(help: "Algorithm: \(Algorithm.Name.allCases.map(\.rawValue).joined(separator: ", ")).") var algorithm: Algorithm.Name
  @Option(help: ArgumentHelp("Folder of the policy to start from.", valueName: "model")) var model: String
  @Option(help: ArgumentHelp("Folder of the reference. (default: the starting model)", valueName: "model")) var reference: String?
  @Option(help: ArgumentHelp("JSON Lines of {\"prompt\"}.", valueName: "file")) var prompts: String?
  @Option(help: ArgumentHelp("Who prefers: \(Judge.kinds).", valueName: "judge")) var annotator: String?
  @OptionGroup var annotating: AnnotatorFlags
  @Flag(help: "Learn from recorded preferences: ipo, dpo, slic, slic-hf.") var offline = false
  @Option(help: ArgumentHelp("JSON Lines of {\"prompt\", \"chosen\", \"rejected\"}, with --offline.", valueName: "file"))
  var data: String?
  @Option(help: ArgumentHelp("Strength of regularisation, above 0. (default: the algorithm's)", valueName: "tau")) var tau:
    Double?
  @Option(
    help: ArgumentHelp(
      """
      Weight of the reference in what is sampled from, in [0, 1]; ipo-md and nash-md: 0 is the policy, 1 the reference. \
      (default: \(Algorithm.row(.ipoMD).sampling.mixture))
      """, valueName: "m"))
  var mixture: Double?
  @Option(help: ArgumentHelp("Responses to a prompt, 2 or more; all pairs are compared.", valueName: "k")) var responses = 2
  @Option(help: "Form of ipo's loss: squared or code; their gradients differ by the factor tau.")
  var form = IdentityPreferenceOptimization.Form.code
  @Option(help: "sum or mean of token log-probabilities; the published values of tau belong to mean.")
  var reduction = LogProbabilityReduction.sum
  @OptionGroup var labels: LabelFlags
  @Option(help: "What rl compares a reward with: leave-one-out (the other responses) or mean (all of them).")
  var baseline = RewardBaseline.leaveOneOut
  @Option(help: ArgumentHelp("How far ahead slic-hf wants the preferred response, in nats, 0 or more.", valueName: "nats"))
  var slicMargin = 1.0
  @Option(
    help: ArgumentHelp("Weight of the preferred response's log π in slic-hf, 0 or more; 0 leaves it out.", valueName: "lambda"))
  var slicRegularization = 0.0
  @OptionGroup var chat: ChatFlags
  @OptionGroup(title: "Sampling") var sampling: SamplingFlags
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup(title: "Adapters") var adapters: AdapterFlags
  @OptionGroup(title: "Looks at the policy") var evaluation: EvaluationFlags
  @OptionGroup var common: CommonOptions

  static let defaults = TrainingFlags.Defaults(optimizer: .adafactor, learningRate: 3e-3, schedule: .constant, momentum: 0)

  func validate() throws {
    if let tau { try requireRange("--tau", tau, 1e-9...1e9) }
    if let mixture { try requireRange("--mixture", mixture, 0...1) }
    try requireRange("--responses", responses, 2...1024)
    try requireRange("--slic-margin", slicMargin, 0...1e9)
    try requireRange("--slic-regularization", slicRegularization, 0...1e9)
    let row = Algorithm.row(algorithm)
    if tau != nil, row.tau == nil { throw ValidationError("\(algorithm.rawValue) has no tau; it looks at no reference.") }
    if mixture != nil, !row.hasMixture {
      throw ValidationError("--mixture belongs to ipo-md and nash-md; \(algorithm.rawValue) has none to choose.")
    }
    if offline {
      if !row.isOffline {
        let names = Algorithm.table.filter(\.isOffline).map(\.name.rawValue).joined(separator: ", ")
        throw ValidationError("--offline belongs to \(names); \(algorithm.rawValue) learns from its own samples.")
      }
      if data == nil || prompts != nil || annotator != nil {
        throw ValidationError("--offline needs --data, and neither --prompts nor --annotator.")
      }
      if evaluation.evaluateEvery > 0 {
        throw ValidationError("--evaluate-every needs an online run, which has prompts and an annotator.")
      }
    } else if data != nil || prompts == nil || annotator == nil {
      throw ValidationError("Give --prompts and --annotator, or --offline with --data.")
    }
  }

  func run() throws {
    let kind = offline ? " --offline" : ""
    let run = TrainingRun(
      flags: training, common: common, command: "train \(algorithm.rawValue)\(kind)", description: resolved)
    let checkpoint = try run.resumedCheckpoint()
    let outline =
      try checkpoint.map { try PolicyOutline(folder: $0.path, chatTemplate: chat.chatTemplate) } ?? startingOutline()
    let input = try read(outline)
    try memoryPlan(outline, input).requireAvailable()
    let policy = try Policy(outline, seed: common.seed)
    // Unless said otherwise the reference is the starting model, also when a run is resumed.
    let reference = try policy.referenceParameters(folder: reference ?? model)
    let history =
      switch input {
      case .examples(let examples):
        try run.run(offlineTrainer(policy, reference, examples), saving: policy, resumedFrom: checkpoint)
      case .prompts(let prompts): try runOnline(run, policy, reference, prompts, resumedFrom: checkpoint)
      }
    Console.result(TrainingSummary(history: history).text)
    if !history.isEmpty { Console.result("\n" + RunDiagnosis(history).text) }
    Console.result("\nThe policy is in \(training.out).")
  }

  /// What a fresh run trains.
  func startingOutline() throws -> PolicyOutline {
    try adapters.adapted(PolicyOutline(folder: model, chatTemplate: chat.chatTemplate))
  }

  var options: TrainingOptions { training.options(Self.defaults, seed: common.seed) }

  /// What is trained on.
  enum Input {
    case prompts([Prompt])
    case examples([PreferenceExample])
  }

  func read(_ policy: PolicyOutline) throws -> Input {
    offline
      ? .examples(try policy.preferences(data!))
      : .prompts(try policy.prompts(prompts!, responseTokens: sampling.maxNewTokens))
  }

  var settings: Algorithm.Settings {
    var settings = Algorithm.Settings(tau: tau, mixture: mixture)
    settings.form = form
    settings.reduction = reduction
    settings.labels = labels.value
    settings.baseline = baseline
    settings.margin = slicMargin
    settings.regularization = slicRegularization
    return settings
  }

  private func runOnline(
    _ run: TrainingRun, _ policy: Policy, _ reference: Arena, _ prompts: [Prompt], resumedFrom checkpoint: Checkpoint?
  ) throws -> RunHistory {
    let algorithm = Algorithm(algorithm, settings)
    let pool = common.makePool()
    let memory = try AnnotationMemory(folder: training.out, resumedFrom: checkpoint?.step)
    let feedback = try Judge.feedback(
      annotator!, for: algorithm.signal, patience: annotating.annotatorTimeout, pool: pool
    ).remembering(in: memory, name: annotator!)
    let lookingJudge = try evaluation.evaluationJudge.map {
      RememberingAnnotator.remembering(
        try Judge.annotator($0, patience: annotating.annotatorTimeout, pool: pool), name: $0, in: memory)
    }
    let trainer = OnlineTrainer(
      policy, reference: reference, algorithm: algorithm, feedback: feedback, prompts: prompts,
      responsesPerPrompt: responses, sampling: sampling.options(), options: options, pool: pool)
    let observers = try observers(of: policy, lookingJudge ?? feedback.annotator, prompts, resumedFrom: checkpoint, pool)
    let history = try run.run(trainer, saving: policy, observers: observers, resumedFrom: checkpoint)
    try feedback.annotator.finish()
    try lookingJudge?.finish()
    return history
  }

  /// - Parameter prompts: of training.
  private func observers(
    of policy: Policy, _ judge: any Annotator, _ prompts: [Prompt], resumedFrom checkpoint: Checkpoint?,
    _ pool: WorkerPool
  ) throws -> [any TrainingObserver] {
    guard evaluation.evaluateEvery > 0 else { return [] }
    let own = try evaluation.evaluationPrompts.map { try policy.prompts($0, responseTokens: sampling.maxNewTokens) }
    return [
      SnapshotObserver(
        policy, start: checkpoint == nil ? policy.parameters : try policy.referenceParameters(folder: model),
        resumedAt: checkpoint?.step ?? 0, prompts: own ?? Array(prompts.prefix(EvaluationFlags.defaultPromptCount)),
        judge: judge,
        every: evaluation.evaluateEvery, limit: evaluation.evaluateSnapshots, sampling: sampling.options(),
        seed: common.seed, pool: pool)
    ]
  }

  private func offlineTrainer(
    _ policy: Policy, _ reference: Arena, _ examples: [PreferenceExample]
  ) -> OfflineTrainer<Policy> {
    OfflineTrainer(
      policy, reference: reference, algorithm: Algorithm(algorithm, settings), examples: examples, options: options,
      pool: common.makePool())
  }

  private var resolved: JSON.Object {
    let algorithm = Algorithm(algorithm, settings)
    var object = training.resolved(Self.defaults)
    object["model"] = .string(model)
    object["reference"] = .string(reference ?? model)
    object["prompts"] = prompts.map { .string($0) } ?? .null
    object["annotator"] = annotator.map { .string($0) } ?? .null
    object["annotator_timeout"] = .init(annotating.annotatorTimeout)
    object["data"] = data.map { .string($0) } ?? .null
    object["chat_template"] = chat.resolved
    object["tau"] = .init(algorithm.tau)
    object["mixture"] = .init(algorithm.sampling.mixture)
    object["responses"] = .init(responses)
    object["form"] = .string(form.rawValue)
    object["reduction"] = .string(reduction.rawValue)
    object["labels"] = .string(algorithm.labels.kind.rawValue)
    object["label_smoothing"] = .init(algorithm.labels.smoothing)
    object["baseline"] = .string(baseline.rawValue)
    object["slic_margin"] = .init(slicMargin)
    object["slic_regularization"] = .init(slicRegularization)
    object["max_new_tokens"] = .init(sampling.maxNewTokens)
    object["temperature"] = .init(sampling.temperature)
    object["top_k"] = .init(sampling.topK)
    object["top_p"] = .init(sampling.topP)
    for (name, value) in adapters.resolved.members + evaluation.resolved { object[name] = value }
    return object
  }
}

extension Algorithm.Row {
  /// What the list of algorithms says beside title and τ.
  fileprivate var summary: String {
    [
      tau.map { "; tau \($0)" } ?? "", isOffline ? "; also offline" : "",
      signal == .rewards ? "; needs a reward: reward:MODEL or rubric" : "",
    ].joined()
  }
}
