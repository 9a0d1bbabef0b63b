import Foundation

/// Finds where an online contrastive loss rests: the policy π for which B(y, y′) = p(y ≻ y′) − g(τ h(y, y′)) averages to zero
/// over y′ ~ π, whatever y. With a linear g that is the regularised Nash equilibrium, with a logistic one the stationary
/// point of online DPO.
///
/// There is at most one. For two such policies π and ρ the sum over pairs of
/// (π(y)ρ(y′) − π(y′)ρ(y)) (g(τ h_π(y, y′)) − g(τ h_ρ(y, y′))) would be zero, and no term of it is negative: both factors have
/// the sign of log π(y)/ρ(y) − log π(y′)/ρ(y′). Nor is the Jacobian singular there, but for the constant that log-ratios leave
/// open: weighted by π it is a negative definite matrix plus a skew one. So the solution is a smooth function of τ, and known
/// in the limit of large τ. Newton's method follows it from there; far from it, full steps run to a vertex.
struct EqualizerSearch<Link: PreferenceLink> {
  /// A policy by its log-ratio to the reference, and what is left of the equations there.
  private struct Point {
    let logRatios: [Double]
    let policy: [Double]
    /// Σ_y′ π(y′) B(y, y′).
    let residual: [Double]
    /// Σ_y′ π(y′) (|B(y, y′)| + dg/du), without y itself: what the residual is small against. At a vertex of certain
    /// preferences both vanish, and only their ratio tells that it is not the solution.
    let scale: [Double]

    /// Σ (residual/scale)², for a scale that may be another point's.
    func merit(_ scale: [Double]) -> Double { zip(residual, scale).reduce(0) { $0 + $1.0 / $1.1 * ($1.0 / $1.1) } }

    /// The norm of residual/scale. A sum, unlike a maximum, does not lose what is not a number.
    var relativeResidual: Double { merit(scale).squareRoot() }
  }

  private let game: PreferenceGame
  private let tau: Double
  private let logReference: [Double]
  private var point: Point
  /// Newton steps, over all temperatures on the way.
  private(set) var iterations = 0

  var policy: [Double] { point.policy }
  /// max |Σ_y′ π(y′) B(y, y′)| over actions y.
  var residual: Double { point.residual.reduce(0) { max($0, abs($1)) } }

  /// Newton steps at one temperature; a handful is usual.
  private let patience = 50
  /// Where a temperature on the way counts as solved, and the last one.
  private let tolerances = (passing: 1e-9, final: 1e-12)

  /// - Parameter margins: τ l in the limit of large τ, up to a constant.
  /// - Throws: `.notSolved` above a relative residual of 1e-12.
  init(_ link: Link.Type, in game: PreferenceGame, tau: Double, margins: [Double]) throws(GameError) {
    precondition(tau > 0 && tau.isFinite)
    self.game = game
    self.tau = tau
    logReference = game.reference.map { log($0) }
    point = Point(logRatios: [], policy: game.reference, residual: [], scale: [])
    try descend(from: margins)
  }

  /// Follows the solution l(1/τ) from l(0) = 0, doubling 1/τ where it can and going half as far where Newton's method fails.
  private mutating func descend(from margins: [Double]) throws(GameError) {
    let end = 1 / tau
    var start = 0.0
    var solution = margins.map { _ in 0.0 }
    var slope = margins  // of the solution, by 1/τ
    var stride = 1 / (margins.max()! - margins.min()!)  // moves probabilities by a factor of e at most
    while start < end {
      let next = min(start + stride, end)
      let temperature = next == end ? tau : 1 / next
      point = bestStart(solution, zip(solution, slope).map { $0 + (next - start) * $1 }, tau: temperature)
      if settle(at: temperature) {
        slope = zip(point.logRatios, solution).map { ($0 - $1) / (next - start) }
        (start, solution) = (next, point.logRatios)
        stride = min(2 * stride, start)
      } else {
        stride = (next - start) / 2
        guard stride > 1e-3 * start else { throw .notSolved(tau: tau, residual: point.relativeResidual) }
      }
    }
  }

  /// Bradley–Terry margins go on growing where cyclic ones have come to rest.
  private func bestStart(_ last: [Double], _ extrapolated: [Double], tau: Double) -> Point {
    let candidates = (point(at: last, tau: tau), point(at: extrapolated, tau: tau))
    return candidates.0.relativeResidual <= candidates.1.relativeResidual ? candidates.0 : candidates.1
  }

  /// Newton's method at one temperature; at τ itself for as long as it helps. False where it stops too early.
  private mutating func settle(at temperature: Double) -> Bool {
    let isLast = temperature == tau
    for _ in 0..<patience {
      if point.relativeResidual <= (isLast ? 0x1p-52 : tolerances.passing) { break }
      guard let step = newtonStep(tau: temperature), let next = shortened(step, tau: temperature) else { break }
      point = next
      iterations += 1
    }
    return point.relativeResidual <= (isLast ? tolerances.final : tolerances.passing)
  }

  /// Halves a Newton step until the residual falls (Armijo's condition on its square); nil if it never does.
  private func shortened(_ step: [Double], tau: Double) -> Point? {
    let start = point.merit(point.scale)
    var length = 1.0
    while length > 0x1p-20 {
      let next = self.point(at: zip(point.logRatios, step).map { $0 - length * $1 }, tau: tau)
      if next.merit(point.scale) <= (1 - 1e-4 * length) * start { return next }
      length /= 2
    }
    return nil
  }

  /// The step leaves the likeliest action's ratio alone, and its equation follows from the others': weighted by π, all of
  /// them add up to zero.
  private func newtonStep(tau: Double) -> [Double]? {
    let count = game.count
    let policy = point.policy
    var jacobian = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      var pull = 0.0
      for column in 0..<count {
        let margin = tau * (point.logRatios[row] - point.logRatios[column])
        let share = policy[column] / point.scale[row]
        let slope = tau * Link.slope(margin: margin) * share
        jacobian[row * count + column] = slope + share * (shortfall(row, column, margin: margin) - point.residual[row])
        pull += slope
      }
      jacobian[row * count + row] -= pull
    }
    return LinearSystem.solve(
      jacobian, zip(point.residual, point.scale).map { $0 / $1 }, pinning: Self.likeliest(policy))
  }

  private func point(at logRatios: [Double], tau: Double) -> Point {
    let policy = softmax(zip(logReference, logRatios).map { $0 + $1 })
    var residual = [Double](repeating: 0, count: game.count)
    var scale = [Double](repeating: .leastNormalMagnitude, count: game.count)
    for row in logRatios.indices {
      for column in logRatios.indices where column != row {
        let margin = tau * (logRatios[row] - logRatios[column])
        let shortfall = shortfall(row, column, margin: margin)
        residual[row] += policy[column] * shortfall
        scale[row] += policy[column] * (abs(shortfall) + Link.slope(margin: margin))
      }
    }
    let likeliest = logRatios[Self.likeliest(policy)]
    return Point(logRatios: logRatios.map { $0 - likeliest }, policy: policy, residual: residual, scale: scale)
  }

  /// B(row, column); zero on the diagonal.
  private func shortfall(_ row: Int, _ column: Int, margin: Double) -> Double {
    Link.shortfall(preference: game[row, column], opposite: game[column, row], margin: margin)
  }

  private static func likeliest(_ policy: [Double]) -> Int { policy.indices.max { policy[$0] < policy[$1] }! }
}
