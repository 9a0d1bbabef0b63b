import PoiseFiles
import PoiseModel
import PoiseText

/// JUDGE of the command line: who says which response is better.
public enum Judge {
  /// For help texts.
  public static let kinds = "rubric, rubric:cyclic, preference:MODEL, reward:MODEL, command:PROGRAM …"

  /// The annotator that a description names: `rubric`, `rubric:cyclic` (with the style on which preferences are cyclic),
  /// `preference:MODEL`, `reward:MODEL` or `command:PROGRAM …`.
  ///
  /// - Parameter patience: seconds that a program's answer may take.
  /// - Throws: `JudgeError` for descriptions that name none; errors of the model's folder.
  public static func annotator(
    _ description: String, patience: Double = CommandAnnotator.defaultPatience, pool: WorkerPool
  ) throws -> any Annotator {
    if description == "rubric" { return RubricAnnotator() }
    if let rewarder = try rewarder(description, pool: pool) { return RewardAnnotator(rewarder) }
    if description == "rubric:cyclic" { return RubricAnnotator(Rubric(style: .cyclic(strength: 2))) }
    let (kind, argument) = split(description)
    switch kind {
    case "preference":
      guard !argument.isEmpty else { throw JudgeError.noModel(kind) }
      return PreferenceModelAnnotator(try JudgeModel(.preference, folder: argument), pool: pool)
    case "command":
      guard !argument.isEmpty else { throw JudgeError.noProgram }
      return try CommandAnnotator(argument, patience: patience)
    default: throw JudgeError.unknown(description)
    }
  }

  /// What an algorithm asks for, from the same descriptions.
  ///
  /// - Throws: also `JudgeError.noReward`, where the algorithm needs rewards and the judge only compares.
  public static func feedback(
    _ description: String, for signal: Algorithm.Signal, patience: Double = CommandAnnotator.defaultPatience, pool: WorkerPool
  ) throws -> Feedback {
    switch signal {
    case .preferences: return .preferences(try annotator(description, patience: patience, pool: pool))
    case .rewards:
      guard let rewarder = try rewarder(description, pool: pool) else { throw JudgeError.noReward(description) }
      return .rewards(rewarder)
    }
  }

  /// Nil where the judge is no reward.
  private static func rewarder(_ description: String, pool: WorkerPool) throws -> (any Rewarder)? {
    if description == "rubric" { return RubricRewarder() }
    let (kind, argument) = split(description)
    guard kind == "reward" else { return nil }
    guard !argument.isEmpty else { throw JudgeError.noModel(kind) }
    return RewardModelRewarder(try JudgeModel(.reward, folder: argument), pool: pool)
  }

  /// What the judge that a description names takes to compare all responses to each of `promptCount` prompts: nothing, where it is
  /// no model. Its tokens are taken to be as many as the policy's.
  ///
  /// - Throws: errors of the model's folder.
  package static func memoryPlan(
    _ description: String, promptCount: Int, longestPrompt: Int, responses: Int, responseTokens: Int, workers: Int
  ) throws -> MemoryPlan {
    let (name, folder) = split(description)
    guard let kind = JudgeModel.Kind(rawValue: name), !folder.isEmpty else { return MemoryPlan() }
    var configuration = try ModelOutline(folder: RunFolder.newestCheckpoint(in: folder)?.path ?? folder).configuration
    configuration.head = .scalar
    return kind.memoryPlan(
      configuration, promptCount: promptCount, longestPrompt: longestPrompt, responses: responses, responseTokens: responseTokens,
      workers: workers)
  }

  /// Whether the judge that a description names is a program on this machine.
  public static func startsProgram(_ description: String) -> Bool { split(description).kind == "command" }

  private static func split(_ description: String) -> (kind: String, argument: String) {
    guard let colon = description.firstIndex(of: ":") else { return (description, "") }
    return (String(description[..<colon]), String(description[description.index(after: colon)...]))
  }
}

/// A judge that cannot be had.
public enum JudgeError: ExplainedError, Equatable {
  case unknown(String)
  case noProgram
  case noModel(String)
  case noReward(String)

  public var category: FailureCategory { .usage }

  public var description: String {
    switch self {
    case .unknown(let description):
      "There is no judge \"\(description)\". Use `rubric` (or `rubric:cyclic`) for the built-in task, `preference:MODEL` or "
        + "`reward:MODEL` for a learned judge, or `command:PROGRAM …` for a program that reads {\"prompt\", \"a\", \"b\"} and "
        + "writes {\"preference\": p}, a line each."
    case .noProgram: "`command:` needs a program behind the colon, for example `command:python3 judge.py`."
    case .noModel(let kind):
      "`\(kind):` needs the folder of a \(kind) model behind the colon, for example `\(kind):runs/\(kind)`."
    case .noReward(let description):
      "The algorithm rl needs a reward for each response, and the judge \"\(description)\" only compares two. Use `reward:MODEL`, or "
        + "`rubric` for the built-in task."
    }
  }
}
