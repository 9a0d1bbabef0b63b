import Foundation

/// The kernels once more, as their definition: loops over doubles, arrays in, arrays out. They are the specification the
/// kernels are tested against, and the place to read what a kernel computes.
public enum Twin {
  // MARK: Elementwise

  public static func exponential(_ x: [Double]) -> [Double] { x.map { exp($0) } }
  public static func add(_ x: [Double], to y: [Double]) -> [Double] { addScaled(x, by: 1, to: y) }
  public static func addScaled(_ x: [Double], by scale: Double, to y: [Double]) -> [Double] {
    zip(x, y).map { scale * $0 + $1 }
  }
  public static func scale(_ y: [Double], by scale: Double) -> [Double] { y.map { scale * $0 } }
  public static func addBias(_ bias: [Double], to y: [Double]) -> [Double] {
    y.indices.map { y[$0] + bias[$0 % bias.count] }
  }
  public static func biasBackward(_ dY: [Double], to dBias: [Double]) -> [Double] {
    var dBias = dBias
    for i in dY.indices { dBias[i % dBias.count] += dY[i] }
    return dBias
  }

  // MARK: Activations

  public static func geluForward(_ x: [Double]) -> [Double] {
    // ½(1 + tanh u) = 1/(1 + e^−2u), which does not cancel for negative u.
    x.map { $0 / (1 + exp(-(8 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
  }
  public static func geluBackward(_ dY: [Double], x: [Double]) -> [Double] {
    zip(dY, x).map { dY, x in
      let share = 1 / (1 + exp(-(8 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
      return dY * (share + x * share * (1 - share) * (8 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x))
    }
  }

  public static func siluGateForward(_ gateUp: [Double], columns: Int) -> [Double] {
    rows(of: gateUp, columns: 2 * columns).flatMap { row in
      (0..<columns).map { row[$0] / (1 + exp(-row[$0])) * row[columns + $0] }
    }
  }
  public static func siluGateBackward(_ dY: [Double], gateUp: [Double], columns: Int) -> [Double] {
    var dGateUp = gateUp
    for t in 0..<(columns == 0 ? 0 : dY.count / columns) {
      for c in 0..<columns {
        let (gate, up) = (gateUp[2 * t * columns + c], gateUp[(2 * t + 1) * columns + c])
        let share = 1 / (1 + exp(-gate))
        dGateUp[2 * t * columns + c] = dY[t * columns + c] * up * share * (1 + gate * (1 - share))
        dGateUp[(2 * t + 1) * columns + c] = dY[t * columns + c] * gate * share
      }
    }
    return dGateUp
  }

  public static func geluGateForward(_ gateUp: [Double], columns: Int) -> [Double] {
    rows(of: gateUp, columns: 2 * columns).flatMap { row in
      zip(geluForward(Array(row[..<columns])), row[columns...]).map { $0 * $1 }
    }
  }
  public static func geluGateBackward(_ dY: [Double], gateUp: [Double], columns: Int) -> [Double] {
    zip(rows(of: dY, columns: columns), rows(of: gateUp, columns: 2 * columns)).flatMap { dY, row in
      let (gate, up) = (Array(row[..<columns]), Array(row[columns...]))
      return geluBackward(zip(dY, up).map { $0 * $1 }, x: gate) + zip(dY, geluForward(gate)).map { $0 * $1 }
    }
  }

  public static func reluForward(_ x: [Double]) -> [Double] { x.map { max($0, 0) } }
  public static func reluBackward(_ dY: [Double], x: [Double]) -> [Double] { zip(dY, x).map { $1 > 0 ? $0 : 0 } }

  // MARK: Positions and embedding

  /// A direction of −1 turns back.
  public static func rotary(
    _ x: [Double], positions: [Int32], cosines: [Double], sines: [Double], heads: Int, headSize: Int, columns: Int,
    direction: Double
  ) -> [Double] {
    var x = x
    let half = headSize / 2
    for (t, position) in positions.enumerated() {
      for head in 0..<heads {
        for i in 0..<half {
          let (first, second) = (t * columns + head * headSize + i, t * columns + head * headSize + half + i)
          let (cosine, sine) = (cosines[Int(position) * half + i], direction * sines[Int(position) * half + i])
          (x[first], x[second]) = (x[first] * cosine - x[second] * sine, x[second] * cosine + x[first] * sine)
        }
      }
    }
    return x
  }

  public static func embeddingForward(_ table: [Double], tokens: [Int32], columns: Int) -> [Double] {
    tokens.flatMap { table[Int($0) * columns..<(Int($0) + 1) * columns] }
  }
  public static func embeddingBackward(_ dX: [Double], tokens: [Int32], columns: Int, to dTable: [Double]) -> [Double] {
    var dTable = dTable
    for (t, token) in tokens.enumerated() {
      for c in 0..<columns { dTable[Int(token) * columns + c] += dX[t * columns + c] }
    }
    return dTable
  }

  // MARK: Limits

  public static func sum(_ x: [Double]) -> Double { x.reduce(0, +) }
  public static func multiplyAdd(_ x: Double, rounds: Int, accumulators: [Double]) -> [Double] {
    (0..<rounds).reduce(accumulators) { y, _ in y.map { 0.5 * $0 + x } }
  }

  /// The rows of a row-major matrix.
  public static func rows(of x: [Double], columns: Int) -> [[Double]] {
    columns == 0 ? [] : stride(from: 0, to: x.count, by: columns).map { Array(x[$0..<$0 + columns]) }
  }
}
