import Poise
import PoiseModel

extension TrainCommand {
  func memoryPlan() throws -> MemoryPlan {
    let outline = try startingOutline()
    let isGiven = MemoryPlanning.isGiven((offline ? data : prompts)!)
    return try memoryPlan(outline, isGiven ? read(outline) : longestInput(of: outline))
  }

  /// From options and data alone: nothing is allocated yet.
  func memoryPlan(_ policy: PolicyOutline, _ input: Input) throws -> MemoryPlan {
    let parameters =
      MemoryPlan(frozenParametersOf: policy.form) + MemoryPlan(parametersOf: "the policy", policy.form)
      + MemoryPlan(parametersOf: "the reference", policy.form)
    switch input {
    case .examples(let examples):
      return parameters
        + OfflineTrainer.memoryPlan(
          policy.form, groups: examples.map(\.group), options: options, workers: common.workerCount)
    case .prompts(let prompts): return try parameters + onlineMemoryPlan(policy, longestPrompt: prompts.longest)
    }
  }

  /// What just fits the context.
  private func longestInput(of policy: PolicyOutline) throws -> Input {
    let context = try MemoryPlanning.longestText(of: policy.configuration)
    if offline {
      return .examples(
        TokenGroup.largest(contextLength: context, responses: 2).map { PreferenceExample(group: $0, preference: 1) })
    }
    let longest = Array(repeating: 0, count: max(context - sampling.maxNewTokens, 1))
    return .prompts([try policy.prompt(.tokens(longest), responseTokens: sampling.maxNewTokens)])
  }

  private func onlineMemoryPlan(_ policy: PolicyOutline, longestPrompt: Int) throws -> MemoryPlan {
    let (sampling, workers) = (sampling.options(), common.workerCount)
    func judge(_ description: String, promptCount: Int, responses: Int) throws -> MemoryPlan {
      try Judge.memoryPlan(
        description, promptCount: promptCount, longestPrompt: longestPrompt, responses: responses,
        responseTokens: sampling.maximumTokens, workers: workers)
    }
    var plan =
      try OnlineTrainer.memoryPlan(
        policy.form, algorithm: Algorithm(algorithm, settings), longestPrompt: longestPrompt,
        responsesPerPrompt: responses, sampling: sampling, options: options, workers: workers)
      + judge(annotator!, promptCount: options.batchSize, responses: responses)
    guard evaluation.evaluateEvery > 0 else { return plan }
    let own = try evaluation.evaluationPrompts.map { try policy.prompts($0, responseTokens: sampling.maximumTokens) }
    plan += SnapshotObserver.memoryPlan(
      policy.form, longestPrompt: own?.longest ?? longestPrompt, sampling: sampling, workers: workers)
    if let judgeOfLooks = evaluation.evaluationJudge {
      plan += try judge(judgeOfLooks, promptCount: own?.count ?? EvaluationFlags.defaultPromptCount, responses: 2)
    }
    return plan
  }
}

extension [Prompt] {
  /// Tokens of the longest.
  fileprivate var longest: Int { lazy.map(\.tokens.count).max() ?? 0 }
}
