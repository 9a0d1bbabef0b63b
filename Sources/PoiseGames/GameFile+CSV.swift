import PoiseFiles

/// The two CSV forms of a game.
struct CSVGame {
  let path: String
  let unseen: PreferenceGame.UnseenPairs

  func game(_ rows: [CSVRow]) throws(DataError) -> NamedGame {
    guard let header = rows.first else { throw DataError(path, "The file has no rows.") }
    if header.cells[0].isEmpty { return try matrix(header, rows.dropFirst()) }
    return try comparisons(try columns(header), rows.dropFirst())
  }

  // MARK: matrices

  private func matrix(_ header: CSVRow, _ rows: ArraySlice<CSVRow>) throws(DataError) -> NamedGame {
    let actions = Array(header.cells.dropFirst())
    try GameFile.check(actions: actions, path: path, line: header.line)
    guard rows.count == actions.count else {
      throw DataError(
        path, "The first row names \(actions.count) actions, and \(rows.count) rows follow. One was expected for each.")
    }
    var preferences: [[Double]] = []
    for (action, row) in zip(actions, rows) {
      try check(row, cells: header.cells.count)
      guard ExactString(row.cells[0]) == ExactString(action) else {
        throw wrong(
          row,
          "This is the row of \"\(row.cells[0])\", and that of \"\(action)\" was expected: rows stand in the order of columns.")
      }
      preferences.append(try entries(row, actions))
    }
    return try GameFile.build(path, actions: actions) { () throws(GameError) in
      try PreferenceGame(preferences: preferences)
    }
  }

  private func entries(_ row: CSVRow, _ actions: [String]) throws(DataError) -> [Double] {
    var entries: [Double] = []
    entries.reserveCapacity(actions.count)
    for (cell, other) in zip(row.cells.dropFirst(), actions) {
      guard let entry = number(cell) else {
        throw wrong(row, "The preference of \"\(row.cells[0])\" over \"\(other)\" is \"\(cell)\", and a number was expected.")
      }
      entries.append(entry)
    }
    return entries
  }

  // MARK: comparisons

  /// Where the cells of a comparison stand in a row.
  private struct Columns {
    let count: Int
    let first: Int
    let second: Int
    let preference: Int?
    let weight: Int?
  }

  private func columns(_ header: CSVRow) throws(DataError) -> Columns {
    let names = header.cells
    let isOfPairs = names.contains("preference")
    let (first, second) = isOfPairs ? ("first", "second") : ("winner", "loser")
    guard let firstPlace = names.firstIndex(of: first), let secondPlace = names.firstIndex(of: second) else {
      throw wrong(
        header,
        "The first row names the columns: an empty cell and then the actions; or first, second, preference; or winner, loser. "
          + "The latter two may go on with weight.")
    }
    let known = [first, second, "weight"] + (isOfPairs ? ["preference"] : [])
    for (place, name) in names.enumerated() {
      guard known.contains(name) else { throw wrong(header, "The column \"\(name)\" is unknown beside \(first) and \(second).") }
      guard !names[..<place].contains(name) else { throw wrong(header, "There are two columns called \"\(name)\".") }
    }
    return Columns(
      count: names.count, first: firstPlace, second: secondPlace, preference: names.firstIndex(of: "preference"),
      weight: names.firstIndex(of: "weight"))
  }

  /// The matrix of a game grows with the square of its actions, of which every comparison may name two new ones. What is beyond
  /// takes minutes to solve.
  static let mostActions = 2_048

  /// How often the first of two actions was preferred to the second, and the other way round.
  private struct Comparison {
    let first: Int
    let second: Int
    let wins: Double
    let losses: Double
  }

  private func comparisons(_ columns: Columns, _ rows: ArraySlice<CSVRow>) throws(DataError) -> NamedGame {
    var actions: [String] = []
    var indices: [ExactString: Int] = [:]
    func index(_ row: CSVRow, _ place: Int) throws(DataError) -> Int {
      let name = row.cells[place]
      guard !name.isEmpty else { throw wrong(row, "The name of an action is empty.") }
      if let index = indices[ExactString(name)] { return index }
      indices[ExactString(name)] = actions.count
      actions.append(name)
      return actions.count - 1
    }
    var comparisons: [Comparison] = []
    for row in rows {
      try check(row, cells: columns.count)
      let (first, second) = (try index(row, columns.first), try index(row, columns.second))
      guard first != second else { throw wrong(row, "\"\(actions[first])\" is compared with itself.") }
      let times = if let place = columns.weight { try weight(row, row.cells[place]) } else { 1.0 }
      let preference = if let place = columns.preference { try share(row, row.cells[place]) } else { 1.0 }
      comparisons.append(
        Comparison(first: first, second: second, wins: times * preference, losses: times * (1 - preference)))
    }
    guard actions.count <= CSVGame.mostActions else {
      throw DataError(path, "The file compares \(actions.count) actions. A game of comparisons may have \(CSVGame.mostActions).")
    }
    return try GameFile.build(path, actions: actions) { () throws(GameError) in
      try .votes(tally(comparisons, count: actions.count), unseen: unseen)
    }
  }

  private func tally(_ comparisons: [Comparison], count: Int) -> [[Double]] {
    var wins = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for comparison in comparisons {
      wins[comparison.first][comparison.second] += comparison.wins
      wins[comparison.second][comparison.first] += comparison.losses
    }
    return wins
  }

  private func share(_ row: CSVRow, _ cell: String) throws(DataError) -> Double {
    guard let share = number(cell), share >= 0, share <= 1 else {
      throw wrong(row, "The preference is \"\(cell)\", and a number from 0 to 1 was expected.")
    }
    return share
  }

  private func weight(_ row: CSVRow, _ cell: String) throws(DataError) -> Double {
    guard let weight = number(cell), weight >= 0 else {
      throw wrong(row, "The weight is \"\(cell)\", and a number that is not negative was expected.")
    }
    return weight
  }

  // MARK: cells

  /// A decimal number; nil for `nan`, `inf` and hexadecimal ones, which `Double` would read.
  private func number(_ cell: String) -> Double? {
    let isDecimal = cell.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"), UInt8(ascii: "E"): true
      default: false
      }
    }
    guard isDecimal, let number = Double(cell), number.isFinite else { return nil }
    return number
  }

  private func check(_ row: CSVRow, cells: Int) throws(DataError) {
    guard row.cells.count == cells else {
      throw wrong(row, "This row has \(row.cells.count) cells where the first has \(cells).")
    }
  }

  private func wrong(_ row: CSVRow, _ problem: String) -> DataError { DataError(path, line: row.line, problem) }
}
