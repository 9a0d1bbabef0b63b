import PoiseFiles

/// Numbers that are not a preference game, or a game that was not solved. Rows, columns and actions are counted from zero.
public enum GameError: ExplainedError, Equatable {
  case noActions
  case notSquare(row: Int, expected: Int, found: Int)
  case notAProbability(row: Int, column: Int, value: Double)
  /// p(row ≻ column) + p(column ≻ row) is not 1.
  case notAntisymmetric(row: Int, column: Int, sum: Double)
  case wrongLength(List, expected: Int, found: Int)
  case badWeight(Distribution, action: Int, value: Double)
  case badSum(Distribution, sum: Double)
  case badReward(action: Int, value: Double)
  case badVotes(row: Int, column: Int, value: Double)
  /// No votes compare two actions, and nobody said what that means.
  case unseenPair(Int, Int)
  /// The solver stopped above its tolerance.
  case notSolved(tau: Double, residual: Double)
  /// No comparisons connect two actions, so that their Bradley–Terry scores may differ by anything.
  case neverCompared(Int, Int)
  /// Some actions never lose to the others, so that no finite Bradley–Terry scores are the best.
  case unboundedScores(winners: [Int])
  /// The Bradley–Terry scores exist, but not to the precision asked for.
  case notFitted(residual: Double)
  /// LAPACK found no eigenvalues of a Jacobian.
  case noEigenvalues

  /// Which list of numbers, one an action, an error is about.
  public enum List: String, Sendable {
    case reference = "reference distribution"
    case data = "data distribution"
    case rewards = "list of rewards"
  }

  /// Which distribution of a game an error is about.
  public enum Distribution: String, Sendable {
    case reference
    case data
  }

  public var category: FailureCategory {
    switch self {
    case .notSolved, .notFitted, .noEigenvalues: .internalFault
    default: .badData
    }
  }

  public var description: String { description { "action \($0)" } }

  /// The same in the words of whoever named the actions.
  func description(naming name: (Int) -> String) -> String {
    switch self {
    case .noActions:
      "The preference matrix is empty. A game needs at least one action."
    case .notSquare(let row, let expected, let found):
      "Row \(row) of the matrix has \(found) entries where \(expected) were expected. The matrix must be square: "
        + "one row and one column an action."
    case .notAProbability(let row, let column, let value):
      "The preference of \(name(row)) over \(name(column)) is \(value). Entries must be probabilities from 0 to 1."
    case .notAntisymmetric(let row, let column, let sum) where row == column:
      "The preference of \(name(row)) over itself is \(sum / 2). It must be 0.5."
    case .notAntisymmetric(let row, let column, let sum):
      "The preferences of \(name(row)) over \(name(column)) and of \(name(column)) over \(name(row)) add up to \(sum). They "
        + "must add up to 1."
    case .wrongLength(let list, let expected, let found):
      "The \(list.rawValue) has \(found) entries where the preference matrix has \(expected) actions."
    case .badWeight(.reference, let action, let value):
      "The reference distribution gives \(name(action)) the probability \(value). It must be positive and at most 1: "
        + "regularisation forbids whatever the reference never does."
    case .badWeight(.data, let action, let value):
      "The data distribution gives \(name(action)) the probability \(value). It must be from 0 to 1."
    case .badSum(let distribution, let sum):
      "The probabilities of the \(distribution.rawValue) distribution add up to \(sum) instead of 1."
    case .badReward(let action, let value):
      "The reward of \(name(action)) is \(value). Rewards must be finite numbers."
    case .badVotes(let row, let column, let value):
      "The votes for \(name(row)) over \(name(column)) are \(value). They must be a finite number that is not negative."
    case .unseenPair(let first, let second):
      "No votes compare \(name(first)) with \(name(second)), so their preference is unknown. Add a vote, or say that pairs "
        + "without votes are to count as ties."
    case .notSolved(let tau, let residual):
      "The equilibrium at temperature \(tau) was not found: the best residual is \(residual). Try a larger temperature."
    case .neverCompared(let first, let second):
      "No pairs compare \(name(first)) with \(name(second)), directly or through others, so any difference of their "
        + "Bradley–Terry scores explains the preferences as well. Give every action a positive weight."
    case .unboundedScores(let winners):
      "Bradley–Terry scores do not exist: " + winners.map(name).joined(separator: ", ")
        + " never \(winners.count == 1 ? "loses" : "lose") to any other, so the likelihood rises with their scores without end. "
        + "Preferences strictly between 0 and 1 have scores."
    case .noEigenvalues:
      "The eigenvalues at a resting point were not found: the iteration of LAPACK did not converge."
    case .notFitted(let residual):
      "The Bradley–Terry scores were not found: the best residual is \(residual). Preferences may be too close to 0 or 1, or "
        + "some pairs too rare."
    }
  }
}
