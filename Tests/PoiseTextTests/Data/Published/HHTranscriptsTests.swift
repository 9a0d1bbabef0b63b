import PoiseFiles
import PoiseText
import Testing

@Suite struct HHTranscriptsTests {
  func read(_ pairs: [(chosen: String, rejected: String)]) throws -> PublishedPairs {
    try withTemporaryFolder { folder in
      try JSONLines.write(
        pairs.map { ["chosen": .string($0.chosen), "rejected": .string($0.rejected)] }, to: folder + "/t.jsonl")
      return try PublishedFormat.hh.read([folder + "/t.jsonl"])
    }
  }

  static let opening = "\n\nHuman: Tea?"
  static let talk = opening + "\n\nAssistant: Yes.\n\nHuman: Which?\n\nAssistant:"

  @Test func thePromptEndsWithTheLastTurnThatIsShared() throws {
    let read = try read([(Self.talk + " Green.", Self.talk + " Black, I say.\n\nOr green.")])
    #expect(
      read.pairs.map(\.json) == [
        [
          "prompt": .string(Self.talk), "chosen": " Green.", "rejected": " Black, I say.\n\nOr green.", "preference": 1,
        ]
      ])
    #expect(read.skipped.isEmpty)
  }

  @Test func whatConversationsOpenWithKeepsThemTogether() throws {
    let longer = Self.talk + " Green.\n\nHuman: Why?\n\nAssistant:"
    let read = try read([(Self.talk + " Green.", Self.talk + " Black."), (longer + " It is mild.", longer + " Because.")])
    #expect(read.pairs.map(\.group) == [Self.opening, Self.opening])
    #expect(read.pairs.map(\.prompt) == [Self.talk, longer])
  }

  @Test(arguments: [
    (talk + " Green.", talk + " Green.", SkipReason.equalAnswers), (talk + " Green.", talk + " Green. \n", .equalAnswers),
    (talk + " ", talk + " Green.", .emptyAnswer), (talk + " Green.", talk, .emptyAnswer),
    (talk + " Green.", talk + " Black.\n\nHuman: No.\n\nAssistant: Green.", .earlyParting),
    (talk + " Green.\n\nHuman: No.", talk + " Black.", .earlyParting), (opening, opening + " Or?", .earlyParting),
  ])
  func pairsThatAreNotTwoAnswersAreCountedByReason(chosen: String, rejected: String, reason: SkipReason) throws {
    let read = try read([(Self.talk + " Green.", Self.talk + " Black."), (chosen, rejected)])
    #expect(read.pairs.count == 1 && read.skipped == [reason: 1])
    #expect(PublishedFormat.hh.reasons.contains(reason))
  }

  @Test func whatIsNoTranscriptIsNamed() throws {
    let error = #expect(throws: DataError.self) { try read([(Self.talk + " a", Self.talk + " b"), ("Tea?", Self.talk)]) }
    #expect(error?.line == 2 && error?.problem.hasPrefix("\"chosen\" is no transcript") == true)
  }

  /// Counted by a program in another language that shares nothing with this one.
  @Test(.enabled(if: OutsideData.isThere)) func thePublishedFileIsCountedRight() throws {
    let read = try PublishedFormat.hh.read([OutsideData.path("preference/hh_harmless_test_0_1799.jsonl.gz")])
    #expect(read.rowCount == 1_800 && read.pairs.count == 1_794)
    #expect(read.skipped == [.earlyParting: 2, .emptyAnswer: 4])
    let (training, heldOut) = try HeldOutChoice.share(0.2, seed: 0).split(read.pairs)
    #expect(training.count == 1_428 && heldOut.count == 366)
    let report = ImportReport(.hh, read, training: training, heldOut: heldOut)
    #expect(abs(report.training.longerWins! - 0.4369747899159664) < 1e-12 && report.kept.prompts == 1_792)
  }
}
