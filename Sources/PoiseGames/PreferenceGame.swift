/// A tabular preference game: two players each choose one of n actions, and p(y ≻ y′) says how probably the first player's
/// is preferred. Regularised at temperature τ, both pay τ times their divergence from a reference policy μ (Munos et al.
/// 2023, arXiv 2312.00886): P_τ(π ≻ π′) = P(π ≻ π′) − τ KL(π|μ) + τ KL(π′|μ).
///
/// Policies are arrays of n probabilities. Everything is computed in Double.
public struct PreferenceGame: Sendable, Equatable {
  /// Actions, n.
  public let count: Int
  /// p(row ≻ column), row-major (n, n).
  public let preferences: [Double]
  /// μ, of full support; where the policies of every algorithm start.
  public let reference: [Double]
  /// The distribution that offline pairs come from, where there is one.
  public let data: [Double]?
  /// r, what each action earns whoever the opponent is, where RL is to be compared. Preferences need not agree with it.
  public let rewards: [Double]?

  /// How far sums of probabilities may be from 1.
  static let tolerance = 1e-9

  /// - Parameters:
  ///   - preferences: n rows of n probabilities; opposite entries add up to 1 within 1e-9, and the smaller counts, which has
  ///     more digits.
  ///   - reference: n positive probabilities; uniform unless given.
  ///   - data: n probabilities, of which some may be zero.
  ///   - rewards: n finite numbers.
  /// - Throws: the first rule that is broken, and where.
  public init(
    preferences: [[Double]], reference: [Double]? = nil, data: [Double]? = nil, rewards: [Double]? = nil
  ) throws(GameError) {
    let count = preferences.count
    guard count > 0 else { throw .noActions }
    try Self.check(preferences)
    self.count = count
    self.preferences = Self.antisymmetric(preferences)
    let uniform = [Double](repeating: 1 / Double(count), count: count)
    self.reference = if let reference { try Self.normalized(reference, .reference, count) } else { uniform }
    self.data = if let data { try Self.normalized(data, .data, count) } else { nil }
    if let rewards { try Self.check(rewards: rewards, count) }
    self.rewards = rewards
  }

  /// p(row ≻ column).
  public subscript(row: Int, column: Int) -> Double {
    precondition((0..<count).contains(row) && (0..<count).contains(column))
    return preferences[row * count + column]
  }

  private static func check(_ preferences: [[Double]]) throws(GameError) {
    let count = preferences.count
    for (row, entries) in preferences.enumerated() where entries.count != count {
      throw .notSquare(row: row, expected: count, found: entries.count)
    }
    for row in 0..<count {
      for column in 0..<count {
        let value = preferences[row][column]
        guard value >= 0, value <= 1 else { throw .notAProbability(row: row, column: column, value: value) }
        guard column <= row else { continue }
        let sum = value + preferences[column][row]
        guard abs(sum - 1) <= tolerance else { throw .notAntisymmetric(row: row, column: column, sum: sum) }
      }
    }
  }

  private static func check(rewards: [Double], _ count: Int) throws(GameError) {
    guard rewards.count == count else { throw .wrongLength(.rewards, expected: count, found: rewards.count) }
    for (action, reward) in rewards.enumerated() where !reward.isFinite {
      throw .badReward(action: action, value: reward)
    }
  }

  /// Row-major, with opposite entries that add up to 1 as closely as a Double allows.
  private static func antisymmetric(_ preferences: [[Double]]) -> [Double] {
    preferences.indices.flatMap { row in
      preferences.indices.map { column in
        let (entry, opposite) = (preferences[row][column], preferences[column][row])
        return row == column ? 0.5 : entry <= opposite ? entry : 1 - opposite
      }
    }
  }

  /// The distribution scaled to add up to 1 to the last bit that division leaves.
  private static func normalized(
    _ weights: [Double], _ distribution: GameError.Distribution, _ count: Int
  ) throws(GameError) -> [Double] {
    guard weights.count == count else {
      throw .wrongLength(distribution == .reference ? .reference : .data, expected: count, found: weights.count)
    }
    for (action, value) in weights.enumerated() {
      let isLegal = distribution == .reference ? value > 0 : value >= 0
      guard isLegal, value <= 1 + tolerance else { throw .badWeight(distribution, action: action, value: value) }
    }
    let sum = weights.reduce(0, +)
    guard abs(sum - 1) <= tolerance else { throw .badSum(distribution, sum: sum) }
    return weights.map { $0 / sum }
  }
}
