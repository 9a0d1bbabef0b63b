import PoiseFiles

/// What one training step reports: a line of `metrics.jsonl`. Sequence quantities are sums over a response's tokens,
/// end-of-sequence included, averaged over the responses of the batch; log-probabilities are in nats.
public struct StepRecord: Sendable, Equatable {
  /// `global_step`: updates made, this one included.
  public var step: Int
  /// `epoch`: passes over the data so far, with a fraction.
  public var epoch: Double
  /// `loss`: mean over the pairs of the batch, or over its tokens in supervised training.
  public var loss: Double
  /// `learning_rate` of this update.
  public var learningRate: Double
  /// `grad_norm`: Euclidean, before clipping.
  public var gradientNorm: Double
  /// `num_tokens`: response tokens trained on since the start.
  public var tokenCount: Int
  /// `objective/entropy`: Σ_t entropy of π(· | x, y_<t); judges have none.
  public var entropy: Double?
  /// `length/policy`: tokens of a response.
  public var responseLength: Double
  /// What only preference training has.
  public var preference: PreferenceRecord?
  /// What only training on the policy's own samples has.
  public var sampling: SamplingRecord?
  /// What only the training of judges has.
  public var judge: JudgeRecord?
  /// What observers saw, at the steps after which they looked.
  public var look: LookRecord?
  /// Seconds.
  public var times: Times

  /// Quantities of pairs. "Chosen" is the response that the annotator prefers; a tie counts the first.
  public struct PreferenceRecord: Sendable, Equatable {
    /// `rewards/probabilities`: max(p, 1 − p), how decided the annotator is.
    public var decidedness = 0.0
    /// `rewards/margins`: h of the chosen over the rejected response.
    public var margin = 0.0
    /// `rewards/chosen`, `rewards/rejected`: log π(y)/π_ref(y).
    public var chosenLogRatio = 0.0
    public var rejectedLogRatio = 0.0
    /// `rewards/accuracies`: share of pairs whose margin has the annotator's sign; a pair without a margin counts half.
    public var accuracy = 0.0
    /// `logps/chosen`, `logps/rejected`: log π(y).
    public var chosenLogProbability = 0.0
    public var rejectedLogProbability = 0.0
    /// `length/chosen`, `length/rejected`: tokens.
    public var chosenLength = 0.0
    public var rejectedLength = 0.0
    /// `pairs/ties`: share of pairs with p = ½.
    public var tiedShare = 0.0
    /// `pairs/identical`: share of pairs whose responses are the same tokens; contrastive losses learn nothing from them.
    public var identicalShare = 0.0
    /// `pairs/saturated`: share of pairs on which the annotator is surer than ``saturation``.
    public var saturatedShare = 0.0
    /// `beta`: τ.
    public var tau = 0.0

    public static let saturation = 0.99
  }

  /// Quantities of responses that were sampled.
  public struct SamplingRecord: Sendable, Equatable {
    /// `objective/kl` and `kl/sequence`: log π(y) − log π_ref(y). Where all responses are the policy's, the score estimate of
    /// KL(π‖π_ref).
    public var sequenceDivergence: Double
    /// `kl/token_exact`: Σ_t KL(π(·|x, y_<t)‖π_ref(·|x, y_<t)) over the whole vocabulary; never negative.
    public var exactDivergence: Double
    /// `val/contain_eos_token`: share of responses that ended by themselves.
    public var endedShare: Double
    /// `sampling/logp_gap`: |log π when sampled − log π when trained on|; 0 where the model
    /// decodes exactly, else rounding.
    public var samplingGap: Double
    /// `sampling/log_partition`: Σ_n log Z_n, what separates the token-wise mixture from the mixture of whole sequences.
    public var logMixturePartition: Double
    /// `mixture_coef`: weight of the reference, 0 is the policy; of the opponent where only the policy's own responses are moved.
    public var mixture: Double
    /// `objective/scores`: mean reward, where rewards were asked for.
    public var reward: Double?
  }

  /// Quantities of a reward or preference model.
  public struct JudgeRecord: Sendable, Equatable {
    /// `accuracy`: share of the batch's decided pairs on which the judge agrees with the label.
    public var accuracy: Double?
    /// `margin`: r(chosen) − r(rejected), or the mean log-odds of both orders.
    public var margin = 0.0
    /// `min_reward`, `mean_reward`, `max_reward`, over all responses of the batch.
    public var rewards: Rewards?
    /// `pref/antisymmetry`: |p(y ≻ y′) + p(y′ ≻ y) − 1| of a preference model, before both orders are averaged.
    public var asymmetry: Double?
    /// `eval/accuracy` and `eval/loss`: agreement with held-out comparisons, and the log loss there.
    public var heldOutAccuracy: Double?
    public var heldOutLogLoss: Double?

    public struct Rewards: Sendable, Equatable {
      public var minimum: Double
      public var mean: Double
      public var maximum: Double
    }
  }

  /// How far a policy is from being unbeatable.
  public struct LookRecord: Sendable, Equatable {
    /// `nash/gap`: twice the exploitability within the set of the policy and its own earlier snapshots, 2 max p(snapshot ≻ policy)
    /// − 1 and never negative, from 0 to 1.
    public var gap: Double?
    /// `winrate/start`: p(policy ≻ start).
    public var startWinRate: Double?
    /// `nash/gap_regularised`: 2 E_τ, the exact duality gap of the regularised game, where all responses can be enumerated.
    public var regularizedGap: Double?

    public init() {}
  }

  /// `time/*`.
  public struct Times: Sendable, Equatable {
    public var sample = 0.0
    public var annotate = 0.0
    /// Forward, loss and backward; they are one pass.
    public var differentiate = 0.0
    public var update = 0.0
    /// Looks at held-out data and earlier policies.
    public var evaluate = 0.0
    public var total: Double { sample + annotate + differentiate + update + evaluate }
  }

  /// Prompts and response tokens of this step, for rates.
  public var exampleCount: Int
  public var stepTokenCount: Int

  /// Whether a metric says how long something took, which no two runs have in common.
  static func isTime(_ name: String) -> Bool { name.hasPrefix("time/") || name.hasSuffix("_per_second") }

  /// Whether somebody looked at held-out data or earlier policies after this step.
  var hasLook: Bool { look != nil || judge?.heldOutAccuracy != nil }

  /// One line of `metrics.jsonl`.
  public var json: JSON {
    var object = JSON.Object()
    object["global_step"] = .init(step)
    object["epoch"] = .init(epoch)
    object["loss"] = .init(loss)
    object["learning_rate"] = .init(learningRate)
    object["grad_norm"] = .init(gradientNorm)
    object["num_tokens"] = .init(tokenCount)
    if let entropy { object["objective/entropy"] = .init(entropy) }
    object["length/policy"] = .init(responseLength)
    let ofTraining = (preference?.named ?? []) + (sampling?.named(tau: preference?.tau ?? 0) ?? [])
    for (name, value) in ofTraining + (judge?.named ?? []) + (look?.named ?? []) { object[name] = .init(value) }
    for (name, time) in Times.names where time != \.evaluate || hasLook { object[name] = .init(times[keyPath: time]) }
    object["examples_per_second"] = .init(Double(exampleCount) / times.total)
    object["tokens_per_second"] = .init(Double(stepTokenCount) / times.total)
    return .object(object)
  }
}

extension StepRecord {
  /// What ``json`` wrote; nil for a line that is no record of a step.
  public init?(_ line: JSON) {
    let members = line.object?.members ?? []
    let finite = members.compactMap { key, value in value.double.flatMap { $0.isFinite ? (key, $0) : nil } }
    let numbers = Dictionary(finite) { first, _ in first }
    guard let step = line["global_step"]?.int, let epoch = numbers["epoch"], let loss = numbers["loss"],
      let learningRate = numbers["learning_rate"], let gradientNorm = numbers["grad_norm"],
      let tokenCount = line["num_tokens"]?.int, let responseLength = numbers["length/policy"]
    else { return nil }
    let times = Times(numbers)
    func count(_ rate: String) -> Int { Int(exactly: ((numbers[rate] ?? 0) * times.total).rounded()) ?? 0 }
    self.init(
      step: step, epoch: epoch, loss: loss, learningRate: learningRate, gradientNorm: gradientNorm, tokenCount: tokenCount,
      entropy: numbers["objective/entropy"], responseLength: responseLength, preference: PreferenceRecord(numbers),
      sampling: SamplingRecord(numbers), judge: JudgeRecord(numbers), look: LookRecord(numbers), times: times,
      exampleCount: count("examples_per_second"), stepTokenCount: count("tokens_per_second"))
  }
}

/// Quantities by their names in `metrics.jsonl`.
private typealias Names<Record, Value> = [(name: String, path: WritableKeyPath<Record, Value> & Sendable)]

extension StepRecord.Times {
  fileprivate static let names: Names<Self, Double> = [
    ("time/sample", \.sample), ("time/score", \.annotate), ("time/forward_backward", \.differentiate),
    ("time/optimiser", \.update), ("time/evaluate", \.evaluate),
  ]

  fileprivate init(_ numbers: [String: Double]) {
    self.init()
    for (name, path) in Self.names { self[keyPath: path] = numbers[name] ?? 0 }
  }
}

extension StepRecord.PreferenceRecord {
  private static let names: Names<Self, Double> = [
    ("rewards/probabilities", \.decidedness), ("rewards/chosen", \.chosenLogRatio), ("rewards/rejected", \.rejectedLogRatio),
    ("rewards/margins", \.margin), ("rewards/accuracies", \.accuracy), ("logps/chosen", \.chosenLogProbability),
    ("logps/rejected", \.rejectedLogProbability), ("length/chosen", \.chosenLength), ("length/rejected", \.rejectedLength),
    ("pairs/ties", \.tiedShare), ("pairs/identical", \.identicalShare), ("pairs/saturated", \.saturatedShare), ("beta", \.tau),
  ]

  fileprivate var named: [(String, Double)] { Self.names.map { ($0.name, self[keyPath: $0.path]) } }

  fileprivate init?(_ numbers: [String: Double]) {
    guard numbers["rewards/margins"] != nil else { return nil }
    self.init()
    for (name, path) in Self.names { self[keyPath: path] = numbers[name] ?? 0 }
  }
}

extension StepRecord.SamplingRecord {
  /// `objective/non_score_reward` is −τ times the sampled divergence, `objective/rlhf_reward` what a policy gradient maximises.
  fileprivate func named(tau: Double) -> [(String, Double)] {
    let values = [
      ("objective/kl", sequenceDivergence), ("kl/sequence", sequenceDivergence), ("kl/token_exact", exactDivergence),
      ("val/contain_eos_token", endedShare), ("sampling/logp_gap", samplingGap), ("sampling/log_partition", logMixturePartition),
      ("mixture_coef", mixture),
    ]
    guard let reward else { return values }
    let penalty = -tau * sequenceDivergence
    return values + [
      ("objective/scores", reward), ("objective/non_score_reward", penalty), ("objective/rlhf_reward", reward + penalty),
    ]
  }

  fileprivate init?(_ numbers: [String: Double]) {
    guard let sequenceDivergence = numbers["kl/sequence"], let exactDivergence = numbers["kl/token_exact"] else { return nil }
    self.init(
      sequenceDivergence: sequenceDivergence, exactDivergence: exactDivergence,
      endedShare: numbers["val/contain_eos_token"] ?? 0, samplingGap: numbers["sampling/logp_gap"] ?? 0,
      logMixturePartition: numbers["sampling/log_partition"] ?? 0, mixture: numbers["mixture_coef"] ?? 0,
      reward: numbers["objective/scores"])
  }
}

extension StepRecord.JudgeRecord {
  fileprivate var named: [(String, Double)] {
    let values: [(String, Double?)] = [
      ("accuracy", accuracy), ("margin", margin), ("min_reward", rewards?.minimum), ("mean_reward", rewards?.mean),
      ("max_reward", rewards?.maximum), ("pref/antisymmetry", asymmetry), ("eval/accuracy", heldOutAccuracy),
      ("eval/loss", heldOutLogLoss),
    ]
    return values.compactMap { name, value in value.map { (name, $0) } }
  }

  fileprivate init?(_ numbers: [String: Double]) {
    guard let margin = numbers["margin"] else { return nil }
    self.init(
      accuracy: numbers["accuracy"], margin: margin, rewards: Rewards(numbers), asymmetry: numbers["pref/antisymmetry"],
      heldOutAccuracy: numbers["eval/accuracy"], heldOutLogLoss: numbers["eval/loss"])
  }
}

extension StepRecord.JudgeRecord.Rewards {
  fileprivate init?(_ numbers: [String: Double]) {
    guard let minimum = numbers["min_reward"], let mean = numbers["mean_reward"], let maximum = numbers["max_reward"] else {
      return nil
    }
    self.init(minimum: minimum, mean: mean, maximum: maximum)
  }
}

extension StepRecord.LookRecord {
  private static let names: Names<Self, Double?> = [
    ("nash/gap", \.gap), ("winrate/start", \.startWinRate), ("nash/gap_regularised", \.regularizedGap),
  ]

  fileprivate var named: [(String, Double)] {
    Self.names.compactMap { name, path in self[keyPath: path].map { (name, $0) } }
  }

  fileprivate init?(_ numbers: [String: Double]) {
    guard Self.names.contains(where: { numbers[$0.name] != nil }) else { return nil }
    self.init()
    for (name, path) in Self.names { self[keyPath: path] = numbers[name] }
  }
}
