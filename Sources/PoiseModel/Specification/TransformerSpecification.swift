/// The transformer in double precision and plain loops: what the fast one must compute. One sequence at a time, no packing, no
/// sharing, no cache; slow, and short enough to be checked against the papers. Finite differences are taken of it.
public struct TransformerSpecification: Sendable {
  public let transformer: Transformer
  /// All parameters in double precision, in the order of the layout.
  public var parameters: [Double]

  public init(_ transformer: Transformer, parameters: Arena) {
    self.transformer = transformer
    let values = parameters.all
    self.parameters = values.indices.map { Double(values[$0]) }
  }

  private var c: TransformerConfiguration { transformer.configuration }
  private typealias Row = [Double]

  /// log π(response | prompt), token by token.
  public func logProbabilities(of response: [Int32], after prompt: [Int32]) -> [Double] {
    let tokens = prompt + response.dropLast()
    let rows = residualStream(tokens)
    return response.enumerated().map { index, target in
      let last = normalized(rows[prompt.count - 1 + index], transformer.parameters.finalNorm)
      let logits = matrixVector(transformer.parameters.head, last)
      let top = logits.max()!
      let partition = top + logarithm(logits.reduce(0) { $0 + exponential($1 - top) })
      return logits[Int(target)] - partition
    }
  }

  /// What a scalar head says of the response: its one number at the last token, which is read and not predicted.
  public func score(of response: [Int32], after prompt: [Int32]) -> Double {
    let last = residualStream(prompt + response).last!
    return matrixVector(transformer.parameters.head, normalized(last, transformer.parameters.finalNorm))[0]
  }

  /// The residual stream after the last block, a row a token.
  private func residualStream(_ tokens: [Int32]) -> [Row] {
    let plan = transformer.parameters
    var rows = tokens.enumerated().map { position, token in
      var row = self.row(plan.embedding, Int(token))
      if let positions = plan.positions { row = sum(row, self.row(positions, position)) }
      return row
    }
    for block in plan.blocks {
      let fused = rows.enumerated().map { position, row in
        rotated(linear(block.queryKeyValue, normalized(row, block.attentionNorm)), position)
      }
      for position in rows.indices {
        rows[position] = sum(rows[position], linear(block.attentionOutput, attention(fused, position)))
        let hidden = linear(block.hidden, normalized(rows[position], block.feedForwardNorm))
        rows[position] = sum(rows[position], linear(block.down, activated(hidden)))
      }
    }
    return rows
  }

  private func attention(_ fused: [Row], _ position: Int) -> Row {
    var output = Row(repeating: 0, count: c.queryWidth)
    for head in 0..<c.headCount {
      let shared = head / (c.headCount / c.keyValueHeadCount)
      let queries = head * c.headSize..<(head + 1) * c.headSize
      let keys = transformer.keyColumn(shared)..<transformer.keyColumn(shared) + c.headSize
      let values = transformer.valueColumn(shared)..<transformer.valueColumn(shared) + c.headSize
      let scores = (0...position).map { dot(fused[position][queries], fused[$0][keys]) / Double(c.headSize).squareRoot() }
      let top = scores.max()!
      let weights = scores.map { exponential($0 - top) }
      let total = weights.reduce(0, +)
      for (other, weight) in weights.enumerated() {
        for (column, value) in zip(queries, fused[other][values]) { output[column] += weight / total * value }
      }
    }
    return output
  }

  private func rotated(_ row: Row, _ position: Int) -> Row {
    guard case .rotary(let base, let scaling) = c.positions else { return row }
    var rotated = row
    let frequencies = scaling.frequencies(base: base, headSize: c.headSize)
    for head in 0..<c.headCount + c.keyValueHeadCount {
      for (pair, frequency) in frequencies.enumerated() {
        let angle = Double(position) * frequency
        let (first, second) = (head * c.headSize + pair, head * c.headSize + pair + frequencies.count)
        rotated[first] = scaling.amplitude * (row[first] * cosine(angle) - row[second] * sine(angle))
        rotated[second] = scaling.amplitude * (row[second] * cosine(angle) + row[first] * sine(angle))
      }
    }
    return rotated
  }

  private func normalized(_ row: Row, _ norm: ParameterLayout.Norm) -> Row {
    let count = Double(row.count)
    let mean = c.normalization == .layer ? row.reduce(0, +) / count : 0
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let scale = 1 / (variance + Double(c.epsilon)).squareRoot()
    let scaled = row.indices.map { (row[$0] - mean) * scale * value(norm.gain, $0) }
    return norm.bias.map { sum(scaled, self.row($0)) } ?? scaled
  }

  private func activated(_ hidden: Row) -> Row {
    switch c.activation {
    case .gelu:
      hidden.map { (x: Double) -> Double in
        let inner = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
        return 0.5 * x * (1 + hyperbolicTangent(inner))
      }
    case .siluGate:
      (0..<c.feedForwardWidth).map { hidden[$0] / (1 + exponential(-hidden[$0])) * hidden[c.feedForwardWidth + $0] }
    }
  }

  private func linear(_ linear: ParameterLayout.Linear, _ x: Row) -> Row {
    let y = matrixVector(linear.weight, x)
    return linear.bias.map { sum(y, row($0)) } ?? y
  }

  private func matrixVector(_ weight: Tensor, _ x: Row) -> Row {
    (0..<weight.rows).map { index in
      let start = weight.offset + index * weight.columns
      return dot(parameters[start..<start + weight.columns], x[...])
    }
  }

  private func value(_ tensor: Tensor, _ index: Int) -> Double { parameters[tensor.offset + index] }
  private func row(_ tensor: Tensor) -> Row { Row(parameters[tensor.offset..<tensor.offset + tensor.count]) }
  private func row(_ tensor: Tensor, _ index: Int) -> Row {
    Row(parameters[tensor.offset + index * tensor.columns..<tensor.offset + (index + 1) * tensor.columns])
  }
  private func sum(_ a: Row, _ b: Row) -> Row { zip(a, b).map(+) }
  private func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
