import Foundation
import PoiseFiles

/// Ways of algorithms in a game of three answers, drawn on the simplex: a corner an answer, a triangle an algorithm. One SVG
/// file without scripts or outside references, in colours that the colour-blind can tell apart (Okabe & Ito 2008), for light and
/// dark pages.
public struct SimplexDrawing {
  /// One triangle.
  public struct Panel {
    public var title: String
    /// Under the title; how it ends, for example.
    public var note: String
    /// Policies of three answers, in order.
    public var path: [[Double]]

    public init(title: String, note: String, path: [[Double]]) {
      precondition(path.allSatisfy { $0.count == 3 })
      self.title = title
      self.note = note
      self.path = path
    }
  }

  private let title: String
  private let actions: [String]
  private let nash: [Double]
  private let panels: [Panel]

  private let columns: Int
  private static let cell = (width: 240.0, height: 268.0)
  private static let head = 64.0
  private static let margin = 16.0

  /// - Parameters:
  ///   - title: of the whole drawing.
  ///   - actions: three names.
  ///   - nash: the equilibrium that every triangle marks.
  ///   - panels: the triangles, in rows of four; one at least.
  public init(title: String, actions: [String], nash: [Double], panels: [Panel]) {
    precondition(actions.count == 3 && nash.count == 3 && !panels.isEmpty)
    self.title = title
    self.actions = actions
    self.nash = nash
    self.panels = panels
    columns = min(4, panels.count)
  }

  public var svg: String {
    let rows = (panels.count + columns - 1) / columns
    let width = max(Self.cell.width * Double(columns), 480) + 2 * Self.margin
    let height = Self.head + Self.cell.height * Double(rows) + Self.margin
    let cells = panels.enumerated().map { index, panel in
      let x = Self.margin + Self.cell.width * Double(index % columns)
      let y = Self.head + Self.cell.height * Double(index / columns)
      return "<g transform=\"translate(\(number(x)) \(number(y)))\">\n\(drawing(of: panel))\n</g>"
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" width="\(number(width))" \
      height="\(number(height))" role="img" aria-label="\(title.escapedForXML)">
      <style>
      svg { --page: #ffffff; --ink: #222222; --faint: #b4b4b4; --way: #0072b2; --nash: #d55e00; --end: #009e73; }
      @media (prefers-color-scheme: dark) { svg { --page: #16181c; --ink: #e8e8e8; --faint: #565a62; --way: #56b4e9; \
      --nash: #e69f00; --end: #2fc79b; } }
      text { font-family: system-ui, sans-serif; fill: var(--ink); }
      .title { font-size: 17px; font-weight: 600; } .name { font-size: 14px; font-weight: 600; }
      .note { font-size: 11px; } .corner { font-size: 11px; }
      .frame { fill: none; stroke: var(--faint); stroke-width: 1; }
      .way { fill: none; stroke: var(--way); stroke-width: 1.4; stroke-linejoin: round; }
      .start { fill: var(--page); stroke: var(--way); stroke-width: 1.6; } .end { fill: var(--end); }
      .nash { fill: none; stroke: var(--nash); stroke-width: 2; }
      </style>
      <rect width="100%" height="100%" fill="var(--page)"/>
      <text class="title" x="\(number(Self.margin))" y="26">\(title.escapedForXML)</text>
      \(legend)
      \(cells.joined(separator: "\n"))
      </svg>

      """
  }

  private var legend: String {
    """
    <g transform="translate(\(number(Self.margin)) 46)">
    <circle class="start" cx="5" cy="0" r="4"/><text class="note" x="14" y="4">start</text>
    <circle class="end" cx="65" cy="0" r="4.5"/><text class="note" x="74" y="4">where it was last</text>
    <path class="nash" d="\(Self.cross(185, 0))"/><text class="note" x="196" y="4">regularised Nash equilibrium</text>
    </g>
    """
  }

  private func drawing(of panel: Panel) -> String {
    let corners = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]].map(place)
    let frame = corners.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    let way = panel.path.map(place).map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    var parts = [
      "<text class=\"name\" x=\"0\" y=\"14\">\(panel.title.escapedForXML)</text>",
      "<text class=\"note\" x=\"0\" y=\"30\">\(panel.note.escapedForXML)</text>",
      "<polygon class=\"frame\" points=\"\(frame)\"/>", "<polyline class=\"way\" points=\"\(way)\"/>",
    ]
    for (corner, name, anchor) in zip3(corners, actions, ["start", "end", "middle"]) {
      let y = corner.y + (anchor == "middle" ? -6 : 14)
      let label = String(name.prefix(18)).escapedForXML
      parts.append(
        "<text class=\"corner\" text-anchor=\"\(anchor)\" x=\"\(number(corner.x))\" y=\"\(number(y))\">\(label)</text>")
    }
    let equilibrium = place(nash)
    parts.append("<path class=\"nash\" d=\"\(Self.cross(equilibrium.x, equilibrium.y))\"/>")
    if let first = panel.path.first.map(place), let last = panel.path.last.map(place) {
      parts.append("<circle class=\"start\" cx=\"\(number(first.x))\" cy=\"\(number(first.y))\" r=\"3.5\"/>")
      parts.append("<circle class=\"end\" cx=\"\(number(last.x))\" cy=\"\(number(last.y))\" r=\"4\"/>")
    }
    return parts.joined(separator: "\n")
  }

  /// Barycentric coordinates: the first answer to the left, the second to the right, the third above.
  private func place(_ policy: [Double]) -> (x: Double, y: Double) {
    let (left, side, bottom) = (8.0, 208.0, 244.0)
    return (left + side * (policy[1] + policy[2] / 2), bottom - side * policy[2] * 3.0.squareRoot() / 2)
  }

  private static func cross(_ x: Double, _ y: Double) -> String {
    "M\(number(x - 5)) \(number(y - 5))L\(number(x + 5)) \(number(y + 5))"
      + "M\(number(x - 5)) \(number(y + 5))L\(number(x + 5)) \(number(y - 5))"
  }
}

/// A tenth of a pixel is finer than a screen.
private func number(_ x: Double) -> String { String(format: "%.1f", x) }

private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] { zip(zip(a, b), c).map { ($0.0, $0.1, $1) } }
