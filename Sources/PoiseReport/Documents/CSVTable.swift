/// Rows of fields under a header, as RFC 4180 writes them.
public struct CSVTable: Sendable, Equatable {
  public var header: [String]
  public var rows: [[String]]

  public init(_ header: [String], _ rows: [[String]] = []) { (self.header, self.rows) = (header, rows) }

  /// Lines end in a carriage return and a line feed, as the standard says.
  public var text: String { ([header] + rows).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined() }

  /// In quotation marks where it has a comma, a quotation mark, a line break, or white space at an end, which some readers drop.
  private func quoted(_ field: String) -> String {
    let needsQuotes = field.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) } || field.first == " " || field.last == " "
    return needsQuotes ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
  }
}
