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
  /// `objective/entropy`: Σ_t entropy of π(· | x, y_<t).
  public var entropy: Double
  /// `length/policy`: tokens of a response.
  public var responseLength: Double
  /// What only preference training has.
  public var preference: PreferenceRecord?
  /// Seconds.
  public var times: Times

  /// Quantities of pairs. "Chosen" is the response that the annotator prefers; a tie counts the first.
  public struct PreferenceRecord: Sendable, Equatable {
    /// `objective/kl` and `kl/sequence`: log π(y) − log π_ref(y), the score estimate of KL(π‖π_ref).
    public var sequenceDivergence = 0.0
    /// `kl/token_exact`: Σ_t KL(π(·|x, y_<t)‖π_ref(·|x, y_<t)) over the whole vocabulary; never negative.
    public var exactDivergence = 0.0
    /// `rewards/probabilities`: max(p, 1 − p), how decided the annotator is.
    public var decidedness = 0.0
    /// `rewards/margins`: h of the chosen over the rejected response.
    public var margin = 0.0
    /// `rewards/chosen`, `rewards/rejected`: log π(y)/π_ref(y).
    public var chosenLogRatio = 0.0
    public var rejectedLogRatio = 0.0
    /// `rewards/accuracies`: share of pairs whose margin has the annotator's sign.
    public var accuracy = 0.0
    /// `logps/chosen`, `logps/rejected`: log π(y).
    public var chosenLogProbability = 0.0
    public var rejectedLogProbability = 0.0
    /// `val/contain_eos_token`: share of responses that ended by themselves.
    public var endedShare = 0.0
    /// `sampling/logp_gap`: |log π when sampled − log π when trained on|; rounding only.
    public var samplingGap = 0.0
    /// `beta`: τ.
    public var tau = 0.0
  }

  /// `time/*`.
  public struct Times: Sendable, Equatable {
    public var sample = 0.0
    public var annotate = 0.0
    /// Forward, loss and backward; they are one pass.
    public var differentiate = 0.0
    public var update = 0.0
    public var total: Double { sample + annotate + differentiate + update }
  }

  /// Prompts and response tokens of this step, for rates.
  public var exampleCount: Int
  public var stepTokenCount: Int

  /// One line of `metrics.jsonl`.
  public var json: JSON {
    var object = JSON.Object()
    object["global_step"] = .init(step)
    object["epoch"] = .init(epoch)
    object["loss"] = .init(loss)
    object["learning_rate"] = .init(learningRate)
    object["grad_norm"] = .init(gradientNorm)
    object["num_tokens"] = .init(tokenCount)
    object["objective/entropy"] = .init(entropy)
    object["length/policy"] = .init(responseLength)
    for (name, value) in preference?.named ?? [] { object[name] = .init(value) }
    object["time/sample"] = .init(times.sample)
    object["time/score"] = .init(times.annotate)
    object["time/forward_backward"] = .init(times.differentiate)
    object["time/optimiser"] = .init(times.update)
    object["examples_per_second"] = .init(Double(exampleCount) / times.total)
    object["tokens_per_second"] = .init(Double(stepTokenCount) / times.total)
    return .object(object)
  }
}

extension StepRecord.PreferenceRecord {
  fileprivate var named: [(String, Double)] {
    [
      ("objective/kl", sequenceDivergence), ("kl/sequence", sequenceDivergence), ("kl/token_exact", exactDivergence),
      ("rewards/probabilities", decidedness), ("rewards/chosen", chosenLogRatio), ("rewards/rejected", rejectedLogRatio),
      ("rewards/margins", margin), ("rewards/accuracies", accuracy), ("logps/chosen", chosenLogProbability),
      ("logps/rejected", rejectedLogProbability), ("val/contain_eos_token", endedShare), ("sampling/logp_gap", samplingGap),
      ("beta", tau),
    ]
  }
}
