import PoiseFiles

/// The cells of a row, and where it begins.
struct CSVRow: Equatable {
  /// One-based.
  let line: Int
  let cells: [String]
}

/// Comma-separated values as RFC 4180 has them: cells may stand in double quotes, in which a quote is doubled. Blank lines and
/// spaces around cells are left out.
///
/// Of its own, because what a reader of games must refuse, packages forgive: SwiftCSV 0.10 fills short rows with empty cells,
/// takes the end of the file for a missing quote, and names no row in its errors.
struct CSVRows {
  private let bytes: [UInt8]
  private let path: String
  private var position = 0
  private var line = 1

  static func parse(_ bytes: [UInt8], path: String) throws(DataError) -> [CSVRow] {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var reader = CSVRows(bytes: bytes, path: path)
    if bytes.starts(with: byteOrderMark) { reader.position = byteOrderMark.count }
    var rows: [CSVRow] = []
    while reader.position < bytes.count {
      let row = try reader.row()
      if row.cells != [""] { rows.append(row) }
    }
    return rows
  }

  private init(bytes: [UInt8], path: String) { (self.bytes, self.path) = (bytes, path) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func row() throws(DataError) -> CSVRow {
    let start = line
    var cells = [try cell()]
    while next == UInt8(ascii: ",") {
      position += 1
      cells.append(try cell())
    }
    let isCarriageReturn = next == 0x0D
    position += 1
    if isCarriageReturn, next == 0x0A { position += 1 }
    line += 1
    return CSVRow(line: start, cells: cells)
  }

  private mutating func cell() throws(DataError) -> String {
    skipSpaces()
    guard next == UInt8(ascii: "\"") else { return try plainCell() }
    let cell = try quotedCell()
    skipSpaces()
    guard Self.endsCell(next) else { throw wrong("A comma was expected after a cell in quotes.") }
    return cell
  }

  private mutating func plainCell() throws(DataError) -> String {
    let start = position
    while !Self.endsCell(next) {
      guard next != UInt8(ascii: "\"") else { throw wrong("A quote stands inside a cell that does not begin with one.") }
      position += 1
    }
    var end = position
    while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
    return try text(bytes[start..<end])
  }

  private mutating func quotedCell() throws(DataError) -> String {
    let opening = line
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard next == byte else { return try text(content[...]) }
        position += 1
      }
      if byte == 0x0A { line += 1 }
      content.append(byte)
    }
    throw DataError(path, line: opening, "A quote is opened and never closed.")
  }

  private mutating func skipSpaces() { while let byte = next, Self.isSpace(byte) { position += 1 } }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func endsCell(_ byte: UInt8?) -> Bool {
    byte == nil || byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws(DataError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw wrong("This is not UTF-8 text.") }
    return text
  }

  private func wrong(_ problem: String) -> DataError { DataError(path, line: line, problem) }
}
