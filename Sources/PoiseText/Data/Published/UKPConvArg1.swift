import PoiseFiles

/// UKPConvArg1 (Habernal & Gurevych 2016, "Which argument is more convincing?"): which of two arguments for one stance on a
/// topic five people found more convincing. Two files of JSON Lines:
/// - pairs: `{"topic", "stance", "a", "b", "votes_a", "votes_b", "votes_tie", "gold"}`, where `a` and `b` are ids and `gold` is
///   `a1`, `a2`, `equal` or empty;
/// - arguments: `{"id", "text"}`.
///
/// A pair is used where the gold label, which weighs voters by how reliable they are, and the majority of the plain votes name
/// the same argument. The preference is the share of the votes, so a label that they contradict would say two things at once.
enum UKPConvArg1 {
  static let reasons: [SkipReason] = [
    .unknownArgument, .equalAnswers, .emptyAnswer, .noVotes, .goldMissing, .goldEqual, .tiedVotes, .goldAgainstVotes,
  ]

  static func read(pairs path: String, arguments: String) throws -> PublishedPairs {
    let texts = try readArguments(arguments)
    var pairs = PublishedPairs()
    try JSONLines.read(path) { line, json in
      let row = try Row(RecordFields(json, path: path, line: line))
      pairs.add { () throws(SkipReason) in try row.pair(texts) }
    }
    return try pairs.requirePairs(of: path)
  }

  private static func readArguments(_ path: String) throws -> [String: String] {
    var texts: [String: String] = [:]
    try JSONLines.read(path) { line, json in
      let fields = try RecordFields(json, path: path, line: line)
      if json["id"] == nil {
        throw fields.wrong("an argument with an \"id\" was expected. Give the pairs first, then the arguments.")
      }
      let id = try fields.string("id")
      guard texts.updateValue(try fields.string("text"), forKey: id) == nil else {
        throw fields.wrong("the argument \"\(id)\" is there twice.")
      }
    }
    return texts
  }

  private enum Gold: String { case first = "a1", second = "a2", equal = "equal", missing = "" }

  private struct Row {
    let topic: String
    let stance: String
    let ids: (first: String, second: String)
    let votes: Votes
    let gold: Gold

    init(_ fields: RecordFields) throws(DataError) {
      topic = try fields.string("topic")
      stance = try fields.string("stance")
      ids = (try fields.string("a"), try fields.string("b"))
      votes = Votes(
        first: try fields.count("votes_a"), second: try fields.count("votes_b"), ties: try fields.count("votes_tie"))
      let name = try fields.string("gold")
      guard let gold = Gold(rawValue: name) else {
        throw fields.wrong("\"gold\" should be \"a1\", \"a2\", \"equal\" or empty, and is \"\(name)\".")
      }
      self.gold = gold
    }

    func pair(_ texts: [String: String]) throws(SkipReason) -> PublishedPair {
      guard let first = texts[ids.first], let second = texts[ids.second] else { throw .unknownArgument }
      try PublishedPair.requireTwoAnswers(first, second)
      guard votes.count > 0 else { throw .noVotes }
      guard gold != .missing else { throw .goldMissing }
      guard gold != .equal else { throw .goldEqual }
      guard votes.first != votes.second else { throw .tiedVotes }
      guard (gold == .first) == (votes.first > votes.second) else { throw .goldAgainstVotes }
      return PublishedPair(
        prompt: "Topic: \(topic)\nStance: \(stance)\nArgument:", first, second, votes: votes, group: topic)
    }
  }
}

extension RecordFields {
  /// - Throws: where the key is absent or holds no string.
  func string(_ key: String) throws(DataError) -> String {
    guard let text = json[key]?.string else {
      throw wrong("\"\(key)\" should be a string, and is \(json[key]?.kind ?? "not there").")
    }
    return text
  }

  /// - Throws: where the key is absent or holds no integer from 0.
  func count(_ key: String) throws(DataError) -> Int {
    guard let count = json[key]?.int, count >= 0 else {
      throw wrong("\"\(key)\" should be a number of votes (an integer from 0), and is \(json[key]?.line ?? "not there").")
    }
    return count
  }
}
