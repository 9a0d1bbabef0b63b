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
  private let logReference: [Double]
  private var point: Point
  /// Of the last step, row-major (n, n); kept so that the next one does not have to allocate it.
  private var jacobian: [Double]
  /// Newton steps, over all temperatures on the way.
  private(set) var iterations = 0

  // Where the path has got to, and where it leads.
  private var inverseTemperature = 0.0
  /// The log-ratios there.
  private var solution: [Double]
  /// Their derivative by the inverse temperature.
  private var slope: [Double]
  private var stride: Double

  var policy: [Double] { point.policy }
  /// max |Σ_y′ π(y′) B(y, y′)| over actions y.
  var residual: Double { point.residual.reduce(0) { max($0, abs($1)) } }

  /// Newton steps at one temperature; a handful is usual.
  private static var patience: Int { 50 }
  /// Where a temperature on the way counts as solved, and the last one.
  private static var tolerances: (passing: Double, final: Double) { (1e-9, 1e-12) }

  /// The start of the path, where τ is infinite and the policy the reference.
  /// - Parameter margins: τ l in the limit of large τ, up to a constant.
  init(_ link: Link.Type, in game: PreferenceGame, margins: [Double]) {
    self.game = game
    logReference = game.reference.map { log($0) }
    point = Point(logRatios: [], policy: game.reference, residual: [], scale: [])
    jacobian = [Double](repeating: 0, count: game.count * game.count)
    solution = margins.map { _ in 0.0 }
    slope = margins
    stride = 1 / (margins.max()! - margins.min()!)  // moves probabilities by a factor of e at most
  }

  /// Follows the solution l(1/τ), doubling 1/τ where it can and going half as far where Newton's method fails.
  /// - Precondition: `tau` is positive, finite and below that of any earlier descent.
  /// - Throws: `.notSolved` above a relative residual of 1e-12.
  mutating func descend(to tau: Double) throws(GameError) {
    precondition(tau > 0 && tau.isFinite && inverseTemperature < 1 / tau)
    let end = 1 / tau
    while inverseTemperature < end {
      let next = min(inverseTemperature + stride, end)
      let way = next - inverseTemperature
      let temperature = next == end ? tau : 1 / next
      point = bestStart(solution, zip(solution, slope).map { $0 + way * $1 }, tau: temperature)
      if settle(at: temperature, isLast: next == end) {
        slope = zip(point.logRatios, solution).map { ($0 - $1) / way }
        (inverseTemperature, solution) = (next, point.logRatios)
        stride = min(2 * stride, inverseTemperature)
      } else {
        stride = way / 2
        guard stride > 1e-3 * inverseTemperature else { throw .notSolved(tau: tau, residual: point.relativeResidual) }
      }
    }
  }

  /// Bradley–Terry margins go on growing where cyclic ones have come to rest.
  private func bestStart(_ last: [Double], _ extrapolated: [Double], tau: Double) -> Point {
    let candidates = (point(at: last, tau: tau), point(at: extrapolated, tau: tau))
    return candidates.0.relativeResidual <= candidates.1.relativeResidual ? candidates.0 : candidates.1
  }

  /// Newton's method at one temperature; at the last one for as long as it helps. False where it stops too early.
  private mutating func settle(at temperature: Double, isLast: Bool) -> Bool {
    for _ in 0..<Self.patience {
      if point.relativeResidual <= (isLast ? 0x1p-52 : Self.tolerances.passing) { break }
      guard let step = newtonStep(tau: temperature), let next = shortened(step, tau: temperature) else { break }
      point = next
      iterations += 1
    }
    return point.relativeResidual <= (isLast ? Self.tolerances.final : Self.tolerances.passing)
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
  private mutating func newtonStep(tau: Double) -> [Double]? {
    let count = game.count
    let (policy, logRatios) = (point.policy, point.logRatios)
    for row in 0..<count {
      var pull = 0.0
      let (logRatio, residual, scale) = (logRatios[row], point.residual[row], point.scale[row])
      for column in 0..<count {
        let margin = tau * (logRatio - logRatios[column])
        let share = policy[column] / scale
        let slope = tau * Link.slope(margin: margin) * share
        jacobian[row * count + column] = slope + share * (shortfall(row, column, margin: margin) - residual)
        pull += slope
      }
      jacobian[row * count + row] -= pull
    }
    let right = zip(point.residual, point.scale).map { $0 / $1 }
    return LinearSystem.solve(overwriting: &jacobian, right, pinning: Self.likeliest(policy))
  }

  private func point(at logRatios: [Double], tau: Double) -> Point {
    let policy = softmax(zip(logReference, logRatios).map { $0 + $1 })
    var residual = [Double](repeating: 0, count: game.count)
    var scale = residual
    for row in logRatios.indices {
      var sums = (residual: 0.0, scale: Double.leastNormalMagnitude)
      for column in logRatios.indices where column != row {
        let margin = tau * (logRatios[row] - logRatios[column])
        let shortfall = shortfall(row, column, margin: margin)
        sums.residual += policy[column] * shortfall
        sums.scale += policy[column] * (abs(shortfall) + Link.slope(margin: margin))
      }
      (residual[row], scale[row]) = sums
    }
    let likeliest = logRatios[Self.likeliest(policy)]
    return Point(logRatios: logRatios.map { $0 - likeliest }, policy: policy, residual: residual, scale: scale)
  }

  /// B(row, column); zero on the diagonal.
  private func shortfall(_ row: Int, _ column: Int, margin: Double) -> Double {
    let (preferences, count) = (game.preferences, game.count)
    return Link.shortfall(
      preference: preferences[row * count + column], opposite: preferences[column * count + row], margin: margin)
  }

  private static func likeliest(_ policy: [Double]) -> Int { policy.indices.max { policy[$0] < policy[$1] }! }
}
