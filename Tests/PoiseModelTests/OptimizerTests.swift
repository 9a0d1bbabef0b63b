import Foundation
import PoiseRandom
import Testing

@testable import PoiseModel

/// Optimisers against their formulas, in double precision and plain loops.
@Suite struct OptimizerTests {
  let layout: Layout
  let parameters: Arena
  let pool = WorkerPool(workerCount: 2)

  /// A vector, a matrix too small to factor, one large enough.
  init() {
    var plan = Layout()
    _ = plan.add("vector", 7)
    _ = plan.add("small", 130, 5)
    _ = plan.add("large", 128, 136)
    layout = plan
    parameters = Arena(plan)
    fill(parameters, seed: 1, size: 0.1)
  }

  private func fill(_ arena: Arena, seed: UInt64, size: Double) {
    var generator = CounterGenerator(seed)
    for tensor in layout.tensors {
      var values = arena[writing: tensor]
      for index in values.indices { values[index] = Float(size * generator.normal()) }
    }
  }

  private func doubles(_ arena: Arena, _ tensor: Tensor) -> [Double] {
    let values = arena[tensor]
    return values.indices.map { Double(values[$0]) }
  }

  private func expectClose(_ tensor: Tensor, _ expected: [Double]) {
    for (found, expected) in zip(doubles(parameters, tensor), expected) {
      #expect(abs(found - expected) <= 5e-6 * max(abs(expected), 0.01), "\(tensor.name)")
    }
  }

  /// Three steps of the engine beside three of `reference`, which moves one tensor by one gradient.
  private func compare(
    _ kind: OptimizerKind, _ reference: (_ tensor: Int, _ step: Int, _ gradient: [Double], _ values: inout [Double]) -> Void
  ) {
    let optimizer = Optimizer(kind, parameters: layout)
    var expected = layout.tensors.map { doubles(parameters, $0) }
    let gradients = Arena(layout)
    for step in 1...3 {
      fill(gradients, seed: UInt64(step) + 10, size: 0.5)
      for (index, tensor) in layout.tensors.enumerated() {
        reference(index, step, doubles(gradients, tensor).map { 0.25 * $0 }, &expected[index])
      }
      optimizer.update(parameters, gradients: gradients, gradientScale: 0.25, rate: 0.05, pool: pool)
      #expect(optimizer.step == step)
    }
    for (tensor, expected) in zip(layout.tensors, expected) { expectClose(tensor, expected) }
  }

  @Test func gradientDescentFollowsTheGradient() {
    compare(.stochasticGradientDescent()) { _, _, gradient, values in
      for index in values.indices { values[index] -= 0.05 * gradient[index] }
    }
  }

  @Test func momentumFollowsTheMeanOfGradients() {
    var means = layout.tensors.map { [Double](repeating: 0, count: $0.count) }
    compare(.stochasticGradientDescent(momentum: 0.75)) { tensor, _, gradient, values in
      for index in values.indices {
        means[tensor][index] = 0.75 * means[tensor][index] + 0.25 * gradient[index]
        values[index] -= 0.05 * means[tensor][index]
      }
    }
  }

  @Test func adamWCorrectsItsBiasAndDecaysMatricesOnly() {
    let zeros = layout.tensors.map { [Double](repeating: 0, count: $0.count) }
    var (first, second) = (zeros, zeros)
    compare(.adamW(beta1: 0.9, beta2: 0.95, weightDecay: 0.1)) { tensor, step, gradient, values in
      let decay = tensor == 0 ? 0 : 0.1
      for index in values.indices {
        first[tensor][index] = 0.9 * first[tensor][index] + 0.1 * gradient[index]
        second[tensor][index] = 0.95 * second[tensor][index] + 0.05 * gradient[index] * gradient[index]
        let mean = first[tensor][index] / (1 - pow(0.9, Double(step)))
        let square = second[tensor][index] / (1 - pow(0.95, Double(step)))
        values[index] -= 0.05 * (decay * values[index] + mean / (square.squareRoot() + 1e-8))
      }
    }
  }

  @Test func adafactorFollowsTheRulesOfT5X() {
    var moments = layout.tensors.map { [Double](repeating: 0, count: $0.count) }
    var (rows, columns) = ([Double](repeating: 0, count: 128), [Double](repeating: 0, count: 136))
    compare(.adafactor) { tensor, step, gradient, values in
      let decay = 1 - pow(Double(step), -0.8)
      var direction = gradient
      if tensor == 2 {
        for row in 0..<128 {
          let mean = (0..<136).reduce(0) { $0 + gradient[136 * row + $1] * gradient[136 * row + $1] + 1e-30 } / 136
          rows[row] = decay * rows[row] + (1 - decay) * mean
        }
        for column in 0..<136 {
          let mean = (0..<128).reduce(0) { $0 + gradient[136 * $1 + column] * gradient[136 * $1 + column] + 1e-30 } / 128
          columns[column] = decay * columns[column] + (1 - decay) * mean
        }
        let mean = rows.reduce(0, +) / 128
        for index in direction.indices { direction[index] /= (rows[index / 136] * columns[index % 136] / mean).squareRoot() }
      } else {
        for index in direction.indices {
          moments[tensor][index] = decay * moments[tensor][index] + (1 - decay) * (gradient[index] * gradient[index] + 1e-30)
          direction[index] /= moments[tensor][index].squareRoot()
        }
      }
      let clipping = max(1, rootMeanSquare(direction))
      let size = max(1e-3, rootMeanSquare(values))
      for index in values.indices { values[index] -= 0.05 * size * direction[index] / clipping }
    }
  }

  private func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
  }

  @Test func adafactorKeepsARowAndAColumnForLargeMatricesOnly() {
    let moments = Optimizer(.adafactor, parameters: layout).moments.tensors
    #expect(moments.map(\.name) == ["v.vector", "v.small", "v_row.large", "v_column.large"])
    #expect(moments.map(\.count) == [7, 650, 128, 136])
    #expect(Optimizer(.adamW(), parameters: layout).moments.tensors.count == 6)
    #expect(Optimizer(.stochasticGradientDescent(), parameters: layout).moments.count == 0)
  }

  /// A tensor of zeros must be able to leave zero: its steps are those of a root mean square of 10⁻³.
  @Test func adafactorMovesParametersThatAreZero() {
    fill(parameters, seed: 1, size: 0)
    let gradients = Arena(layout)
    fill(gradients, seed: 2, size: 1)
    Optimizer(.adafactor, parameters: layout).update(
      parameters, gradients: gradients, gradientScale: 1, rate: 0.1, pool: pool)
    for value in doubles(parameters, layout.tensors[0]) { #expect(abs(abs(value) - 1e-4) < 1e-9) }
  }

  @Test func updatesDoNotDependOnTheNumberOfWorkers() {
    for kind in [OptimizerKind.adafactor, .adamW()] {
      let results = [1, 3].map { workerCount in
        let gradients = Arena(layout)
        fill(parameters, seed: 1, size: 0.1)
        fill(gradients, seed: 2, size: 1)
        Optimizer(kind, parameters: layout).update(
          parameters, gradients: gradients, gradientScale: 1, rate: 0.1, pool: WorkerPool(workerCount: workerCount))
        return parameters.floats
      }
      #expect(results[0] == results[1])
    }
  }
}
