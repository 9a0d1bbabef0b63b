import Foundation
import PoiseFiles
import PoiseKernelCases
import PoiseKernels

/// The roofline of Williams, Waterman & Patterson 2009: operations a byte to the right, operations a second upwards, both
/// logarithmic; no dot can be above the roofs of what it uses. One SVG file without scripts or outside references, in colours that
/// the colour-blind can tell apart (Okabe & Ito 2008), for light and dark pages.
public struct RooflineDrawing {
  private let ceilings: MachineCeilings
  private let lines: [BenchLine]
  private let intensities: ClosedRange<Double>
  private let rates: ClosedRange<Double>

  private static let frame = (left: 64.0, top: 88.0, width: 860.0, height: 480.0)

  /// - Parameters:
  ///   - ceilings: the roofs; those of one instruction set and number of threads.
  ///   - lines: the dots; those of other numbers of threads, and those that do no arithmetic, have no place here.
  public init(ceilings: MachineCeilings, lines: [BenchLine]) {
    self.ceilings = ceilings
    let drawn = lines.filter { $0.threads == ceilings.threads && $0.work.allOperations > 0 && $0.work.bytes > 0 }
    self.lines = drawn
    let peak = max(ceilings.multiplyAdds, ceilings.products) * Double(ceilings.threads) / 1e9
    intensities = Self.decades(drawn.map { $0.work.allOperations / $0.work.bytes } + [0.1, 100])
    rates = Self.decades(drawn.map(\.gigaflops) + [peak / 100, 1.2 * peak])
  }

  /// Powers of ten around all values.
  private static func decades(_ values: [Double]) -> ClosedRange<Double> {
    pow(10, floor(log10(values.min()!)))...pow(10, ceil(log10(values.max()!)))
  }

  public var svg: String {
    let (width, height) = (Self.frame.left + Self.frame.width + 24, Self.frame.top + Self.frame.height + 60)
    let sets = ceilings.instructionSet.rawValue
    let title = "Roofline, limits of \(sets), \(ceilings.threads) thread\(ceilings.threads == 1 ? "" : "s")"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" width="\(number(width))" \
      height="\(number(height))" role="img" aria-label="\(title.escapedForXML)">
      <style>
      svg { --page: #ffffff; --ink: #222222; --faint: #b4b4b4; --roof: #0072b2; --wide: #d55e00; --narrow: #009e73; }
      @media (prefers-color-scheme: dark) { svg { --page: #16181c; --ink: #e8e8e8; --faint: #565a62; --roof: #56b4e9; \
      --wide: #e69f00; --narrow: #2fc79b; } }
      text { font-family: system-ui, sans-serif; fill: var(--ink); }
      .title { font-size: 17px; font-weight: 600; } .note { font-size: 11px; }
      .grid { stroke: var(--faint); stroke-width: 0.5; } .frame { fill: none; stroke: var(--faint); stroke-width: 1; }
      .roof { fill: none; stroke: var(--roof); stroke-width: 1.4; }
      .avx512, .native { fill: var(--wide); } .avx2 { fill: var(--narrow); }
      </style>
      <rect width="100%" height="100%" fill="var(--page)"/>
      <text class="title" x="16" y="26">\(title.escapedForXML)</text>
      \(legend)
      \(grid)
      \(roofs)
      \(dots)
      </svg>

      """
  }

  private var legend: String {
    let sets = InstructionSet.allCases.filter { set in lines.contains { $0.instructionSet == set } }
    return sets.enumerated().map { index, set in
      let x = 16 + 90 * Double(index)
      return "<circle class=\"\(set.rawValue)\" cx=\"\(number(x + 5))\" cy=\"46\" r=\"4\"/>"
        + "<text class=\"note\" x=\"\(number(x + 14))\" y=\"50\">\(set.rawValue)</text>"
    }.joined(separator: "\n")
  }

  /// A line and a number a decade.
  private var grid: String {
    let (left, top, width, height) = Self.frame
    let columns = decadesIn(intensities).map { value in
      let x = place(value, rates.lowerBound).x
      return "<path class=\"grid\" d=\"M\(number(x)) \(number(top))V\(number(top + height))\"/>"
        + "<text class=\"note\" text-anchor=\"middle\" x=\"\(number(x))\" y=\"\(number(top + height + 16))\">\(label(value))</text>"
    }
    let rows = decadesIn(rates).map { value in
      let y = place(intensities.lowerBound, value).y
      return "<path class=\"grid\" d=\"M\(number(left)) \(number(y))H\(number(left + width))\"/>"
        + "<text class=\"note\" text-anchor=\"end\" x=\"\(number(left - 6))\" y=\"\(number(y + 4))\">\(label(value))</text>"
    }
    let axes = [
      "<rect class=\"frame\" x=\"\(number(left))\" y=\"\(number(top))\" width=\"\(number(width))\" height=\"\(number(height))\"/>",
      "<text class=\"note\" text-anchor=\"end\" x=\"\(number(left + width))\" y=\"\(number(top + height + 36))\">"
        + "operations a byte; an exponential counts as \(label(Work.operationsPerExponential))</text>",
      "<text class=\"note\" x=\"16\" y=\"\(number(top - 10))\">GFLOP/s</text>",
    ]
    return (columns + rows + axes).joined(separator: "\n")
  }

  private var roofs: String {
    let threads = Double(ceilings.threads)
    let peak = ceilings.multiplyAdds * threads / 1e9
    let slopes = [0, ceilings.bandwidths.count / 2, ceilings.bandwidths.count - 1].map { index in
      let bandwidth = ceilings.bandwidths[index]
      let speed = bandwidth.copied * threads / 1e9
      return roof("copy in \(bandwidth.sizeName), \(label(speed)) GB/s", speed: speed, peak: peak)
    }
    let ceiling = [(peak, "fused multiply-adds", -5.0), (ceilings.products * threads / 1e9, "OpenBLAS sgemm", 12.0)].map {
      rate, name, offset in
      let (start, end) = (place(intensities.lowerBound, rate), place(intensities.upperBound, rate))
      return "<path class=\"roof\" d=\"M\(number(start.x)) \(number(start.y))H\(number(end.x))\"/>"
        + "<text class=\"note\" text-anchor=\"end\" x=\"\(number(end.x - 4))\" y=\"\(number(end.y + offset))\">"
        + "\(name), \(label(rate)) GFLOP/s</text>"
    }
    return (slopes + ceiling).joined(separator: "\n")
  }

  /// From the left or lower edge to the peak, along operations = intensity · bandwidth.
  private func roof(_ name: String, speed: Double, peak: Double) -> String {
    let first = max(intensities.lowerBound, rates.lowerBound / speed)
    let (start, end) = (place(first, first * speed), place(peak / speed, peak))
    let angle = atan2(end.y - start.y, end.x - start.x) * 180 / .pi
    let words = "translate(\(number(start.x + 8)) \(number(start.y - 10))) rotate(\(number(angle)))"
    return "<path class=\"roof\" d=\"M\(number(start.x)) \(number(start.y))L\(number(end.x)) \(number(end.y))\"/>"
      + "<text class=\"note\" transform=\"\(words)\">\(name)</text>"
  }

  private var dots: String {
    lines.map { line in
      let dot = place(line.work.allOperations / line.work.bytes, line.gigaflops)
      let words =
        "\(line.name) \(line.shape) \(line.instructionSet.rawValue): \(label(line.gigaflops)) GFLOP/s, "
        + "\((100 * line.fractionOfLimit).formatted(decimals: 0)) % of the limit by \(line.bound.rawValue)"
      return "<circle class=\"\(line.instructionSet.rawValue)\" cx=\"\(number(dot.x))\" cy=\"\(number(dot.y))\" r=\"4\">"
        + "<title>\(words.escapedForXML)</title></circle>"
    }.joined(separator: "\n")
  }

  private func place(_ intensity: Double, _ rate: Double) -> (x: Double, y: Double) {
    func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
      log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
    }
    return (
      Self.frame.left + Self.frame.width * share(intensity, intensities),
      Self.frame.top + Self.frame.height * (1 - share(rate, rates))
    )
  }

  private func decadesIn(_ range: ClosedRange<Double>) -> [Double] {
    (Int(log10(range.lowerBound).rounded())...Int(log10(range.upperBound).rounded())).map { pow(10, Double($0)) }
  }

  private func label(_ value: Double) -> String {
    value < 1_000 ? value.formatted(significantDigits: 3) : value.formatted(decimals: 0)
  }

  /// A tenth of a pixel is finer than a screen.
  private func number(_ x: Double) -> String { x.formatted(decimals: 1) }
}
