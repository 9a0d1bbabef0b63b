import PoiseFiles
import PoiseText

/// JUDGE of the command line: who says which response is better.
public enum Judge {
  /// The annotator that a description names: `rubric`, `rubric:cyclic` (with the style on which preferences are cyclic) or
  /// `command:PROGRAM …`.
  ///
  /// - Throws: `JudgeError` for descriptions that name none.
  public static func annotator(_ description: String) throws -> any Annotator {
    if description == "rubric" { return RubricAnnotator() }
    if description == "rubric:cyclic" { return RubricAnnotator(Rubric(style: .cyclic(strength: 2))) }
    let (kind, argument) = split(description)
    guard kind == "command" else { throw JudgeError.unknown(description) }
    guard !argument.isEmpty else { throw JudgeError.noProgram }
    return try CommandAnnotator(argument)
  }

  private static func split(_ description: String) -> (kind: String, argument: String) {
    guard let colon = description.firstIndex(of: ":") else { return (description, "") }
    return (String(description[..<colon]), String(description[description.index(after: colon)...]))
  }
}

/// A judge that cannot be had.
public enum JudgeError: ExplainedError, Equatable {
  case unknown(String)
  case noProgram

  public var category: FailureCategory { .usage }

  public var description: String {
    switch self {
    case .unknown(let description):
      "There is no judge \"\(description)\". Use `rubric` (or `rubric:cyclic`) for the built-in task, or `command:PROGRAM …` for a program that reads "
        + "{\"prompt\", \"a\", \"b\"} and writes {\"preference\": p}, a line each."
    case .noProgram: "`command:` needs a program behind the colon, for example `command:python3 judge.py`."
    }
  }
}
