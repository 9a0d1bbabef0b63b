import Foundation

/// Where the queries, keys and values of attention lie in rows of a matrix, and its outputs in those of another.
public struct AttentionPlaces: Sendable {
  /// Rows of keys and values that all queries see, in a matrix of their own.
  public struct Memory: Sendable {
    public var columns: Int
    public var rows: Range<Int>

    public init(columns: Int, rows: Range<Int>) { (self.columns, self.rows) = (columns, rows) }
  }

  public var columns: Int
  public var rows: Range<Int>
  public var prefix: Range<Int>
  /// Rows see no later ones; otherwise they see all of each other.
  public var isCausal: Bool
  public var queries: Range<Int>
  /// First columns, of the memory where there is one.
  public var keys: Int
  public var values: Int
  public var memory: Memory?
  public var headSize: Int
  public var scale: Double
  /// Columns of the outputs.
  public var stride: Int

  public init(
    columns: Int, rows: Range<Int>, prefix: Range<Int>, isCausal: Bool = true, queries: Range<Int>, keys: Int, values: Int,
    memory: Memory? = nil, headSize: Int, scale: Double, stride: Int
  ) {
    (self.columns, self.rows, self.prefix, self.isCausal, self.queries) = (columns, rows, prefix, isCausal, queries)
    (self.keys, self.values, self.memory) = (keys, values, memory)
    (self.headSize, self.scale, self.stride) = (headSize, scale, stride)
  }

  /// Rows whose keys a row sees.
  func seen(by row: Int) -> [Int] {
    if let memory { return Array(memory.rows) }
    return isCausal ? Array(prefix) + Array(rows.lowerBound...row) : Array(rows)
  }
  /// First columns of the query heads.
  var heads: [Int] { Array(Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize)) }
  /// Floats of a row of keys and values.
  var memoryColumns: Int { memory?.columns ?? columns }

  /// Where the bias of the score of a query head's row and its key number `key` lies.
  func bias(of row: Int, key: Int, head: Int, count: Int) -> Int {
    let length = count / heads.count
    let place = row - rows.lowerBound + (isCausal ? prefix.count : 0)
    return (head - queries.lowerBound) / headSize * length + (isCausal ? length : (length + 1) / 2) - 1 + key - place
  }

  fileprivate func vector(_ x: [Double], _ row: Int, _ column: Int, columns: Int) -> [Double] {
    Array(x[row * columns + column..<row * columns + column + headSize])
  }
}

extension Twin {
  /// softmax_j(scale·q·k_j + bias_j).
  static func attentionProbabilities(_ query: [Double], keys: [[Double]], scale: Double, biases: [Double]) -> [Double] {
    let scores = keys.enumerated().map { scale * innerProduct(query, $1) + (biases.isEmpty ? 0 : biases[$0]) }
    let logPartition = logSumExp(scores)
    return scores.map { exp($0 - logPartition) }
  }
  /// Σ_j softmax_j(scale·q·k_j + bias_j)·v_j.
  public static func attention(
    _ query: [Double], keys: [[Double]], values: [[Double]], scale: Double, biases: [Double] = []
  ) -> [Double] {
    let probabilities = attentionProbabilities(query, keys: keys, scale: scale, biases: biases)
    return zip(probabilities, values).reduce([Double](repeating: 0, count: query.count)) {
      addScaled($1.1, by: $1.0, to: $0)
    }
  }

  /// Elements of y that are no outputs stay. Biases by head and distance; none where they are empty.
  public static func attentionForward(
    _ x: [Double], memory: [Double]? = nil, _ at: AttentionPlaces, biases: [Double] = [], into y: [Double]
  ) -> [Double] {
    var y = y
    for row in at.rows {
      let (keys, values) = keysAndValues(memory ?? x, seenBy: row, at)
      for head in at.heads {
        let output = attention(
          at.vector(x, row, head, columns: at.columns), keys: keys, values: values, scale: at.scale,
          biases: rowBiases(biases, row, head, count: keys.count, at))
        for d in 0..<at.headSize { y[row * at.stride + head + d] = output[d] }
      }
    }
    return y
  }

  /// dS_j = p_j·(dO·v_j − Σ_i p_i dO·v_i), which is the bias's; dq = scale·Σ_j dS_j·k_j, dk_j = scale·dS_j·q, dv_j = p_j·dO.
  /// Without a memory of their own, keys and values have their gradients in dX.
  public static func attentionBackward(
    _ dY: [Double], x: [Double], memory: [Double]? = nil, _ at: AttentionPlaces, biases: [Double] = [], to dX: [Double],
    dMemory: [Double] = [], dBiases: [Double] = []
  ) -> (dX: [Double], dMemory: [Double], dBiases: [Double]) {
    var (dX, dMemory, dBiases) = (dX, dMemory, dBiases)
    func add(_ vector: [Double], by scale: Double, to matrix: inout [Double], _ start: Int) {
      for d in 0..<at.headSize { matrix[start + d] += scale * vector[d] }
    }
    for row in at.rows {
      let (keys, values) = keysAndValues(memory ?? x, seenBy: row, at)
      for head in at.heads {
        let query = at.vector(x, row, head, columns: at.columns)
        let dOutput = Array(dY[row * at.stride + head..<row * at.stride + head + at.headSize])
        let probabilities = attentionProbabilities(
          query, keys: keys, scale: at.scale, biases: rowBiases(biases, row, head, count: keys.count, at))
        let dProbabilities = values.map { innerProduct(dOutput, $0) }
        let mean = innerProduct(probabilities, dProbabilities)
        for (j, other) in at.seen(by: row).enumerated() {
          let dScore = probabilities[j] * (dProbabilities[j] - mean)
          if !biases.isEmpty { dBiases[at.bias(of: row, key: j, head: head, count: biases.count)] += dScore }
          add(keys[j], by: at.scale * dScore, to: &dX, row * at.columns + head)
          let start = other * at.memoryColumns
          if memory == nil {
            add(query, by: at.scale * dScore, to: &dX, start + at.keys)
            add(dOutput, by: probabilities[j], to: &dX, start + at.values)
          } else {
            add(query, by: at.scale * dScore, to: &dMemory, start + at.keys)
            add(dOutput, by: probabilities[j], to: &dMemory, start + at.values)
          }
        }
      }
    }
    return (dX, dMemory, dBiases)
  }

  private static func keysAndValues(
    _ memory: [Double], seenBy row: Int, _ at: AttentionPlaces
  ) -> (keys: [[Double]], values: [[Double]]) {
    let seen = at.seen(by: row)
    return (
      seen.map { at.vector(memory, $0, at.keys, columns: at.memoryColumns) },
      seen.map { at.vector(memory, $0, at.values, columns: at.memoryColumns) }
    )
  }

  /// Of the keys that a row sees.
  private static func rowBiases(_ biases: [Double], _ row: Int, _ head: Int, count: Int, _ at: AttentionPlaces) -> [Double] {
    biases.isEmpty ? [] : (0..<count).map { biases[at.bias(of: row, key: $0, head: head, count: biases.count)] }
  }
}
