import PoiseModel
import PoiseText

extension Demonstration {
  /// What a policy does on unseen posts.
  public struct Standing: Sendable {
    public var contestant: Contestant
    /// Mean total of the rubric; 6 is a perfect summary.
    public var meanScore: Double
    /// Mean of 5 facts that a summary covers.
    public var meanFacts: Double
    /// Mean of facts that it invents or takes from asides.
    public var meanFalse: Double
    /// Σ_t KL(π‖π_ref) over the whole vocabulary, mean over responses, in nats.
    public var divergence: Double
  }

  /// All policies on unseen posts, the supervised one last.
  public struct Evaluation: Sendable {
    public var prompts: [Prompt]
    public var standings: [Standing]
    /// Under the rubric, which no policy was trained on.
    public var underRubric: [PairResult]
    /// Under the learned preference model, which all but rl were trained on.
    public var underLearnedJudge: [PairResult]

    /// The win rate over the supervised policy.
    public func overSupervised(_ name: String, _ results: [PairResult]) -> PairResult {
      results.first { $0.row == name && $0.column == standings.last!.contestant.name }!
    }
  }

  /// Posts of facts and clause orders that no training saw.
  public func evaluate(_ pool: WorkerPool) throws -> Evaluation {
    let start = try Policy(folder: supervisedFolder)
    let prompts = try start.prompts(unseenPath, responseTokens: plan.maximumTokens)
    let trained = try plan.algorithms.map { ($0.rawValue, try Policy(folder: folder($0))) }
    let standings = try (trained + [("sft", start)]).map { name, policy in
      try standing(name, policy, reference: start, prompts: prompts, pool)
    }
    let contestants = standings.map(\.contestant)
    let judge = try Judge.annotator("preference:\(folder(JudgeModel.Kind.preference))", pool: pool)
    return Evaluation(
      prompts: prompts, standings: standings,
      underRubric: try SideBySide(judge: RubricAnnotator()).compare(contestants, prompts: prompts),
      underLearnedJudge: try SideBySide(judge: judge).compare(contestants, prompts: prompts))
  }

  /// Samples one summary of every unseen post and measures it.
  private func standing(
    _ name: String, _ policy: Policy, reference: Policy, prompts: [Prompt], _ pool: WorkerPool
  ) throws -> Standing {
    let contestant = Contestant(
      name, policy, prompts: prompts, count: 1, sampling: SamplingOptions(maximumTokens: plan.maximumTokens),
      key: SamplingKey(seed: seed, step: .max), pool: pool)
    let rubric = Rubric()
    let scores = try zip(prompts, contestant.texts).flatMap { prompt, texts in
      let post = try TaskGenerator.post(fromPrompt: prompt.text)
      return texts.map { rubric.score(summary: $0, of: post) }
    }
    let count = Double(scores.count)
    return Standing(
      contestant: contestant, meanScore: scores.reduce(0) { $0 + $1.total } / count,
      meanFacts: scores.reduce(0) { $0 + Double($1.covered.count) } / count,
      meanFalse: scores.reduce(0) { $0 + Double($1.asides + $1.inventions) } / count,
      divergence: divergence(contestant, policy, reference, prompts, pool))
  }

  private func divergence(
    _ contestant: Contestant, _ policy: Policy, _ reference: Policy, _ prompts: [Prompt], _ pool: WorkerPool
  ) -> Double {
    let groups = zip(prompts, contestant.responses).map { prompt, responses in
      TokenGroup(prompt: prompt.tokens, responses: responses.map(\.tokens))
    }
    let pass = ShardedPass(policy.transformer, pool: pool, shardCount: 16, backward: false, reference: true)
    pass.evaluate(groups, policy: policy.parameters, reference: reference.parameters)
    return pass.outcomes.reduce(0) { $0 + $1.divergence } / Double(pass.outcomes.count)
  }
}
