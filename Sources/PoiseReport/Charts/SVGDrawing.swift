import PoiseFiles

/// A picture of lines, rectangles and words, without scripts or outside references.
public struct SVGDrawing: Sendable {
  public let title: String
  let width: Double
  let height: Double
  private let smallestScale: Double
  private var elements: [String] = []

  enum Anchor: String { case start, middle, end }

  /// - Parameters:
  ///   - title: what screen readers say.
  ///   - width: in pixels at its natural size, as `height` and all positions.
  ///   - smallestScale: how small a page may make it before its words become unreadable.
  init(title: String, width: Double, height: Double, smallestScale: Double) {
    (self.title, self.width, self.height, self.smallestScale) = (title, width, height, smallestScale)
  }

  /// To be put into a page that has ``ChartTheme/css``.
  public var inline: String { svg(style: " style=\"min-width: \(number(smallestScale * width))px\"", head: "") }

  /// A file of its own.
  public var standalone: String {
    let style = "<style>\n\(ChartTheme.css)\n</style>\n<rect width=\"100%\" height=\"100%\" style=\"fill: var(--page)\"/>\n"
    return svg(style: "", head: style)
  }

  private func svg(style: String, head: String) -> String {
    let size = "viewBox=\"0 0 \(number(width)) \(number(height))\" width=\"\(number(width))\" height=\"\(number(height))\""
    let label = "role=\"img\" aria-label=\"\(title.asMarkupText)\""
    return "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" \(size) \(label)\(style)>\n" + head
      + elements.joined(separator: "\n") + "\n</svg>\n"
  }

  /// - Parameter angle: degrees clockwise about its own position.
  mutating func text(
    _ words: String, x: Double, y: Double, _ style: String = "", anchor: Anchor = .start, angle: Double = 0
  ) {
    let turn = angle == 0 ? "" : " transform=\"rotate(\(number(angle)) \(number(x)) \(number(y)))\""
    let place = "x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor.rawValue)\""
    elements.append("<text class=\"\(style)\" \(place)\(turn)>\(words.asMarkupText)</text>")
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], _ style: String) {
    let steps = points.map { number($0.x) + " " + number($0.y) }
    elements.append("<path class=\"\(style)\" d=\"M\(steps.joined(separator: "L"))\"/>")
  }

  mutating func polygon(_ corners: [(x: Double, y: Double)], _ style: String) {
    let steps = corners.map { number($0.x) + " " + number($0.y) }
    elements.append("<path class=\"\(style)\" d=\"M\(steps.joined(separator: "L"))Z\"/>")
  }

  /// - Parameter strength: of its fill, from 0 to 1.
  mutating func rectangle(x: Double, y: Double, width: Double, height: Double, _ style: String, strength: Double? = nil) {
    let place = "x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\""
    let opacity = strength.map { " fill-opacity=\"\($0.formatted(decimals: 2))\"" } ?? ""
    elements.append("<rect class=\"\(style)\" \(place)\(opacity)/>")
  }

  /// A mark of a series: its number decides colour and form.
  ///
  /// - Parameter hint: shown where a pointer rests on it.
  mutating func mark(series: Int, x: Double, y: Double, hint: String = "") {
    let style = "fill-\(series % ChartTheme.seriesColourCount)"
    let title = hint.isEmpty ? "" : "<title>\(hint.asMarkupText)</title>"
    let corners: [(Double, Double)]
    switch series % 5 {
    case 0:
      elements.append("<circle class=\"\(style)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\">\(title)</circle>")
      return
    case 1: corners = [(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)]
    case 2: corners = [(0, -5), (4.6, 3.6), (-4.6, 3.6)]
    case 3: corners = [(0, -5.2), (5.2, 0), (0, 5.2), (-5.2, 0)]
    default: corners = [(0, 5), (4.6, -3.6), (-4.6, -3.6)]
    }
    let points = corners.map { number(x + $0.0) + "," + number(y + $0.1) }.joined(separator: " ")
    elements.append("<polygon class=\"\(style)\" points=\"\(points)\">\(title)</polygon>")
  }

  /// A tenth of a pixel is finer than a screen.
  private func number(_ x: Double) -> String { x.formatted(decimals: 1) }
}

extension String {
  /// As text or an attribute of XML and HTML, whatever a model wrote: characters that may not stand there become U+FFFD.
  var asMarkupText: String {
    let allowed = unicodeScalars.map { scalar -> Unicode.Scalar in
      let isControl = scalar.value < 0x20 && ![0x09, 0x0A, 0x0D].contains(scalar.value)
      return isControl || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE ? "\u{FFFD}" : scalar
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: allowed)
    return String(text).escapedForXML.replacing(">", with: "&gt;")
  }
}
