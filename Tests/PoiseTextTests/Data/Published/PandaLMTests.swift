import PoiseFiles
import PoiseText
import Testing

@Suite struct PandaLMTests {
  static func row(_ changes: [String: JSON] = [:], votes: [JSON] = [2, 2, 0]) -> JSON {
    let row: JSON = [
      "idx": 0, "instruction": "Greet.", "input": "Ann", "response1": "Hi", "response2": "Hello, Ann\n", "annotator1": votes[0],
      "annotator2": votes[1], "annotator3": votes[2],
    ]
    return row.setting(changes)
  }

  func read(_ json: JSON) throws -> PublishedPairs {
    try withTemporaryFolder { folder in
      try Files.replace(folder + "/test.json", with: json.page)
      return try PublishedFormat.pandalm.read([folder + "/test.json"])
    }
  }

  @Test func theMajoritysResponseIsChosenWithItsShareOfTheVotes() throws {
    let votes: [[JSON]] = [[2, 2, 2], [2, 2, 0], [1, 2, 1], [0, 1, 1]]
    let read = try read(.array(votes.map { Self.row(votes: $0) } + [Self.row(["input": " "])]))
    let (fiveSixths, twoThirds) = (2.5 / 3, 2.0 / 3)
    #expect(read.pairs.map(\.preference) == [1, fiveSixths, twoThirds, fiveSixths, fiveSixths])
    #expect(read.pairs.map(\.chosen) == [" Hello, Ann", " Hello, Ann", " Hi", " Hi", " Hello, Ann"])
    #expect(read.pairs[0].rejected == " Hi" && read.pairs[3].rejected == " Hello, Ann")
    #expect(read.pairs[0].prompt == "Instruction: Greet.\n\nInput: Ann\n\nResponse:")
    #expect(read.pairs[4].prompt == "Instruction: Greet.\n\nResponse:" && read.pairs.allSatisfy { $0.group == $0.prompt })
  }

  @Test(arguments: [
    (row(["response1": true]), SkipReason.wrongType), (row(["input": 4]), .wrongType), (row(["annotator2": "2"]), .wrongType),
    (row(["annotator2": 3]), .wrongType), (row(["instruction": " "]), .emptyPrompt), (row(["response1": "\n"]), .emptyAnswer),
    (row(["response1": "Hello, Ann"]), .equalAnswers), (row(votes: [0, 0, 1]), .tiedVotes), (row(votes: [0, 0, 0]), .tiedVotes),
    (row(votes: [0, 1, 2]), .tiedVotes),
  ])
  func rowsThatDecideNothingAreCountedByReason(_ row: JSON, reason: SkipReason) throws {
    let read = try read([row, Self.row()])
    #expect(read.pairs.count == 1 && read.skipped == [reason: 1])
    #expect(PublishedFormat.pandalm.reasons.contains(reason))
  }

  @Test func anotherFormatIsRefusedWithItsPlace() throws {
    let list = #expect(throws: DataError.self) { try read(["a": 1]) }
    #expect(list?.problem.hasPrefix("one list of objects was expected") == true)
    let row = #expect(throws: DataError.self) { try read([Self.row(), ["instruction": "Greet."]]) }
    #expect(row?.problem == "row 2: \"input\" was expected, and is not there.")
    let number = #expect(throws: DataError.self) { try read([Self.row(), 3]) }
    #expect(number?.problem == "row 2: \"instruction\" was expected, and is not there.")
    #expect(throws: DataError.self) { try read([]) }
  }

  /// Counted by a program in another language that shares nothing with this one.
  @Test(.enabled(if: OutsideData.isThere)) func thePublishedFileIsCountedRight() throws {
    let read = try PublishedFormat.pandalm.read([OutsideData.path("preference/pandalm_testset_v1.json")])
    #expect(read.rowCount == 700 && read.pairs.count == 583)
    #expect(read.skipped == [.wrongType: 3, .emptyPrompt: 1, .emptyAnswer: 38, .tiedVotes: 75])
    let (training, heldOut) = try HeldOutChoice.share(0.2, seed: 0).split(read.pairs)
    #expect(training.count == 475 && heldOut.count == 108)
    let report = ImportReport(.pandalm, read, training: training, heldOut: heldOut)
    #expect(abs(report.heldOut.longerWins! - 0.6296296296296297) < 1e-12 && report.kept.prompts == 148)
  }
}
