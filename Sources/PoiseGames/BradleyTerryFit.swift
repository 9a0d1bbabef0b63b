import Foundation

/// Scores whose differences explain preferences as well as the model of Bradley & Terry (1952) can: with them, every action
/// is predicted to win as many of its comparisons as it does.
public struct BradleyTerryFit: Sendable, Equatable {
  /// The maximum-likelihood scores, which add up to zero.
  public let scores: [Double]
  /// max over actions of |wins − predicted wins|, as a share of the action's comparisons. Below 1e-12.
  public let residual: Double
  /// Newton steps.
  public let iterations: Int
}

extension PreferenceGame {
  /// The scores s that maximise the expectation of p(y ≻ y′) log σ(s(y) − s(y′)) + p(y′ ≻ y) log σ(s(y′) − s(y)) over pairs
  /// y, y′ drawn independently from a distribution: the reward that RLHF learns from such pairs.
  /// - Parameter distribution: n probabilities.
  /// - Throws: where no such scores exist or any do; see `bradleyTerryFit(pairWeights:)`.
  public func bradleyTerryFit(pairsFrom distribution: [Double]) throws(GameError) -> BradleyTerryFit {
    precondition(distribution.count == count && distribution.allSatisfy { $0 >= 0 })
    // Every action sees the same opponents. Products of tiny probabilities would be none at all.
    let likeliest = distribution.indices.max { distribution[$0] < distribution[$1] }!
    return try BradleyTerrySearch(game: self, anchor: likeliest) { row, column in
      distribution[row] > 0 ? distribution[column] : 0
    }.fit()
  }

  /// The same for pairs that are compared with given weights, for example how often.
  /// - Parameter pairWeights: row-major (n, n), not negative; the weight of a pair is the sum of both orders.
  /// - Throws: `.neverCompared` where pairs leave the difference of two scores open; `.unboundedScores` where some actions
  ///   never lose to the others, so that likelihood rises without end (Ford 1957); `.notFitted` where a Double is too short.
  public func bradleyTerryFit(pairWeights: [Double]) throws(GameError) -> BradleyTerryFit {
    precondition(pairWeights.count == count * count && pairWeights.allSatisfy { $0 >= 0 && $0.isFinite })
    func weight(_ row: Int, _ column: Int) -> Double { pairWeights[row * count + column] + pairWeights[column * count + row] }
    let totals = (0..<count).map { row in (0..<count).reduce(0) { $0 + weight(row, $1) } }
    let busiest = totals.indices.max { totals[$0] < totals[$1] }!
    return try BradleyTerrySearch(game: self, anchor: busiest) { row, column in
      totals[row] > 0 ? weight(row, column) / totals[row] : 0
    }.fit()
  }
}

/// Newton's method on the log-likelihood, which is concave.
private struct BradleyTerrySearch {
  private let game: PreferenceGame
  /// The action whose equation follows from the others' without loss of digits.
  private let anchor: Int
  /// The share of each opponent in an action's comparisons, row-major (n, n).
  private let shares: [Double]

  /// Steps before giving up: about one for every factor of e between the rarest win and ½, and a handful more.
  private static let patience = 1000

  init(game: PreferenceGame, anchor: Int, share: (_ row: Int, _ column: Int) -> Double) {
    self.game = game
    self.anchor = anchor
    shares = (0..<game.count).flatMap { row in (0..<game.count).map { share(row, $0) } }
  }

  /// Along any line the logarithm of the curvature changes by no more than the widest difference D of the line's direction
  /// (Bach 2010, "Self-concordant analysis for logistic regression"), so that a Newton step of length log(1 + D)/D never
  /// passes the maximum on its line, and is nearly a full one where D is small.
  func fit() throws(GameError) -> BradleyTerryFit {
    try checkExistence()
    var scores = [Double](repeating: 0, count: game.count)
    for iteration in 1...Self.patience {
      let shortfalls = shortfalls(scores)
      var laplacian = laplacian(scores)
      guard let step = LinearSystem.solve(overwriting: &laplacian, shortfalls, pinning: anchor) else {
        throw .notFitted(residual: largest(shortfalls))
      }
      let width = step.max()! - step.min()!
      // What a full step this small leaves is of the order of its square.
      let isLast = width < 1e-7
      let length = isLast ? 1 : log1p(width) / width
      for action in scores.indices { scores[action] += length * step[action] }
      if isLast { return try fit(scores, iterations: iteration) }
    }
    throw .notFitted(residual: largest(shortfalls(scores)))
  }

  private func fit(_ scores: [Double], iterations: Int) throws(GameError) -> BradleyTerryFit {
    let mean = scores.reduce(0, +) / Double(scores.count)
    let centred = scores.map { $0 - mean }
    let residual = largest(shortfalls(centred))
    guard residual < 1e-12 else { throw .notFitted(residual: residual) }
    return BradleyTerryFit(scores: centred, residual: residual, iterations: iterations)
  }

  /// Σ_j share(i, j) (p(i ≻ j) − σ(s(i) − s(j))).
  private func shortfalls(_ scores: [Double]) -> [Double] {
    scores.indices.map { row in
      var sum = 0.0
      for column in scores.indices where column != row {
        let shortfall = LogisticLink.shortfall(
          preference: game[row, column], opposite: game[column, row], margin: scores[row] - scores[column])
        sum += share(row, column) * shortfall
      }
      return sum
    }
  }

  /// Minus the derivative of `shortfalls`, row-major (n, n).
  private func laplacian(_ scores: [Double]) -> [Double] {
    let count = scores.count
    var laplacian = [Double](repeating: 0, count: count * count)
    for row in scores.indices {
      for column in scores.indices where column != row {
        let slope = share(row, column) * LogisticLink.slope(margin: scores[row] - scores[column])
        laplacian[row * count + column] = -slope
        laplacian[row * count + row] += slope
      }
    }
    return laplacian
  }

  /// The scores exist where every action can be reached from every other by losing, and are unique where it can by being
  /// compared.
  private func checkExistence() throws(GameError) {
    let compared = reachable(from: 0) { share($0, $1) > 0 }
    if let other = compared.firstIndex(of: false) { throw .neverCompared(0, other) }
    for action in 0..<game.count {
      let undefeated = reachable(from: action) { share($0, $1) > 0 && game[$1, $0] > 0 }
      guard undefeated.allSatisfy(\.self) else {
        throw .unboundedScores(winners: undefeated.indices.filter { undefeated[$0] })
      }
    }
  }

  private func reachable(from start: Int, along edge: (_ from: Int, _ to: Int) -> Bool) -> [Bool] {
    var reached = [Bool](repeating: false, count: game.count)
    reached[start] = true
    var frontier = [start]
    while let from = frontier.popLast() {
      for to in reached.indices where !reached[to] && edge(from, to) {
        reached[to] = true
        frontier.append(to)
      }
    }
    return reached
  }

  private func share(_ row: Int, _ column: Int) -> Double { shares[row * game.count + column] }

  private func largest(_ x: [Double]) -> Double { x.reduce(0) { max($0, abs($1)) } }
}
