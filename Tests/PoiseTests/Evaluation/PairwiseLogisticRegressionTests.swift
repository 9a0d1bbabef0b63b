import Foundation
import PoiseRandom
import PoiseTestSupport
import Testing

@testable import Poise

@Suite struct PairwiseLogisticRegressionTests {
  /// Eight rows over five columns, thirty pairs with soft labels.
  private func regression(_ regularization: Double) -> PairwiseLogisticRegression {
    var random = CounterGenerator(4)
    let rows = (0..<8).map { _ in
      SparseRow((0..<5).filter { _ in random.below(3) > 0 }.map { ($0, random.normal()) })
    }
    let pairs = (0..<30).map { _ in
      PairwiseLogisticRegression.Pair(first: random.below(8), second: random.below(8), label: random.uniform())
    }
    return PairwiseLogisticRegression(rows: rows, columnCount: 5, pairs: pairs, regularization: regularization)
  }

  /// Written for a dense vector, without anything of the implementation's.
  private func loss(_ regression: PairwiseLogisticRegression, _ weights: [Double]) -> Double {
    func score(_ row: SparseRow) -> Double { zip(row.columns, row.values).reduce(0) { $0 + weights[$1.0] * $1.1 } }
    let losses = regression.pairs.map { pair in
      let p = 1 / (1 + exp(score(regression.rows[pair.second]) - score(regression.rows[pair.first])))
      return -pair.label * log(p) - (1 - pair.label) * log(1 - p)
    }
    return losses.reduce(0, +) / Double(losses.count) + regression.regularization / 2 * weights.reduce(0) { $0 + $1 * $1 }
  }

  @Test(arguments: [1e-4, 0.03, 10]) func theLossIsFlatAtTheWeightsAndHigherAround(regularization: Double) {
    let regression = regression(regularization)
    let weights = regression.weights()
    let least = loss(regression, weights)
    for column in weights.indices {
      func shifted(_ step: Double) -> Double {
        var shifted = weights
        shifted[column] += step
        return loss(regression, shifted)
      }
      // Rounding of a loss near 1, over a step of 10⁻⁴, is some 10⁻¹².
      #expect(abs(shifted(1e-4) - shifted(-1e-4)) / 2e-4 < 1e-7)
      #expect(shifted(0.1) > least && shifted(-0.1) > least)
    }
  }

  @Test func oneFeatureHasTheRootOfItsEquation() {
    let pairs = [PairwiseLogisticRegression.Pair(first: 0, second: 1, label: 0.9)]
    let rows = [SparseRow([(0, 2)]), SparseRow([])]
    let weight = PairwiseLogisticRegression(rows: rows, columnCount: 1, pairs: pairs, regularization: 0.1).weights()[0]
    #expect(abs(2 * (1 / (1 + exp(-2 * weight)) - 0.9) + 0.1 * weight) < 1e-8)
    #expect(weight > 0.5)
  }

  @Test func withoutEvidenceThereAreNoWeights() {
    let undecided = [PairwiseLogisticRegression.Pair(first: 0, second: 1, label: 0.5)]
    let rows = [SparseRow([(0, 1)]), SparseRow([(1, 1)])]
    #expect(
      PairwiseLogisticRegression(rows: rows, columnCount: 2, pairs: undecided, regularization: 0.1).weights() == [0, 0])
    #expect(PairwiseLogisticRegression(rows: rows, columnCount: 2, pairs: [], regularization: 0.1).weights() == [0, 0])
  }
}
