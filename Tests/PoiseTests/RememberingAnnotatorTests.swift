import Foundation
import PoiseFiles
import PoiseText
import Synchronization
import Testing

@testable import Poise

@Suite struct RememberingAnnotatorTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Never says the same twice, and stops where it is told to.
  private final class Fickle: IncrementalAnnotator {
    let isAntisymmetric = false
    let asked = Mutex<[String]>([])
    let breaksAfter: Int
    let fault: CommandAnnotatorError.Fault

    init(breaksAfter: Int = .max, _ fault: CommandAnnotatorError.Fault = .exited(status: 1)) {
      (self.breaksAfter, self.fault) = (breaksAfter, fault)
    }

    func preferences(_ comparisons: [Comparison]) throws -> [Double] { fatalError("it is asked incrementally") }

    func answer(_ comparisons: [Comparison], each: (Int, Double) throws -> Void) throws {
      for (index, comparison) in comparisons.enumerated() {
        let count = asked.withLock {
          $0.append(comparison.first)
          return $0.count
        }
        if count > breaksAfter { throw CommandAnnotatorError(command: "fickle", fault: fault) }
        try each(index, 1 / Double(count))
      }
    }

    var names: [String] { asked.withLock { $0 } }
  }

  private func comparisons(_ names: String...) -> [Comparison] {
    names.map { Comparison(prompt: "which?", first: $0, second: "other") }
  }

  private func checkpoint(_ step: Int) throws {
    try Files.createDirectory("\(folder.path)/checkpoint-\(step)")
    _ = try folder.file("checkpoint-\(step)/poise_run.json", "{\"files\": {}}")
  }

  private var path: String { "\(folder.path)/poise_annotations.jsonl" }
  private func lines() throws -> [JSON] {
    var lines: [JSON] = []
    try JSONLines.read(path) { lines.append($1) }
    return lines
  }

  private func remembering(_ annotator: Fickle, resumedFrom step: Int? = nil, name: String = "command:fickle") throws
    -> any Annotator
  {
    let memory = try AnnotationMemory(folder: folder.path, resumedFrom: step, smallestUntidy: 4)
    return RememberingAnnotator.remembering(annotator, name: name, in: memory)
  }

  @Test func whatWasAnsweredSinceTheCheckpointIsNotAskedAgain() throws {
    let first = try remembering(Fickle())
    _ = try first.preferences(comparisons("before"))
    #expect(!Files.exists(path))  // there is nothing to resume from
    try checkpoint(2)
    #expect(try first.preferences(comparisons("a", "b", "a")) == [0.5, 1.0 / 3, 0.25])
    #expect(try first.preferences(comparisons("c")) == [0.2])

    let fickle = Fickle()
    let second = try remembering(fickle, resumedFrom: 2)
    #expect(try second.preferences(comparisons("a", "b", "a")) == [0.5, 1.0 / 3, 0.25])
    #expect(try second.preferences(comparisons("c", "d")) == [0.2, 1])
    #expect(try second.preferences(comparisons("a")) == [0.5])  // a later step's own question
    #expect(fickle.names == ["d", "a"])
    #expect(try lines().count == 6)
  }

  /// A run that was killed: a line that was not finished, two that say nothing, and a batch that was not answered to the end.
  @Test func aTornLineIsAnAnswerLess() throws {
    try checkpoint(2)
    let breaking = try remembering(Fickle(breaksAfter: 2))
    #expect(throws: CommandAnnotatorError.self) { try breaking.preferences(comparisons("a", "b", "c")) }
    #expect(try lines().map { $0["preference"] } == [1, 0.5])
    var text = try String(decoding: Files.read(path), as: UTF8.self)
    let nonsense = "nonsense\n{\"after\": 1e300, \"question\": \"0\", \"preference\": 0.5}\n"
    text = text.replacing("\n", with: "\n" + nonsense, maxReplacements: 1)
    _ = try folder.file("poise_annotations.jsonl", text + "{\"after\": 2, \"quest")
    let fickle = Fickle()
    #expect(try remembering(fickle, resumedFrom: 2).preferences(comparisons("a", "b", "c")) == [1, 0.5, 1])
    #expect(fickle.names == ["c"])
  }

  @Test func anotherAnnotatorAnotherQuestionAndAFreshRunAreAsked() throws {
    try checkpoint(2)
    _ = try remembering(Fickle()).preferences(comparisons("a"))
    let other = Fickle()
    _ = try remembering(other, resumedFrom: 2, name: "command:other").preferences(comparisons("a"))
    #expect(other.names == ["a"])
    let same = Fickle()
    _ = try remembering(same, resumedFrom: 2).preferences([Comparison(prompt: "which", first: "?a", second: "other")])
    #expect(same.names == ["?a"])
    let fresh = Fickle()
    _ = try remembering(fresh).preferences(comparisons("a"))
    #expect(fresh.names == ["a"])
    #expect(try lines().count == 1)
  }

  /// Resumed from the older of two checkpoints, answers of before it are of no use; they go when the file has doubled.
  @Test func linesOfLongAgoGo() throws {
    let annotator = try remembering(Fickle())
    for step in 1...9 {
      try checkpoint(step)
      Files.remove("\(folder.path)/checkpoint-\(step - 2)")
      _ = try annotator.preferences(comparisons("\(step)", "again"))
      #expect(try lines().count <= 8)
    }
    let fickle = Fickle()
    let resumed = try remembering(fickle, resumedFrom: 8)
    let expected: [Double] = [1.0 / 15, 1.0 / 16, 1.0 / 17, 1.0 / 18]
    #expect(try resumed.preferences(comparisons("8", "again", "9", "again")) == expected)
    #expect(fickle.names == [])
  }

  /// A run that keeps all its checkpoints is resumed from the last, or where that is damaged from the one before.
  @Test func linesOfBeforeTheLastCheckpointButOneGoHoweverManyAreKept() throws {
    let annotator = try remembering(Fickle())
    for step in 1...9 {
      try checkpoint(step)
      _ = try annotator.preferences(comparisons("\(step)", "again"))
      #expect(try lines().count <= 8)
    }
  }

  /// Steps that are repeated beyond a new checkpoint must not be asked a third time.
  @Test func whatIsRememberedIsKeptForTheNextCheckpointToo() throws {
    try checkpoint(2)
    _ = try remembering(Fickle()).preferences(comparisons("3", "4"))
    let second = try remembering(Fickle(), resumedFrom: 2)
    #expect(try second.preferences(comparisons("3")) == [1])
    try checkpoint(3)
    #expect(try second.preferences(comparisons("4")) == [0.5])
    let fickle = Fickle()
    #expect(try remembering(fickle, resumedFrom: 3).preferences(comparisons("4")) == [0.5])
    #expect(fickle.names == [])
  }

  @Test(arguments: [(.unasked("?"), false), (.exited(status: 3), true)] as [(CommandAnnotatorError.Fault, Bool)])
  func answersThatMayHaveBeenToOtherQuestionsAreNotKept(_ fault: CommandAnnotatorError.Fault, _ areKept: Bool) throws {
    try checkpoint(2)
    let breaking = try remembering(Fickle(breaksAfter: 2, fault))
    #expect(throws: CommandAnnotatorError.self) { try breaking.preferences(comparisons("a", "b", "c")) }
    #expect(Files.exists(path) == areKept)
  }

  @Test func annotatorsThatCostNothingAreThemselves() throws {
    let memory = try AnnotationMemory(folder: folder.path, resumedFrom: nil)
    #expect(RememberingAnnotator.remembering(RubricAnnotator(), name: "rubric", in: memory) is RubricAnnotator)
  }
}
