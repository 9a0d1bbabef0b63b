import PoiseReport

/// A quantity of `metrics.jsonl` as a report shows it.
struct RunMetric {
  /// In `metrics.jsonl`.
  let name: String
  let title: String
  /// Its unit, or what it is from and to.
  let axis: String
  /// What the name does not say.
  let explanation: String
  /// Of which runs it is shown at once; of others on demand.
  let importantTo: Set<RecordedRun.Kind>
  /// What would be even.
  let reference: Double?
  /// Values that are in sight whatever was recorded.
  let including: [Double]

  private init(
    _ name: String, _ title: String, axis: String = "", _ explanation: String = "", for importantTo: Set<RecordedRun.Kind> = [],
    reference: Double? = nil, including: [Double] = []
  ) {
    (self.name, self.title, self.axis, self.explanation) = (name, title, axis.isEmpty ? name : axis, explanation)
    (self.importantTo, self.reference, self.including) = (importantTo, reference, including)
  }

  /// What the distance from the reference is measured by.
  static let divergence = "kl/token_exact"

  /// In the order in which they are shown.
  static let all: [RunMetric] = [
    RunMetric(
      "eval/accuracy", "Agreement with held-out comparisons", axis: "share of pairs",
      "Pairs that training never saw; the judge keeps the parameters of its best look.", for: [.judge], reference: 0.5),
    RunMetric("eval/loss", "Log loss on held-out comparisons", axis: "nats a pair", "A coin has 0.693.", for: [.judge]),
    RunMetric(
      "objective/scores", "Reward", axis: "mean reward of a response",
      "What the annotator gives to the policy's own responses; those of different annotators are different quantities.",
      for: [.policy]),
    RunMetric(
      "winrate/start", "Win rate over its start", axis: "p(policy ≻ start)", "By the judge of the looks.", for: [.policy],
      reference: 0.5),
    RunMetric(
      "nash/gap", "Lead of its own earlier snapshots", axis: "2 max p(snapshot ≻ policy) − 1",
      "Zero is a policy that none of its earlier selves beats.", for: [.policy], including: [0]),
    RunMetric(
      "nash/gap_regularised", "Gap of the regularised game", axis: "2 E_τ, nats", "Exact, where all responses can be enumerated.",
      for: [.policy], including: [0]),
    RunMetric(
      divergence, "KL to the reference", axis: "nats a response",
      "Over the whole vocabulary at every token, summed over the response.", for: [.policy], including: [0]),
    RunMetric(
      "rewards/accuracies", "Pairs that the policy ranks as they are labelled", axis: "share of pairs",
      "By the margin of its log-probabilities over the reference's.", for: [.policy], reference: 0.5),
    RunMetric(
      "rewards/margins", "Margin of chosen over rejected", axis: "nats",
      "log π/μ of the preferred response less that of the other.", for: [.policy], including: [0]),
    RunMetric(
      "accuracy", "Agreement with the training pairs", axis: "share of pairs", "On each batch before it is learnt from.",
      for: [.judge], reference: 0.5),
    RunMetric("margin", "Margin of chosen over rejected", axis: "log-odds", for: [.judge], including: [0]),
    RunMetric("loss", "Loss", axis: "loss", for: Set(RecordedRun.Kind.allCases)),
    RunMetric(
      "objective/entropy", "Entropy", axis: "nats a response", "Summed over the tokens of a response.",
      for: [.policy, .supervised],
      including: [0]),
    RunMetric("length/policy", "Length", axis: "tokens a response", for: [.policy], including: [0]),
    RunMetric(
      "val/contain_eos_token", "Responses that end by themselves", axis: "share of responses",
      "The others were cut at the most tokens allowed.", for: [.policy]),
    RunMetric("pref/antisymmetry", "Disagreement of both orders", axis: "|p(a ≻ b) + p(b ≻ a) − 1|", including: [0]),
    RunMetric("min_reward", "Smallest reward of a batch"),
    RunMetric("mean_reward", "Mean reward of a batch"),
    RunMetric("max_reward", "Largest reward of a batch"),
    RunMetric("rewards/probabilities", "How decided the annotator is", axis: "max(p, 1 − p)"),
    RunMetric("rewards/chosen", "Preferred responses against the reference", axis: "log π/μ, nats"),
    RunMetric("rewards/rejected", "Other responses against the reference", axis: "log π/μ, nats"),
    RunMetric("logps/chosen", "Preferred responses", axis: "log π, nats"),
    RunMetric("logps/rejected", "Other responses", axis: "log π, nats"),
    RunMetric("length/chosen", "Length of preferred responses", axis: "tokens", including: [0]),
    RunMetric("length/rejected", "Length of other responses", axis: "tokens", including: [0]),
    RunMetric("pairs/ties", "Ties", axis: "share of pairs", "The annotator sees no difference.", including: [0]),
    RunMetric(
      "pairs/identical", "Identical responses", axis: "share of pairs", "Contrastive losses learn nothing from them.",
      including: [0]),
    RunMetric(
      "pairs/saturated", "Pairs without doubt", axis: "share of pairs", "The annotator is surer than 0.99.", including: [0]),
    RunMetric("kl/sequence", "KL to the reference, sampled", axis: "log π/μ, nats a response"),
    RunMetric("objective/non_score_reward", "Penalty", axis: "−τ log π/μ"),
    RunMetric("objective/rlhf_reward", "Reward with its penalty"),
    RunMetric("sampling/logp_gap", "Sampling against training", axis: "|Δ log π|, nats", "Rounding.", including: [0]),
    RunMetric("sampling/log_partition", "Mixture's partition", axis: "Σ log Z, nats"),
    RunMetric("beta", "τ"), RunMetric("mixture_coef", "Weight of the mixture"),
    RunMetric("learning_rate", "Learning rate", including: [0]),
    RunMetric("grad_norm", "Norm of the gradient", "Before it is clipped.", including: [0]),
    RunMetric("tokens_per_second", "Tokens a second", including: [0]),
    RunMetric("examples_per_second", "Examples a second", including: [0]),
    RunMetric("time/sample", "Sampling", axis: "seconds a step", including: [0]),
    RunMetric("time/score", "Annotating", axis: "seconds a step", including: [0]),
    RunMetric("time/forward_backward", "Forward and backward", axis: "seconds a step", including: [0]),
    RunMetric("time/optimiser", "Optimiser", axis: "seconds a step", including: [0]),
    RunMetric("time/evaluate", "Looks", axis: "seconds a look", including: [0]),
  ]

  /// Where a step stands rather than how it went, or what another name says too.
  static let unshown: Set<String> = ["global_step", "epoch", "num_tokens", "objective/kl"]

  /// What a policy gains by going away from its reference.
  static let gains = ["objective/scores", "winrate/start"].map { name in all.first { $0.name == name }! }

  /// Without what a path could not have in it.
  var fileName: String { name.replacing("/", with: "-") }

  /// What must be known of it before runs of one kind are compared.
  func caption(_ kind: RecordedRun.Kind) -> String {
    guard name == "loss" else { return explanation }
    switch kind {
    case .supervised: return "Mean over the tokens of a batch, in nats."
    case .judge: return "Log loss of a batch, in nats a pair; a reward model's has the term that centres rewards in it."
    case .policy:
      return
        "Losses of different algorithms, and at different τ, are different quantities: compare their course, not their height."
    }
  }
}
