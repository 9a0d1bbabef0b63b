import Foundation

extension Twin {
  public static func logSumExp(_ x: [Double]) -> Double {
    let top = x.max() ?? -.infinity
    return top.isInfinite ? top : top + log(x.reduce(0) { $0 + exp($1 - top) })
  }
  public static func logPartitions(_ logits: [Double], columns: Int) -> [Double] {
    rows(of: logits, columns: columns).map(logSumExp)
  }
  public static func logSoftmax(_ logits: [Double], columns: Int) -> [Double] {
    rows(of: logits, columns: columns).flatMap { row in
      let logPartition = logSumExp(row)
      return row.map { $0 - logPartition }
    }
  }

  public static func targetLogProbabilities(
    _ logits: [Double], columns: Int, rows: [Int32], targets: [Int32]
  ) -> [Double] {
    let logProbabilities = logSoftmax(logits, columns: columns)
    return zip(rows, targets).map { logProbabilities[Int($0) * columns + Int($1)] }
  }
  public static func logProbabilityBackward(
    _ logits: [Double], coefficients: [Double], rows: [Int32], targets: [Int32], columns: Int
  ) -> [Double] {
    let logProbabilities = logSoftmax(logits, columns: columns)
    var dLogits = [Double](repeating: 0, count: logits.count)
    for n in rows.indices {
      let start = Int(rows[n]) * columns
      for i in 0..<columns { dLogits[start + i] -= coefficients[n] * exp(logProbabilities[start + i]) }
      dLogits[start + Int(targets[n])] += coefficients[n]
    }
    return dLogits
  }

  public static func entropies(_ logits: [Double], columns: Int) -> [Double] {
    rows(of: logSoftmax(logits, columns: columns), columns: columns).map { row in
      row.reduce(0) { $1 == -.infinity ? $0 : $0 - exp($1) * $1 }
    }
  }
  public static func divergences(policy: [Double], reference: [Double], columns: Int) -> [Double] {
    let references = rows(of: logSoftmax(reference, columns: columns), columns: columns)
    return zip(rows(of: logSoftmax(policy, columns: columns), columns: columns), references).map { policy, reference in
      zip(policy, reference).reduce(0) { $1.0 == -.infinity ? $0 : $0 + exp($1.0) * ($1.0 - $1.1) }
    }
  }
  public static func geometricMixture(
    policy: [Double], policyLogPartition: Double, reference: [Double], referenceLogPartition: Double, weight: Double
  ) -> (mixture: [Double], logPartition: Double) {
    let product = zip(policy, reference).map {
      (1 - weight) * ($0 - policyLogPartition) + weight * ($1 - referenceLogPartition)
    }
    return (product, logSumExp(product))
  }

  /// The first token at which the running sum of softmax(logits) passes `uniform`.
  public static func drawToken(_ logits: [Double], uniform: Double) -> Int {
    let logPartition = logSumExp(logits)
    var sum = 0.0
    for (token, logit) in logits.enumerated() {
      sum += exponential([logit - logPartition])[0]
      if sum > uniform { return token }
    }
    return logits.count - 1
  }
}
