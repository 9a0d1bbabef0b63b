import Foundation

/// A Nash equilibrium of a game without regularisation, with how far it is from one.
public struct NashEquilibrium: Sendable, Equatable {
  /// Against which no action is preferred more than half the time, up to `exploitability`.
  public let policy: [Double]
  /// E₀(policy): the most that any action wins by. The certificate: nobody need trust the way that led here.
  public let exploitability: Double
  /// The actions taken to be played, in ascending order. The others have probability zero where the equilibrium was polished.
  public let support: [Int]
  public let route: Route

  /// How an equilibrium was reached.
  public enum Route: Sendable, Equatable {
    /// The win rates on the support, which was read off the regularised equilibrium at τ, were made equal.
    case equalized(tau: Double)
    /// It is the regularised equilibrium at τ; no way was found to make it better.
    case regularized(tau: Double)
    /// It is the reference: an equilibrium already, or no other was found.
    case reference
  }
}

extension PreferenceGame {
  /// A policy π with p(y ≻ π) ≤ ½ for every action y: the limit of regularised equilibria as τ → 0. Where there are many, the
  /// limit is the one that diverges least from the reference, and what is returned is near it.
  ///
  /// The regularised equilibria are followed down a ladder of temperatures. On each, the actions of a probability above τ are
  /// taken for the support: what loses by δ has a probability of the order of exp(−δ/τ), and what is played keeps its own. On
  /// the support all win rates are ½, which is a linear system. Its solution is taken where it is a distribution of less
  /// exploitability, so that a wrong guess or a degenerate game costs digits and nothing else.
  ///
  /// Never fails: `exploitability` says what was achieved. What is below 1e-14 is rounding.
  public func nash() -> NashEquilibrium {
    var search = EqualizerSearch(LinearLink.self, in: self, margins: winRates(against: reference))
    var best = NashEquilibrium(
      policy: reference, exploitability: rawExploitability(of: reference), support: Array(0..<count), route: .reference)
    var lastSupport: [Int] = []
    for exponent in 1...9 where best.exploitability > Self.roundingOfWinRates {
      let tau = pow(10, -Double(exponent))
      do throws(GameError) { try search.descend(to: tau) } catch { break }
      let support = search.policy.indices.filter { search.policy[$0] > tau }
      if support != lastSupport, let equalized = equalized(search.policy, on: support) {
        best = better(best, equalized, support, .equalized(tau: tau))
      }
      best = better(best, search.policy, support, .regularized(tau: tau))
      lastSupport = support
    }
    return best
  }

  /// Below it, exploitability is noise: sums of thousands of products in Double.
  private static var roundingOfWinRates: Double { 1e-14 }

  private func better(
    _ best: NashEquilibrium, _ policy: [Double], _ support: [Int], _ route: NashEquilibrium.Route
  ) -> NashEquilibrium {
    let exploitability = rawExploitability(of: policy)
    guard exploitability < best.exploitability else { return best }
    return NashEquilibrium(policy: policy, exploitability: exploitability, support: support, route: route)
  }

  /// The policy of the given support closest to another one, by probabilities, among those that come closest to winning half
  /// the time with every action of the support; nil where that is no distribution.
  private func equalized(_ policy: [Double], on support: [Int]) -> [Double]? {
    guard !support.isEmpty else { return nil }
    let order = support.count
    // Row by row the skew matrix p − ½ on the support, and a last row of ones.
    var matrix = [Double](repeating: 1, count: (order + 1) * order)
    for (row, action) in support.enumerated() {
      for (column, other) in support.enumerated() {
        matrix[row * order + column] = preferences[action * count + other] - 0.5
      }
    }
    let start = support.map { policy[$0] }
    var shortfalls = multiply(matrix, start).map { -$0 }
    shortfalls[order] += 1
    guard let correction = LinearSystem.leastSquares(matrix, shortfalls) else { return nil }
    var equalized = [Double](repeating: 0, count: count)
    for (index, action) in support.enumerated() { equalized[action] = start[index] + correction[index] }
    guard equalized.allSatisfy({ $0 >= 0 }) else { return nil }
    let sum = equalized.reduce(0, +)
    return abs(sum - 1) < Self.tolerance ? equalized.map { $0 / sum } : nil
  }
}
