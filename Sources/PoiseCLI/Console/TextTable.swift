/// A table for people: columns as wide as their widest cell, numbers to the right.
struct TextTable {
  private var rows: [[String]]
  private let leftColumns: Int

  /// - Parameter leftColumns: how many of the first columns hold words, and stand to the left.
  init(_ header: [String], leftColumns: Int = 1) {
    rows = [header]
    self.leftColumns = leftColumns
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    var lines = rows.map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column < leftColumns ? cell + padding : padding + cell
      }.joined(separator: "  ")
    }
    lines.insert(rule, at: 1)
    return lines.joined(separator: "\n")
  }
}
