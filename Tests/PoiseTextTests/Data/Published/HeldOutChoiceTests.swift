import PoiseFiles
import Testing

@testable import PoiseText

@Suite struct HeldOutChoiceTests {
  func pairs(_ groups: [String]) -> [PublishedPair] {
    groups.enumerated().map { index, group in
      PublishedPair(prompt: "p", chosen: "a\(index)", rejected: "b", preference: 1, group: group)
    }
  }

  @Test func groupsAreNeverDividedAndNothingIsLost() throws {
    let pairs = pairs((0..<900).map { "group \($0 % 300)" })
    for seed in 0..<5 as Range<UInt64> {
      let (training, heldOut) = try HeldOutChoice.share(0.2, seed: seed).split(pairs)
      #expect(Set(training.map(\.group)).isDisjoint(with: heldOut.map(\.group)))
      #expect((training + heldOut).map(\.chosen).sorted() == pairs.map(\.chosen).sorted())
      // Of 300 groups 60 ± 6.9 are held out; five standard deviations.
      #expect(abs(heldOut.count - 180) < 3 * 35)
    }
  }

  @Test func whereAGroupGoesDependsOnTheSeedAndItselfAlone() throws {
    let pairs = pairs((0..<200).map { "group \($0)" })
    func heldOut(_ pairs: [PublishedPair], seed: UInt64) throws -> Set<String> {
      Set(try HeldOutChoice.share(0.3, seed: seed).split(pairs).heldOut.map(\.group))
    }
    let groups = try heldOut(pairs, seed: 1)
    #expect(try heldOut(Array(pairs.reversed().prefix(100)), seed: 1) == groups.intersection(pairs.suffix(100).map(\.group)))
    #expect(try heldOut(pairs, seed: 2) != groups)
  }

  @Test func topicsAreHeldOutWholeAndByName() throws {
    let pairs = pairs(["tea", "milk", "tea", "rain"])
    let (training, heldOut) = try HeldOutChoice.topics(["tea", "rain"]).split(pairs)
    #expect(training.map(\.group) == ["milk"] && heldOut.map(\.chosen) == ["a0", "a2", "a3"])
    let nothing = try HeldOutChoice.nothing.split(pairs)
    #expect(nothing.training == pairs && nothing.heldOut.isEmpty)
  }

  @Test func choicesThatCannotBeMadeAreExplained() throws {
    let pairs = pairs(["tea", "milk"])
    func error(_ choice: HeldOutChoice) -> HeldOutError? { #expect(throws: HeldOutError.self) { try choice.split(pairs) } }
    #expect(error(.topics(["Tea"])) == .unknownTopic("Tea", topics: ["milk", "tea"]))
    #expect(error(.topics(["Tea"]))?.description == #"There is no topic "Tea". The topics are: "milk", "tea"."#)
    #expect(error(.topics([])) == .noTopic(topics: ["milk", "tea"]))
    #expect(error(.topics(["milk", "tea"])) == .nothingToLearn)
    #expect(error(.share(1e-9, seed: 0)) == .nothingHeldOut)
    #expect(error(.share(1, seed: 0))?.category == .usage)
  }
}
