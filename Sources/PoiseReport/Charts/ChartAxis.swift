import Foundation
import PoiseFiles

/// An axis as its user describes it: what it shows, and which values are in sight whatever the data are.
public struct ChartAxis: Sendable {
  public enum Scale: Sendable { case linear, logarithmic }

  public var title: String
  public var scale: Scale
  /// Values that are in sight in any case.
  public var including: [Double]
  /// Where numbers stand; nil chooses round ones.
  public var ticks: [Double]?

  public init(_ title: String, scale: Scale = .linear, including: [Double] = [], ticks: [Double]? = nil) {
    (self.title, self.scale, self.including, self.ticks) = (title, scale, including, ticks)
  }

  /// - Parameter values: all that must be in sight; those that the scale cannot show are passed over.
  func placed(_ values: [Double]) -> PlacedAxis { PlacedAxis(self, values) }
}

/// An axis that knows its ends and its numbers.
struct PlacedAxis: Sendable {
  struct Tick: Sendable, Equatable {
    let value: Double
    let label: String
  }

  let title: String
  let ticks: [Tick]
  private let lower: Double
  private let upper: Double
  private let scale: ChartAxis.Scale

  init(_ axis: ChartAxis, _ values: [Double]) {
    (title, scale) = (axis.title, axis.scale)
    let wanted = (values + axis.including + (axis.ticks ?? [])).filter { Self.canShow($0, axis.scale) }
    let (smallest, largest) = (wanted.min() ?? 1, wanted.max() ?? 1)
    switch axis.scale {
    case .linear:
      // Not less than what doubles of this size can tell apart.
      let step = max(RoundNumbers.step(for: largest - smallest, count: 5), 4 * max(abs(smallest), abs(largest)).ulp)
      var (first, last) = (floor(smallest / step + 1e-9), ceil(largest / step - 1e-9))
      if first == last { (first, last) = (first - 1, last + 1) }
      (lower, upper) = (first * step, last * step)
      let round = (0...Int(last - first)).map { (first + Double($0)) * step }
      ticks =
        axis.ticks?.map { Tick(value: $0, label: $0.formatted(significantDigits: 6)) }
        ?? round.map { Tick(value: $0, label: RoundNumbers.label($0, step: step)) }
    case .logarithmic:
      // A little room at both ends, or marks would stand on the frame.
      let room = max(0.06 * log(largest / smallest), 0.2)
      (lower, upper) = (smallest * exp(-room), largest * exp(room))
      let chosen = axis.ticks ?? RoundNumbers.logarithmic(from: lower, to: upper)
      ticks = chosen.map { Tick(value: $0, label: $0.formatted(significantDigits: 4)) }
    }
  }

  /// From 0 at the lower end to 1 at the upper; nil for what cannot be shown.
  func share(_ value: Double) -> Double? {
    guard Self.canShow(value, scale) else { return nil }
    return switch scale {
    case .linear: (value - lower) / (upper - lower)
    case .logarithmic: log(value / lower) / log(upper / lower)
    }
  }

  /// Differences of larger numbers might be infinite.
  private static func canShow(_ value: Double, _ scale: ChartAxis.Scale) -> Bool {
    abs(value) < 1e100 && (scale == .linear || value > 1e-100)
  }
}

/// Numbers that people like on an axis.
enum RoundNumbers {
  /// 1, 2 or 5 times a power of ten, so that about `count` steps fill the span.
  static func step(for span: Double, count: Int) -> Double {
    guard span > 0, span.isFinite else { return 1 }
    let rough = span / Double(count)
    let power = pow(10, floor(log10(rough)))
    let factor = [1.0, 2, 5, 10].first { rough <= $0 * power * (1 + 1e-9) } ?? 10
    return factor * power
  }

  /// With as many decimals as the step needs; large ones by their power of ten.
  static func label(_ value: Double, step: Double) -> String {
    guard abs(value) < 1e7 else { return value.formatted(significantDigits: 4) }
    let decimals = max(0, Int(-floor(log10(step) + 1e-9)))
    // No minus before a zero that is rounding's.
    return (abs(value) < step * 1e-6 ? 0 : value).formatted(decimals: decimals)
  }

  /// Powers of ten; where there are fewer than three of them, also twice and five times those.
  static func logarithmic(from lower: Double, to upper: Double) -> [Double] {
    let powers = (Int(floor(log10(lower)))...Int(ceil(log10(upper)))).map { pow(10, Double($0)) }
    let seen = powers.filter { (lower...upper).contains($0) }
    guard seen.count < 3 else { return seen }
    return powers.flatMap { power in [power, 2 * power, 5 * power] }.filter { (lower...upper).contains($0) }
  }
}
