import PoiseFiles

/// A matrix of shares around ½: blue above, vermilion below, stronger the further away; the numbers stay readable on both.
public struct HeatMap: Sendable {
  public struct Cell: Sendable {
    /// From 0 to 1.
    public var value: Double
    /// The number, and what stands under it in small.
    public var text: String
    public var note: String

    public init(_ value: Double, text: String, note: String = "") { (self.value, self.text, self.note) = (value, text, note) }
  }

  public var title: String
  public var rows: [String]
  public var columns: [String]
  /// By row and column; nil stays empty.
  public var cells: [[Cell?]]

  /// - Precondition: `cells` has a row a name, and each as many as there are columns.
  public init(title: String, rows: [String], columns: [String], cells: [[Cell?]]) {
    precondition(cells.count == rows.count && cells.allSatisfy { $0.count == columns.count })
    (self.title, self.rows, self.columns, self.cells) = (title, rows, columns, cells)
  }

  /// As far from ½ as the strongest colour is reached.
  private static let farthest = 0.35
  private static let cell = (width: 76.0, height: 46.0)

  public var drawing: SVGDrawing {
    let longest = (rows.map(\.count).max() ?? 0)
    let left = 20 + 7.2 * Double(longest)
    let top = 58.0
    let width = max(left + Self.cell.width * Double(columns.count) + 8, 300)
    let height = top + Self.cell.height * Double(rows.count) + 8
    var drawing = SVGDrawing(title: title, width: width, height: height, smallestScale: 0.85)
    drawing.text(title, x: 8, y: 20, "title")
    for (index, name) in columns.enumerated() {
      let middle = left + Self.cell.width * (Double(index) + 0.5)
      drawing.text(shortened(name), x: middle, y: top - 8, anchor: .middle)
    }
    for (row, name) in rows.enumerated() {
      let y = top + Self.cell.height * Double(row)
      drawing.text(name, x: left - 8, y: y + Self.cell.height / 2 + 4, anchor: .end)
      for (column, cell) in cells[row].enumerated() {
        draw(cell, x: left + Self.cell.width * Double(column), y: y, &drawing)
      }
    }
    return drawing
  }

  private func draw(_ cell: Cell?, x: Double, y: Double, _ drawing: inout SVGDrawing) {
    let (width, height) = (Self.cell.width - 2, Self.cell.height - 2)
    guard let cell else { return drawing.rectangle(x: x, y: y, width: width, height: height, "grid") }
    let strength = min(abs(cell.value - 0.5) / Self.farthest, 1)
    let style = cell.value >= 0.5 ? "above" : "below"
    drawing.rectangle(x: x, y: y, width: width, height: height, style, strength: strength)
    drawing.rectangle(x: x, y: y, width: width, height: height, "grid")
    let middle = x + width / 2
    drawing.text(cell.text, x: middle, y: y + (cell.note.isEmpty ? height / 2 + 5 : 20), "number", anchor: .middle)
    if !cell.note.isEmpty { drawing.text(cell.note, x: middle, y: y + 35, "note", anchor: .middle) }
  }

  /// Longer names would run into their neighbours.
  private func shortened(_ name: String) -> String { name.count <= 11 ? name : name.prefix(10) + "…" }
}
