import Foundation
import PoiseObjectives

/// Logistic regression on differences of features: p(i ≻ j) = σ(w·φ_i − w·φ_j), without a bias, so that p(i ≻ j) + p(j ≻ i) = 1.
///
/// What is minimised is the mean of −y log p − (1 − y) log(1 − p) over pairs plus λ/2 · |w|², which is strictly convex: there is
/// one minimum, and the way to it leaves no trace. It is found by Newton's method, each step solved by conjugate gradients as
/// far as it is worth it (Lin, Weng & Keerthi 2008).
struct PairwiseLogisticRegression {
  struct Pair {
    var first: Int
    var second: Int
    /// p(first ≻ second)
    var label: Double
  }

  /// φ, a row a text.
  let rows: [SparseRow]
  let columnCount: Int
  let pairs: [Pair]
  /// λ > 0
  let regularization: Double

  /// The weights at the minimum: where the gradient's norm is 10⁻⁸ of what it is at zero.
  func weights() -> [Double] {
    var weights = Array(repeating: 0.0, count: columnCount)
    var state = State(self, weights)
    let initialNorm = state.gradient.norm
    for _ in 0..<100 where state.gradient.norm > 1e-8 * initialNorm {
      let accuracy = min(0.1, (state.gradient.norm / initialNorm).squareRoot())
      let step = newtonStep(state, accuracy: accuracy)
      guard let (next, nextState) = descend(from: weights, state, along: step) else { break }
      (weights, state) = (next, nextState)
    }
    return weights
  }

  /// Everything at one point.
  private struct State {
    let loss: Double
    let gradient: [Double]
    /// p(1 − p)/n of every pair.
    let curvatures: [Double]

    init(_ regression: PairwiseLogisticRegression, _ weights: [Double]) {
      let scale = 1 / Double(regression.pairs.count)
      let margins = regression.margins(weights)
      let predictions = margins.map { PreferenceProbability.bradleyTerry(rewardMargin: $0) }
      var loss = regression.regularization / 2 * weights.dot(weights)
      for (margin, pair) in zip(margins, regression.pairs) { loss += scale * (softplus(margin) - pair.label * margin) }
      self.loss = loss
      curvatures = predictions.map { scale * $0 * (1 - $0) }
      gradient = regression.combination(
        zip(predictions, regression.pairs).map { scale * ($0 - $1.label) }, plus: weights)
    }
  }

  /// w·φ_first − w·φ_second of every pair. Texts are scored once, however many pairs they are in.
  private func margins(_ weights: [Double]) -> [Double] {
    let scores = rows.map { $0.dot(weights) }
    return pairs.map { scores[$0.first] - scores[$0.second] }
  }

  /// Σ coefficient · (φ_first − φ_second) + λ · weights
  private func combination(_ coefficients: [Double], plus weights: [Double]) -> [Double] {
    var ofRows = Array(repeating: 0.0, count: rows.count)
    for (coefficient, pair) in zip(coefficients, pairs) {
      ofRows[pair.first] += coefficient
      ofRows[pair.second] -= coefficient
    }
    var sum = weights.map { regularization * $0 }
    for (coefficient, row) in zip(ofRows, rows) { row.add(scale: coefficient, to: &sum) }
    return sum
  }

  /// −H⁻¹ g by conjugate gradients, until the residual is `accuracy` of the gradient.
  private func newtonStep(_ state: State, accuracy: Double) -> [Double] {
    var step = Array(repeating: 0.0, count: columnCount)
    var residual = state.gradient.map { -$0 }
    var direction = residual
    var square = residual.dot(residual)
    let goal = accuracy * accuracy * square
    for _ in 0..<250 where square > goal {
      let image = combination(zip(state.curvatures, margins(direction)).map { $0 * $1 }, plus: direction)
      let length = square / direction.dot(image)
      step.add(scale: length, direction)
      residual.add(scale: -length, image)
      let next = residual.dot(residual)
      direction = zip(residual, direction).map { $0 + next / square * $1 }
      square = next
    }
    return step
  }

  /// Halves the step until the loss falls as the gradient promises (Armijo 1966); nil where rounding leaves no such step.
  private func descend(from weights: [Double], _ state: State, along step: [Double]) -> ([Double], State)? {
    let slope = state.gradient.dot(step)
    var length = 1.0
    while length > 1e-6 {
      var next = weights
      next.add(scale: length, step)
      let nextState = State(self, next)
      if nextState.loss <= state.loss + 1e-4 * length * slope { return (next, nextState) }
      length /= 2
    }
    return nil
  }
}

/// log(1 + eˣ), without overflow.
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

extension [Double] {
  fileprivate func dot(_ other: [Double]) -> Double {
    var sum = 0.0
    for index in indices { sum += self[index] * other[index] }
    return sum
  }

  fileprivate var norm: Double { dot(self).squareRoot() }

  fileprivate mutating func add(scale: Double, _ other: [Double]) {
    for index in indices { self[index] += scale * other[index] }
  }
}
