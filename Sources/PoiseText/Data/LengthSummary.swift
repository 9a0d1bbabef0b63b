import PoiseFiles

/// How long the values of one field are.
public struct LengthSummary: Equatable, Sendable {
  public let count: Int
  public let minimum: Int
  public let mean: Double
  public let median: Int
  /// 95 of a hundred are no longer.
  public let percentile95: Int
  public let maximum: Int

  /// Zeros where there are no lengths.
  public init(_ lengths: [Int]) {
    let sorted = lengths.sorted()
    func quantile(_ share: Double) -> Int {
      sorted.isEmpty ? 0 : sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    count = sorted.count
    minimum = sorted.first ?? 0
    mean = sorted.isEmpty ? 0 : Double(sorted.reduce(0, +)) / Double(sorted.count)
    median = quantile(0.5)
    percentile95 = quantile(0.95)
    maximum = sorted.last ?? 0
  }

  var json: JSON {
    [
      "count": JSON(count), "min": JSON(minimum), "mean": JSON(mean), "median": JSON(median), "p95": JSON(percentile95),
      "max": JSON(maximum),
    ]
  }
}
