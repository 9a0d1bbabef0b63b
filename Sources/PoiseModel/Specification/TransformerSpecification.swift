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
    let (rows, promptCount) = outputs(prompt, Array(response.dropLast()))
    return response.enumerated().map { index, target in
      let scale = c.scalesHeadInput ? 1 / Double(c.width).squareRoot() : 1
      let last = normalized(rows[promptCount - 1 + index], transformer.parameters.decoder.finalNorm).map { scale * $0 }
      let logits = matrixVector(transformer.parameters.head, last)
      let top = logits.max()!
      let partition = top + logarithm(logits.reduce(0) { $0 + exponential($1 - top) })
      return logits[Int(target)] - partition
    }
  }

  /// What a scalar head says of the response: its one number at the last token, which is read and not predicted.
  public func score(of response: [Int32], after prompt: [Int32]) -> Double {
    let last = outputs(prompt, response).rows.last!
    return matrixVector(transformer.parameters.head, normalized(last, transformer.parameters.decoder.finalNorm))[0]
  }

  /// The decoder's rows, and how many of them stand for the prompt. Without an encoder the decoder reads the prompt; behind one a
  /// start token, and looks at what the encoder made of the prompt.
  private func outputs(_ prompt: [Int32], _ response: [Int32]) -> (rows: [Row], promptCount: Int) {
    let plan = transformer.parameters
    guard let encoder = plan.encoder, let start = c.encoder?.startToken else {
      return (residualStream(prompt + response, plan.decoder), prompt.count)
    }
    let memory = residualStream(prompt, encoder, isCausal: false).map { normalized($0, encoder.finalNorm) }
    return (residualStream([Int32(start)] + response, plan.decoder, memory: memory), 1)
  }

  /// The residual stream after the last block of a stack, a row a token.
  private func residualStream(
    _ tokens: [Int32], _ stack: ParameterLayout.Stack, isCausal: Bool = true, memory: [Row] = []
  ) -> [Row] {
    let plan = transformer.parameters
    var rows = tokens.enumerated().map { position, token in
      var row = self.row(plan.embedding, Int(token))
      if let positions = plan.positions { row = sum(row, self.row(positions, position)) }
      return row
    }
    for block in stack.blocks {
      let fused = rows.enumerated().map { position, row in
        rotated(linear(block.queryKeyValue, normalized(row, block.attentionNorm)), position)
      }
      let own = fused.map { Array($0[c.queryWidth...]) }
      let others = block.cross.map { cross in memory.map { linear(cross.keyValue, $0) } } ?? []
      for position in rows.indices {
        let seen = isCausal ? 0...position : 0...rows.count - 1
        let attended = attention(fused[position], own[seen]) { head, key in
          bias(stack.relativeBiases, head, distance: key - position, isCausal: isCausal)
        }
        rows[position] = sum(rows[position], linear(block.attentionOutput, attended))
        if let cross = block.cross {
          let query = linear(cross.query, normalized(rows[position], cross.norm))
          let attended = attention(query, others[...]) { _, _ in 0 }
          rows[position] = sum(rows[position], linear(cross.output, attended))
        }
        let hidden = linear(block.hidden, normalized(rows[position], block.feedForwardNorm))
        rows[position] = sum(rows[position], linear(block.down, activated(hidden)))
      }
    }
    return rows
  }

  /// Attention of a row of queries to rows of keys | values.
  private func attention(_ query: Row, _ memory: ArraySlice<Row>, bias: (_ head: Int, _ key: Int) -> Double) -> Row {
    var output = Row(repeating: 0, count: c.queryWidth)
    for head in 0..<c.headCount {
      let shared = head / (c.headCount / c.keyValueHeadCount)
      let queries = head * c.headSize..<(head + 1) * c.headSize
      let keys = shared * c.headSize..<(shared + 1) * c.headSize
      let values = c.keyValueWidth + keys.lowerBound..<c.keyValueWidth + keys.upperBound
      let scale = c.scalesScores ? 1 / Double(c.headSize).squareRoot() : 1
      let scores = memory.indices.map { dot(query[queries], memory[$0][keys]) * scale + bias(head, $0) }
      let top = scores.max()!
      let weights = scores.map { exponential($0 - top) }
      let total = weights.reduce(0, +)
      for (other, weight) in weights.enumerated() {
        for (column, value) in zip(queries, memory[other][values]) { output[column] += weight / total * value }
      }
    }
    return output
  }

  /// What is added to the scores of keys at a distance from their query.
  private func bias(_ weights: Tensor?, _ head: Int, distance: Int, isCausal: Bool) -> Double {
    guard let weights, let positions = RelativePositions(c, isCausal: isCausal) else { return 0 }
    return value(weights, positions.bucket(of: distance) * c.headCount + head)
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
    case .gelu: hidden.map(gelu)
    case .geluGate: (0..<c.feedForwardWidth).map { gelu(hidden[$0]) * hidden[c.feedForwardWidth + $0] }
    case .relu: hidden.map { max($0, 0) }
    case .siluGate:
      (0..<c.feedForwardWidth).map { hidden[$0] / (1 + exponential(-hidden[$0])) * hidden[c.feedForwardWidth + $0] }
    }
  }

  private func gelu(_ x: Double) -> Double {
    0.5 * x * (1 + hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
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

  /// An unoptimised build, in which tests are run, spends its time here: over the tuples of `zip` these take three times as long.
  private func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
    precondition(a.count == b.count)
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var (sum, index) = (0.0, 0)
        while index < a.count {
          sum += a[index] * b[index]
          index += 1
        }
        return sum
      }
    }
  }
}
