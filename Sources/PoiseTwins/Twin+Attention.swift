import Foundation

/// Where the queries, keys and values of attention lie in rows of a matrix, and its outputs in those of another.
public struct AttentionPlaces: Sendable {
  public var columns: Int
  public var rows: Range<Int>
  public var prefix: Range<Int>
  public var queries: Range<Int>
  /// First columns.
  public var keys: Int
  public var values: Int
  public var headSize: Int
  public var scale: Double
  /// Columns of the outputs.
  public var stride: Int

  public init(
    columns: Int, rows: Range<Int>, prefix: Range<Int>, queries: Range<Int>, keys: Int, values: Int, headSize: Int,
    scale: Double, stride: Int
  ) {
    (self.columns, self.rows, self.prefix, self.queries) = (columns, rows, prefix, queries)
    (self.keys, self.values, self.headSize, self.scale, self.stride) = (keys, values, headSize, scale, stride)
  }

  /// Rows whose keys a row sees.
  func seen(by row: Int) -> [Int] { Array(prefix) + Array(rows.lowerBound...row) }
  /// First columns of the query heads.
  var heads: [Int] { Array(Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize)) }

  fileprivate func vector(_ x: [Double], _ row: Int, _ column: Int) -> [Double] {
    Array(x[row * columns + column..<row * columns + column + headSize])
  }
}

extension Twin {
  /// softmax_j(scale·q·k_j).
  static func attentionProbabilities(_ query: [Double], keys: [[Double]], scale: Double) -> [Double] {
    let scores = keys.map { scale * innerProduct(query, $0) }
    let logPartition = logSumExp(scores)
    return scores.map { exp($0 - logPartition) }
  }
  /// Σ_j softmax_j(scale·q·k_j)·v_j.
  public static func attention(_ query: [Double], keys: [[Double]], values: [[Double]], scale: Double) -> [Double] {
    zip(attentionProbabilities(query, keys: keys, scale: scale), values).reduce([Double](repeating: 0, count: query.count)) {
      addScaled($1.1, by: $1.0, to: $0)
    }
  }

  /// Elements of y that are no outputs stay.
  public static func attentionForward(_ x: [Double], _ at: AttentionPlaces, into y: [Double]) -> [Double] {
    var y = y
    for row in at.rows {
      let seen = at.seen(by: row)
      for head in at.heads {
        let output = attention(
          at.vector(x, row, head), keys: seen.map { at.vector(x, $0, at.keys) }, values: seen.map { at.vector(x, $0, at.values) },
          scale: at.scale)
        for d in 0..<at.headSize { y[row * at.stride + head + d] = output[d] }
      }
    }
    return y
  }

  /// dS_j = scale·p_j·(dO·v_j − Σ_i p_i dO·v_i); dq = Σ_j dS_j·k_j, dk_j = dS_j·q, dv_j = p_j·dO.
  public static func attentionBackward(_ dY: [Double], x: [Double], _ at: AttentionPlaces, to dX: [Double]) -> [Double] {
    var dX = dX
    func add(_ vector: [Double], by scale: Double, _ row: Int, _ column: Int) {
      for d in 0..<at.headSize { dX[row * at.columns + column + d] += scale * vector[d] }
    }
    for row in at.rows {
      let seen = at.seen(by: row)
      let (keys, values) = (seen.map { at.vector(x, $0, at.keys) }, seen.map { at.vector(x, $0, at.values) })
      for head in at.heads {
        let query = at.vector(x, row, head)
        let dOutput = Array(dY[row * at.stride + head..<row * at.stride + head + at.headSize])
        let probabilities = attentionProbabilities(query, keys: keys, scale: at.scale)
        let dProbabilities = values.map { innerProduct(dOutput, $0) }
        let mean = innerProduct(probabilities, dProbabilities)
        for (j, other) in seen.enumerated() {
          let dScore = at.scale * probabilities[j] * (dProbabilities[j] - mean)
          add(keys[j], by: dScore, row, head)
          add(query, by: dScore, other, at.keys)
          add(dOutput, by: probabilities[j], other, at.values)
        }
      }
    }
    return dX
  }
}
