import PoiseFiles

/// PandaLM's human-annotated test set (Wang et al. 2023): a JSON list of `{"instruction", "input", "response1", "response2",
/// "annotator1", "annotator2", "annotator3"}`, where an annotator says 0 for a tie, 1 or 2.
///
/// A spreadsheet stood between the annotators and the file, and answers such as `true` became booleans: such rows are skipped.
enum PandaLM {
  static let reasons: [SkipReason] = [.wrongType, .emptyPrompt, .equalAnswers, .emptyAnswer, .tiedVotes]

  static func read(_ path: String) throws -> PublishedPairs {
    guard let rows = try Files.parseJSON(try Files.readInput(path), path: path).array else {
      throw DataError(path, "one list of objects was expected, as PandaLM's testset-v1.json is.")
    }
    var pairs = PublishedPairs()
    for (index, row) in rows.enumerated() {
      try requireKeys(row, index, path)
      pairs.add { () throws(SkipReason) in try pair(row) }
    }
    return try pairs.requirePairs(of: path)
  }

  private static let texts = ["instruction", "input", "response1", "response2"]
  private static let annotators = ["annotator1", "annotator2", "annotator3"]

  private static func requireKeys(_ row: JSON, _ index: Int, _ path: String) throws(DataError) {
    guard let missing = (texts + annotators).first(where: { row[$0] == nil }) else { return }
    throw DataError(path, "row \(index + 1): \"\(missing)\" was expected, and is not there.")
  }

  private static func pair(_ row: JSON) throws(SkipReason) -> PublishedPair {
    let texts = texts.compactMap { row[$0]?.string }
    let choices = annotators.compactMap { row[$0]?.int }.filter((0...2).contains)
    guard texts.count == Self.texts.count, choices.count == annotators.count else { throw .wrongType }
    guard !texts[0].trimmed.isEmpty else { throw .emptyPrompt }
    try PublishedPair.requireTwoAnswers(texts[2], texts[3])
    func count(_ choice: Int) -> Int { choices.count { $0 == choice } }
    let votes = Votes(first: count(1), second: count(2), ties: count(0))
    guard votes.first != votes.second, votes.ties * 2 <= votes.count else { throw .tiedVotes }
    let prompt = prompt(instruction: texts[0].trimmed, input: texts[1].trimmed)
    return PublishedPair(prompt: prompt, texts[2], texts[3], votes: votes, group: prompt)
  }

  private static func prompt(instruction: String, input: String) -> String {
    "Instruction: \(instruction)\n\n" + (input.isEmpty ? "" : "Input: \(input)\n\n") + "Response:"
  }
}
