import CLanes

// The softmax of attention's scores, in place, and its gradient. Goals, in order: scores of −∞ have probability 0, as long as one score
// of the row is finite; no overflow whatever the scores; fast. The difference from the largest score is rounded before it is scaled: an
// error of (3 + |scale·difference|) ulp a probability.
//
// Rows come in tiles of up to sixteen, whose lanes are folded by one transposition: of rows of some hundred scores, folds and divisions
// one by one would be the dearest part. A row's result does not depend on the rows beside it.

/// Up to sixteen rows of scores, of whole lanes each.
struct ScoreRows {
  let start: UnsafeMutablePointer<Float>
  /// Floats from one row to the next.
  let stride: Int
  let rows: Int
  let blocks: Int

  /// - Parameter columns: a multiple of the lanes.
  @inline(__always)
  init(_ start: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int) {
    precondition(rows <= rowsTogether && columns.isMultiple(of: Lanes.scalarCount))
    unsafe (self.start, self.stride, self.rows, blocks) = (start, stride, rows, columns / Lanes.scalarCount)
  }

  @inline(__always)
  func block(_ row: Int, _ index: Int) -> UnsafeMutablePointer<Float> {
    unsafe start + row &* stride + index &* Lanes.scalarCount
  }
}

/// Rows of scores ← softmax(scale·row).
func formSoftmax(_ scores: ScoreRows, scale: Float) {
  var folded = InlineArray<16, Lanes>(repeating: .zero)
  for row in 0..<scores.rows {
    var top = Lanes(repeating: -.infinity)
    for index in 0..<scores.blocks { top.formMaximum(unsafe load(scores.block(row, index))) }
    folded[row] = top
  }
  let origins = InlineArray<16, Float>(folded.largest)
  for row in 0..<scores.rows {
    let origin = origins[row]
    var sum = Lanes.zero
    for first in stride(from: 0, to: scores.blocks, by: 64) {
      var part = Lanes.zero
      for index in first..<min(first &+ 64, scores.blocks) {
        var lanes = (unsafe load(scores.block(row, index)) - origin) * scale
        lanes.formDecay()
        part += lanes
        unsafe store(lanes, scores.block(row, index))
      }
      sum += part
    }
    folded[row] = sum
  }
  let factors = InlineArray<16, Float>(1 / folded.totals)
  for row in 0..<scores.rows {
    let factor = factors[row]
    for index in 0..<scores.blocks { unsafe store(load(scores.block(row, index)) * factor, scores.block(row, index)) }
  }
}

/// Rows of dP ← dS = scale · P ∘ (dP − Σ_j P_j dP_j).
func formSoftmaxGradient(_ dScores: ScoreRows, probabilities: ScoreRows, scale: Float) {
  var folded = InlineArray<16, Lanes>(repeating: .zero)
  for row in 0..<dScores.rows {
    var sum = Lanes.zero
    for first in stride(from: 0, to: dScores.blocks, by: 64) {
      var part = Lanes.zero
      for index in first..<min(first &+ 64, dScores.blocks) {
        part += unsafe load(probabilities.block(row, index)) * load(dScores.block(row, index))
      }
      sum += part
    }
    folded[row] = sum
  }
  let means = InlineArray<16, Float>(folded.totals)
  for row in 0..<dScores.rows {
    let mean = means[row]
    for index in 0..<dScores.blocks {
      let (dP, probability) = unsafe (load(dScores.block(row, index)), load(probabilities.block(row, index)))
      unsafe store(scale * (probability * (dP - mean)), dScores.block(row, index))
    }
  }
}

/// A row of scores ← scale·score + bias, in one rounding.
func addBiases(_ biases: Span<Float>, scale: Float, to row: inout MutableSpan<Float>) {
  row.updateLanes(with: biases, ScaledSum(scale: scale))
}

/// Biases' gradients ← themselves + a row of dS.
func addBiasGradients(_ dRow: Span<Float>, to dBiases: inout MutableSpan<Float>) {
  for column in dRow.indices { dBiases[column] += dRow[column] }
}

/// scale·x + y
private struct ScaledSum: LanePairFunction {
  let scale: Float
  @inline(__always) func form(_ x: inout Lanes, _ y: Lanes) { x.multiply(by: Lanes(repeating: scale), adding: y) }
}

extension InlineArray<16, Float> {
  /// An element of lanes at a variable index would send them all to memory and back at every use.
  @inline(__always)
  fileprivate init(_ lanes: Lanes) {
    self = InlineArray(repeating: 0)
    for lane in 0..<Lanes.scalarCount { self[lane] = lanes[lane] }
  }
}
