/// Why a row of published data says nothing about which of two answers is better. The raw value is its name in JSON.
public enum SkipReason: String, Error, CaseIterable, Sendable {
  /// A value is not of the kind that the format has there, such as `true` where an answer should be.
  case wrongType = "wrong_type"
  /// An id that no argument has.
  case unknownArgument = "unknown_argument"
  /// There is nothing to answer.
  case emptyPrompt = "empty_prompt"
  /// An answer is nothing but white space.
  case emptyAnswer = "empty_answer"
  /// Both answers are the same but for white space around them.
  case equalAnswers = "equal_answers"
  /// Two transcripts part before their last turns, so what is left are not two answers to one prompt.
  case earlyParting = "early_parting"
  case noVotes = "no_votes"
  /// No answer has more votes than the other, or most votes are for a tie.
  case tiedVotes = "tied_votes"
  case goldMissing = "gold_missing"
  case goldEqual = "gold_equal"
  /// The gold label names the answer for which fewer voted.
  case goldAgainstVotes = "gold_against_votes"

  /// The reason in words, for a table.
  public var words: String {
    switch self {
    case .wrongType: "values of a wrong type"
    case .unknownArgument: "an argument without text"
    case .emptyPrompt: "an empty prompt"
    case .emptyAnswer: "an empty answer"
    case .equalAnswers: "equal answers"
    case .earlyParting: "parting before the last turn"
    case .noVotes: "no votes"
    case .tiedVotes: "tied votes"
    case .goldMissing: "no gold label"
    case .goldEqual: "a gold label of a tie"
    case .goldAgainstVotes: "a gold label against the votes"
    }
  }
}
