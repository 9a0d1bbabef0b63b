import PoiseFiles
import PoiseText
import Testing

@Suite struct UKPConvArg1Tests {
  static let arguments = """
    {"id": "1", "stance": "For", "text": "Tea wakes."}
    {"id": "2", "stance": "For", "text": "Tea wakes, and gently."}
    {"id": "3", "stance": "For", "text": " Tea wakes.\\n"}
    {"id": "4", "stance": "For", "text": " "}
    """

  func row(_ a: String = "1", _ b: String = "2", votes: (Int, Int, Int) = (0, 4, 1), gold: String = "a2") -> String {
    let json: JSON = [
      "topic": "Tea", "stance": "For", "a": .string(a), "b": .string(b), "votes_a": .init(votes.0), "votes_b": .init(votes.1),
      "votes_tie": .init(votes.2), "gold": .string(gold),
    ]
    return json.line
  }

  func read(_ pairs: [String], arguments: String = arguments) throws -> PublishedPairs {
    try withTemporaryFolder { folder in
      try Files.replace(folder + "/pairs.jsonl", with: pairs.joined(separator: "\n"))
      try Files.replace(folder + "/arguments.jsonl", with: arguments)
      return try PublishedFormat.ukpconvarg1.read([folder + "/pairs.jsonl", folder + "/arguments.jsonl"])
    }
  }

  @Test func theBetterArgumentIsChosenWithItsShareOfTheVotes() throws {
    let read = try read([row(), row(votes: (3, 1, 0), gold: "a1"), row("2", "1", votes: (0, 5, 0))])
    let (short, long) = (" Tea wakes.", " Tea wakes, and gently.")
    #expect(read.pairs.map(\.chosen) == [long, short, short] && read.pairs.map(\.rejected) == [short, long, long])
    #expect(read.pairs.map(\.preference) == [0.9, 0.75, 1])
    #expect(read.pairs.allSatisfy { $0.prompt == "Topic: Tea\nStance: For\nArgument:" && $0.group == "Tea" })
    #expect(read.rowCount == 3 && read.skipped.isEmpty)
    #expect(
      read.pairs[1].json == [
        "prompt": "Topic: Tea\nStance: For\nArgument:", "chosen": " Tea wakes.", "rejected": " Tea wakes, and gently.",
        "preference": 0.75,
      ])
  }

  @Test(arguments: [
    ("9", "2", (0, 5, 0), "a2", SkipReason.unknownArgument), ("1", "9", (0, 5, 0), "a2", .unknownArgument),
    ("1", "3", (0, 5, 0), "a2", .equalAnswers), ("1", "1", (0, 0, 5), "equal", .equalAnswers),
    ("4", "1", (0, 5, 0), "a2", .emptyAnswer), ("1", "2", (0, 0, 0), "a2", .noVotes), ("1", "2", (0, 5, 0), "", .goldMissing),
    ("1", "2", (0, 5, 0), "equal", .goldEqual), ("1", "2", (2, 2, 1), "a2", .tiedVotes), ("1", "2", (0, 0, 5), "a1", .tiedVotes),
    ("1", "2", (1, 4, 0), "a1", .goldAgainstVotes), ("1", "2", (3, 2, 0), "a2", .goldAgainstVotes),
  ])
  func rowsThatDecideNothingAreCountedByReason(
    _ a: String, _ b: String, _ votes: (Int, Int, Int), _ gold: String, reason: SkipReason
  ) throws {
    let read = try read([row(), row(a, b, votes: votes, gold: gold)])
    #expect(read.pairs.count == 1 && read.rowCount == 2 && read.skipped == [reason: 1])
    #expect(PublishedFormat.ukpconvarg1.reasons.contains(reason))
  }

  @Test(arguments: [
    (#"{"topic": "Tea"}"#, 2, #""stance" should be a string, and is not there"#),
    (#"{"topic": 1}"#, 2, #""topic" should be a string, and is a number"#), ("[]", 2, "one JSON object a line was expected"),
    (
      #"{"topic": "T", "stance": "s", "a": "1", "b": "2", "votes_a": -1}"#, 2,
      #""votes_a" should be a number of votes (an integer from 0), and is -1"#
    ),
    (
      #"{"topic": "T", "stance": "s", "a": "1", "b": "2", "votes_a": 1, "votes_b": 1, "votes_tie": 1, "gold": "b"}"#, 2,
      #""gold" should be "a1", "a2", "equal" or empty, and is "b""#
    ),
  ])
  func aLineOfAnotherFormatIsNamed(line: String, number: Int, problem: String) throws {
    let error = #expect(throws: DataError.self) { try read([row(), line]) }
    #expect(error?.line == number && error?.path.hasSuffix("/pairs.jsonl") == true)
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }

  @Test func wrongArgumentsAreNamed() throws {
    let twice = #expect(throws: DataError.self) {
      try read([row()], arguments: Self.arguments + "\n" + #"{"id": "2", "text": "x"}"#)
    }
    #expect(twice?.line == 5 && twice?.problem == "the argument \"2\" is there twice.")
    let swapped = #expect(throws: DataError.self) { try read([Self.arguments], arguments: row()) }
    #expect(swapped?.path.hasSuffix("/arguments.jsonl") == true)
    #expect(swapped?.problem.hasSuffix("Give the pairs first, then the arguments.") == true)
  }

  @Test func aFileThatDecidesNothingIsRefused() throws {
    let error = #expect(throws: DataError.self) { try read([row(gold: ""), row(gold: "equal")]) }
    #expect(error?.problem.hasPrefix("none of its 2 rows says which of two answers is better.") == true)
  }

  /// Counted by a program in another language that shares nothing with this one.
  @Test(.enabled(if: OutsideData.isThere)) func thePublishedFilesAreCountedRight() throws {
    let read = try PublishedFormat.ukpconvarg1.read([
      OutsideData.path("preference/ukpconvarg1_pairs.jsonl.gz"), OutsideData.path("preference/ukpconvarg1_arguments.jsonl.gz"),
    ])
    #expect(read.rowCount == 13_095 && read.pairs.count == 9_194)
    #expect(read.skipped == [.equalAnswers: 14, .goldMissing: 660, .goldEqual: 2_493, .tiedVotes: 554, .goldAgainstVotes: 180])
    let held = ["Evolution vs. Creation", "William Farquhar ought to be honoured as the rightful founder of Singapore"]
    let (training, heldOut) = try HeldOutChoice.topics(held).split(read.pairs)
    #expect(training.count == 7_582 && heldOut.count == 1_612 && Set(heldOut.map(\.prompt)).count == 4)
    let report = ImportReport(.ukpconvarg1, read, training: training, heldOut: heldOut)
    #expect(abs(report.training.longerWins! - 0.7522421524663677) < 1e-12)
    #expect(abs(report.heldOut.longerWins! - 0.7599255583126551) < 1e-12)
  }
}
