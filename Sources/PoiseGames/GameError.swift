import PoiseFiles

/// Numbers that are not a preference game, or a game that was not solved. Rows, columns and actions are counted from zero.
public enum GameError: ExplainedError, Equatable {
  case noActions
  case notSquare(row: Int, expected: Int, found: Int)
  case notAProbability(row: Int, column: Int, value: Double)
  /// p(row ≻ column) + p(column ≻ row) is not 1.
  case notAntisymmetric(row: Int, column: Int, sum: Double)
  case wrongLength(Distribution, expected: Int, found: Int)
  case badWeight(Distribution, action: Int, value: Double)
  case badSum(Distribution, sum: Double)
  /// The solver stopped above its tolerance.
  case notSolved(tau: Double, residual: Double)
  /// No comparisons connect two actions, so that their Bradley–Terry scores may differ by anything.
  case neverCompared(Int, Int)
  /// Some actions never lose to the others, so that no finite Bradley–Terry scores are the best.
  case unboundedScores(winners: [Int])
  /// The Bradley–Terry scores exist, but not to the precision asked for.
  case notFitted(residual: Double)

  /// Which distribution of a game an error is about.
  public enum Distribution: String, Sendable {
    case reference
    case data
  }

  public var category: FailureCategory {
    switch self {
    case .notSolved, .notFitted: .internalFault
    default: .badData
    }
  }

  public var description: String {
    switch self {
    case .noActions:
      "The preference matrix is empty. A game needs at least one action."
    case .notSquare(let row, let expected, let found):
      "Row \(row) of the preference matrix has \(found) entries where \(expected) were expected. The matrix must be square: "
        + "one row and one column an action."
    case .notAProbability(let row, let column, let value):
      "The preference of action \(row) over action \(column) is \(value). Entries must be probabilities from 0 to 1."
    case .notAntisymmetric(let row, let column, let sum):
      "The preferences of action \(row) over action \(column) and of \(column) over \(row) add up to \(sum). They must add up "
        + "to 1, and an action must be preferred to itself with probability 0.5."
    case .wrongLength(let distribution, let expected, let found):
      "The \(distribution.rawValue) distribution has \(found) entries where the preference matrix has \(expected) actions."
    case .badWeight(let distribution, let action, let value):
      switch distribution {
      case .reference:
        "The reference distribution gives action \(action) the probability \(value). It must be positive and at most 1: "
          + "regularisation forbids whatever the reference never does."
      case .data: "The data distribution gives action \(action) the probability \(value). It must be from 0 to 1."
      }
    case .badSum(let distribution, let sum):
      "The probabilities of the \(distribution.rawValue) distribution add up to \(sum) instead of 1."
    case .notSolved(let tau, let residual):
      "The equilibrium at temperature \(tau) was not found: the best residual is \(residual). Try a larger temperature."
    case .neverCompared(let first, let second):
      "No pairs compare action \(first) with action \(second), directly or through others, so any difference of their "
        + "Bradley–Terry scores explains the preferences as well. Give every action a positive weight."
    case .unboundedScores(let winners):
      "Bradley–Terry scores do not exist: \(winners.count == 1 ? "action" : "actions") "
        + winners.map(String.init).joined(separator: ", ") + " never \(winners.count == 1 ? "loses" : "lose") to any other, so "
        + "the likelihood rises with their scores without end. Preferences strictly between 0 and 1 have scores."
    case .notFitted(let residual):
      "The Bradley–Terry scores were not found: the best residual is \(residual). Preferences may be too close to 0 or 1, or "
        + "some pairs too rare."
    }
  }
}
