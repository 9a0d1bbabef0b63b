import PoiseFiles

/// Points of several series on two axes, with intervals where they are known; a series has a colour and a form of its own.
public struct PointChart: Sendable {
  public struct Point: Sendable {
    public var x: Double
    public var y: Double
    /// Of y.
    public var interval: ClosedRange<Double>?
    /// Shown where a pointer rests on the point.
    public var hint: String

    public init(x: Double, y: Double, interval: ClosedRange<Double>? = nil, hint: String = "") {
      (self.x, self.y, self.interval, self.hint) = (x, y, interval, hint)
    }
  }

  public struct Series: Sendable {
    public var name: String
    public var points: [Point]
    /// Which colour and form: the same method has the same in every chart of a page.
    public var style: Int

    public init(_ name: String, style: Int, _ points: [Point]) {
      (self.name, self.style, self.points) = (name, style, points)
    }
  }

  public enum Marks: Sendable {
    /// A line leads from each point of a series to its next.
    case joined
    case separate
    /// For many points: a line through all of them, marks on a few, and intervals as a shade.
    case curves
  }

  public var title: String
  public var x: ChartAxis
  public var y: ChartAxis
  public var marks: Marks
  public var series: [Series]
  /// A dashed line at this y: what would be even, for example.
  public var reference: Double?

  public init(title: String, x: ChartAxis, y: ChartAxis, marks: Marks, series: [Series], reference: Double? = nil) {
    (self.title, self.x, self.y, self.marks, self.series, self.reference) = (title, x, y, marks, series, reference)
  }

  private static let size = (width: 480.0, plot: 260.0)
  private static let margin = (left: 56.0, right: 14.0, bottom: 46.0)
  private static let legendRow = 19.0

  public var drawing: SVGDrawing {
    let legend = legendPlaces
    let top = 32 + Self.legendRow * Double((legend.last?.row ?? -1) + 1) + 10
    let heights = y.placed(heights)
    // Numbers must not run into the axis's title; a digit is 7 pixels wide.
    let left = max(Self.margin.left, 27 + 7 * Double(heights.ticks.map(\.label.count).max() ?? 0))
    let frame = PlotFrame(
      left: left, top: top, width: Self.size.width - left - Self.margin.right, height: Self.size.plot,
      x: x.placed(series.flatMap { $0.points.map(\.x) }), y: heights)
    let height = top + Self.size.plot + Self.margin.bottom
    var drawing = SVGDrawing(title: title, width: Self.size.width, height: height, smallestScale: 0.75)
    drawing.text(title, x: 8, y: 20, "title")
    for (place, one) in zip(legend, series) {
      let y = 42 + Self.legendRow * Double(place.row)
      drawing.mark(series: one.style, x: place.x, y: y)
      drawing.text(one.name, x: place.x + 10, y: y + 4)
    }
    frame.draw(on: &drawing)
    if let height = reference.flatMap(frame.height(of:)) {
      drawing.polyline([(frame.left, height), (frame.left + frame.width, height)], "reference")
    }
    for (index, one) in series.enumerated() { draw(one, index, frame, &drawing) }
    return drawing
  }

  private var heights: [Double] {
    let points = series.flatMap(\.points)
    let ends = points.compactMap(\.interval).flatMap { [$0.lowerBound, $0.upperBound] }
    return points.map(\.y) + ends + (reference.map { [$0] } ?? [])
  }

  private func draw(_ one: Series, _ index: Int, _ frame: PlotFrame, _ drawing: inout SVGDrawing) {
    // Series that share their places stand side by side, or their intervals would hide each other.
    let shift = marks == .joined ? 3 * (Double(index) - Double(series.count - 1) / 2) : 0
    let stroke = "stroke-\(one.style % ChartTheme.seriesColourCount)"
    let placed = one.points.compactMap { point in
      frame.place(x: point.x, y: point.y).map { (point: point, x: $0.x + shift, y: $0.y) }
    }
    if marks == .curves { shade(placed.map(\.point), one, frame, &drawing) }
    if marks != .separate, placed.count > 1 { drawing.polyline(placed.map { ($0.x, $0.y) }, "line \(stroke)") }
    for place in marks == .curves ? Self.few(placed) : placed {
      if marks != .curves, let interval = place.point.interval, let low = frame.height(of: interval.lowerBound),
        let high = frame.height(of: interval.upperBound)
      {
        drawing.polyline([(place.x, low), (place.x, high)], "interval \(stroke)")
      }
      drawing.mark(series: one.style, x: place.x, y: place.y, hint: hint(one, place.point))
    }
  }

  /// Where the intervals of neighbours reach, from the first to the last that has one.
  private func shade(_ points: [Point], _ one: Series, _ frame: PlotFrame, _ drawing: inout SVGDrawing) {
    let edges = points.compactMap { point in
      point.interval.flatMap { interval -> (low: (x: Double, y: Double), high: (x: Double, y: Double))? in
        guard let low = frame.place(x: point.x, y: interval.lowerBound),
          let high = frame.place(x: point.x, y: interval.upperBound)
        else { return nil }
        return (low, high)
      }
    }
    guard edges.count > 1 else { return }
    let style = "shade fill-\(one.style % ChartTheme.seriesColourCount)"
    drawing.polygon(edges.map(\.high) + edges.reversed().map(\.low), style)
  }

  /// The last of a list, and others at even distances before it; all of a short one.
  private static func few<Element>(_ list: [Element]) -> [Element] {
    let distance = list.count <= 12 ? 1 : (list.count + 7) / 8
    return stride(from: list.count - 1, through: 0, by: -distance).reversed().map { list[$0] }
  }

  private func hint(_ one: Series, _ point: Point) -> String {
    let numbers = "\(point.x.formatted(significantDigits: 4)), \(point.y.formatted(significantDigits: 3))"
    return one.name + ": " + (point.hint.isEmpty ? numbers : point.hint)
  }

  /// Names from left to right, in as many rows as they need; a letter is taken to be 7 pixels wide.
  private var legendPlaces: [(x: Double, row: Int)] {
    var places: [(x: Double, row: Int)] = []
    var (x, row) = (14.0, 0)
    for one in series {
      let width = 30 + 7 * Double(one.name.count)
      if x + width > Self.size.width, x > 14 { (x, row) = (14, row + 1) }
      places.append((x, row))
      x += width
    }
    return places
  }
}

/// The rectangle that points are drawn in, with its grid, numbers and titles.
private struct PlotFrame {
  let left: Double
  let top: Double
  let width: Double
  let height: Double
  let x: PlacedAxis
  let y: PlacedAxis

  /// Between the ends of the axes and the frame, so that marks at the ends do not stand on it.
  private static let room = 9.0

  private func across(_ share: Double) -> Double { left + Self.room + (width - 2 * Self.room) * share }
  private func down(_ share: Double) -> Double { top + Self.room + (height - 2 * Self.room) * (1 - share) }

  /// Nil where an axis cannot show it.
  func place(x value: Double, y height: Double) -> (x: Double, y: Double)? {
    guard let right = x.share(value), let up = y.share(height) else { return nil }
    return (across(right), down(up))
  }

  /// Where a value of y is drawn; nil where the axis cannot show it.
  func height(of value: Double) -> Double? { y.share(value).map(down) }

  func draw(on drawing: inout SVGDrawing) {
    let bottom = top + height
    for tick in x.ticks {
      guard let across = x.share(tick.value).map(across) else { continue }
      drawing.polyline([(across, top), (across, bottom)], "grid")
      drawing.text(tick.label, x: across, y: bottom + 17, anchor: .middle)
    }
    for tick in y.ticks {
      guard let down = y.share(tick.value).map(down) else { continue }
      drawing.polyline([(left, down), (left + width, down)], "grid")
      drawing.text(tick.label, x: left - 7, y: down + 4, anchor: .end)
    }
    drawing.rectangle(x: left, y: top, width: width, height: height, "frame")
    drawing.text(x.title, x: left + width / 2, y: bottom + 37, "quiet", anchor: .middle)
    drawing.text(y.title, x: 14, y: top + height / 2, "quiet", anchor: .middle, angle: -90)
  }
}
