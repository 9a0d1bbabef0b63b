import PoiseKernels
import PoiseRandom

/// What becomes of log-probabilities before a token is drawn. Owns the scratch rows, so that drawing allocates nothing.
struct TokenChoice {
  private var weights: [Float]
  private var order: [Int32] = []

  init(vocabularySize: Int) { weights = Array(repeating: 0, count: vocabularySize) }

  /// The most probable token, the first of equals.
  static func greedy(_ logits: Span<Float>) -> Int {
    var best = 0
    for token in logits.indices where logits[token] > logits[best] { best = token }
    return best
  }

  /// Tempers and truncates log-probabilities in place and normalises them again; excluded tokens get −∞.
  mutating func reshape(_ row: inout [Float], _ options: SamplingOptions) {
    if options.temperature != 1 { kernels.scale(by: Float(1 / options.temperature), updating: row.mutableSpan) }
    kernels.logSoftmax(columns: row.count, updating: row.mutableSpan)
    guard options.topK > 0 || options.topP < 1 else { return }
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: row.indices.lazy.map { Int32($0) })
    order.sort { (row[Int($0)], $1) > (row[Int($1)], $0) }
    var kept = options.topK > 0 ? min(options.topK, row.count) : row.count
    if options.topP < 1 {
      kernels.exponential(row.span, into: weights.mutableSpan)
      var sum = 0.0
      let nucleus = order.firstIndex { token in
        sum += Double(weights[Int(token)])
        return sum >= options.topP
      }
      kept = min(kept, (nucleus ?? row.count - 1) + 1)
    }
    for token in order[kept...] { row[Int(token)] = -.infinity }
    kernels.logSoftmax(columns: row.count, updating: row.mutableSpan)
  }
}
