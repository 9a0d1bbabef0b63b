import PoiseFiles

/// The two JSON forms of a game.
struct JSONGame {
  let path: String
  let unseen: PreferenceGame.UnseenPairs

  private static var keys: [String] { ["preferences", "votes", "reference", "data", "rewards", "actions"] }

  func game(_ json: JSON) throws(DataError) -> NamedGame {
    guard let object = json.object else {
      throw wrong("A JSON object with \"preferences\" or \"votes\" was expected, and this is \(json.kind).")
    }
    if let unknown = object.keys.first(where: { !Self.keys.contains($0) }) {
      throw wrong("The key \"\(unknown)\" is unknown. A game has the keys \(Self.keys.joined(separator: ", ")).")
    }
    guard (object["preferences"] == nil) != (object["votes"] == nil) else {
      throw wrong("Either \"preferences\" or \"votes\" was expected, and not both.")
    }
    let matrix = try matrix(object, object["votes"] == nil ? "preferences" : "votes")
    let (reference, data) = (try numbers(object, "reference"), try numbers(object, "data"))
    let rewards = try numbers(object, "rewards")
    return try GameFile.build(path, actions: try actions(object, count: matrix.count)) { () throws(GameError) in
      if object["votes"] == nil {
        return try PreferenceGame(preferences: matrix, reference: reference, data: data, rewards: rewards)
      }
      return try .votes(matrix, reference: reference, data: data, rewards: rewards, unseen: unseen)
    }
  }

  private func matrix(_ object: JSON.Object, _ key: String) throws(DataError) -> [[Double]] {
    guard let rows = object[key]?.array else {
      throw wrong("\"\(key)\" should be a list of rows, and is \(object[key]?.kind ?? "absent").")
    }
    var matrix: [[Double]] = []
    matrix.reserveCapacity(rows.count)
    for (index, row) in rows.enumerated() { matrix.append(try numbers(row, "Row \(index) of \"\(key)\"")) }
    return matrix
  }

  private func numbers(_ object: JSON.Object, _ key: String) throws(DataError) -> [Double]? {
    guard let list = object[key] else { return nil }
    return try numbers(list, "\"\(key)\"")
  }

  private func numbers(_ list: JSON, _ name: String) throws(DataError) -> [Double] {
    guard let entries = list.array else { throw wrong("\(name) should be a list of numbers, and is \(list.kind).") }
    var numbers: [Double] = []
    numbers.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      guard let number = entry.double else {
        throw wrong("\(name) should be a list of numbers, and its entry \(index) is \(entry.kind).")
      }
      numbers.append(number)
    }
    return numbers
  }

  private func actions(_ object: JSON.Object, count: Int) throws(DataError) -> [String]? {
    guard let list = object["actions"] else { return nil }
    let names = list.array?.compactMap(\.string)
    guard let names, names.count == list.array?.count else {
      throw wrong("\"actions\" should be a list of strings, the names of the actions.")
    }
    guard names.count == count else {
      throw wrong("\"actions\" has \(names.count) names where the matrix has \(count) rows.")
    }
    try GameFile.check(actions: names, path: path)
    return names
  }

  private func wrong(_ problem: String) -> DataError { DataError(path, problem) }
}
