import Foundation
import Testing

@testable import PoiseReport

@Suite struct ChartTests {
  @Test(
    arguments: [
      (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (0.31, 0.58, ["0.3", "0.4", "0.5", "0.6"]),
      (-3, 12, ["-5", "0", "5", "10", "15"]), (0, 87, ["0", "20", "40", "60", "80", "100"]), (5, 5, ["4", "5", "6"]),
    ] as [(Double, Double, [String])])
  func linearTicksAreRoundAndEncloseTheData(lower: Double, upper: Double, labels: [String]) throws {
    let axis = ChartAxis("x").placed([lower, upper])
    #expect(axis.ticks.map(\.label) == labels)
    #expect(axis.share(axis.ticks[0].value) == 0 && axis.share(axis.ticks.last!.value) == 1)
    let shares = try [lower, upper].map { try #require(axis.share($0)) }
    #expect(shares.allSatisfy { (0...1).contains($0) })
  }

  @Test func logarithmicAxesShowPowersOfTenOrMoreWhereThereAreFew() {
    let wide = ChartAxis("x", scale: .logarithmic).placed([0.001, 10])
    #expect(wide.ticks.map(\.label) == ["0.001", "0.01", "0.1", "1", "10"])
    let narrow = ChartAxis("x", scale: .logarithmic).placed([0.05, 0.2])
    #expect(narrow.ticks.map(\.label) == ["0.05", "0.1", "0.2"])
  }

  @Test func logarithmicAxesPutEqualRatiosAtEqualDistances() throws {
    let axis = ChartAxis("τ", scale: .logarithmic, ticks: [0.1, 0.2, 0.4]).placed([0.1, 0.4])
    let shares = try [0.1, 0.2, 0.4].map { try #require(axis.share($0)) }
    #expect(abs(shares[2] - shares[1] - (shares[1] - shares[0])) < 1e-12)
    #expect(axis.share(0) == nil && axis.share(-1) == nil)
    #expect(axis.ticks.map(\.label) == ["0.1", "0.2", "0.4"])
  }

  @Test func drawingsAreWellFormedWhateverNamesSay() throws {
    let nasty = "a<b & \"c\" > ]]> \u{0}\u{1F}\u{FFFE} 🦆"
    let chart = PointChart(
      title: nasty, x: ChartAxis(nasty), y: ChartAxis("y"), marks: .joined,
      series: (0..<8).map { style in
        PointChart.Series(
          nasty + "\(style)", style: style, [.init(x: 1, y: 0.5, interval: 0.4...0.6, hint: nasty), .init(x: 2, y: .nan)])
      }, reference: 0.5)
    let map = HeatMap(
      title: nasty, rows: [nasty], columns: ["a", "b"], cells: [[HeatMap.Cell(0.9, text: nasty, note: nasty), nil]])
    for drawing in [chart.drawing, map.drawing] {
      try requireWellFormed(drawing.standalone)
      try requireWellFormed(drawing.inline)
      #expect(!drawing.standalone.contains("nan") && !drawing.standalone.contains("inf"))
      // The namespace is the only address, and is never looked up.
      #expect(drawing.standalone.ranges(of: "http").count == 1 && !drawing.standalone.contains("url("))
    }
  }

  @Test func pointsStandWhereTheirNumbersSay() {
    let chart = PointChart(
      title: "t", x: ChartAxis("x", including: [0, 10]), y: ChartAxis("y", including: [0, 1]), marks: .separate,
      series: [PointChart.Series("s", style: 0, [.init(x: 5, y: 1)])])
    // The plot is from 56 to 466 across, and begins under the title and one row of names at 61, with 9 of room.
    #expect(chart.drawing.inline.contains("cx=\"261.0\" cy=\"70.0\""))
  }

  @Test func curvesHaveMarksOnAFewOfTheirPointsAndAShade() {
    func drawing(_ count: Int) -> String {
      let points = (0..<count).map { PointChart.Point(x: Double($0), y: 0.5, interval: 0...1) }
      return PointChart(
        title: "t", x: ChartAxis("x"), y: ChartAxis("y"), marks: .curves, series: [PointChart.Series("s", style: 0, points)]
      ).drawing.inline
    }
    // The name has a mark of its own.
    #expect(drawing(12).ranges(of: "<circle").count == 13 && drawing(100).ranges(of: "<circle").count == 9)
    #expect(drawing(100).ranges(of: "class=\"shade fill-0\"").count == 1 && !drawing(1).contains("shade"))
  }

  @Test(arguments: [[1e16, 1e16 + 2], [-1e308, 1e308], [1e99, 1e99], [0, .leastNonzeroMagnitude], [.infinity, 1]])
  func axesHoldWhateverAFileSays(_ values: [Double]) throws {
    let chart = PointChart(
      title: "t", x: ChartAxis("x"), y: ChartAxis("y"), marks: .curves,
      series: [PointChart.Series("s", style: 0, values.map { .init(x: $0, y: $0, interval: min($0, 0)...max($0, 0)) })])
    #expect(!chart.drawing.inline.contains("nan") && !chart.drawing.inline.contains("inf"))
    #expect(ChartAxis("x").placed(values).ticks.count <= 12)
  }

  @Test func heatMapsAreStrongerFurtherFromEven() {
    func drawn(_ value: Double) -> String {
      HeatMap(title: "t", rows: ["a"], columns: ["b"], cells: [[HeatMap.Cell(value, text: "")]]).drawing.inline
    }
    #expect(drawn(0.5).contains("fill-opacity=\"0.00\""))
    #expect(drawn(0.675).contains("class=\"above\"") && drawn(0.675).contains("fill-opacity=\"0.50\""))
    #expect(drawn(0.325).contains("class=\"below\"") && drawn(0.325).contains("fill-opacity=\"0.50\""))
    #expect(drawn(0).contains("fill-opacity=\"1.00\""))
  }
}

/// - Throws: where it is not XML.
func requireWellFormed(_ text: String) throws {
  let document = try XMLReading(text)
  #expect(
    document.isWellFormed,
    "line \(document.line): \(text.split(separator: "\n", omittingEmptySubsequences: false)[max(0, document.line - 1)])")
}
