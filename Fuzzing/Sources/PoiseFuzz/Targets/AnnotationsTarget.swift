import Poise
import PoiseFiles

/// `poise_annotations.jsonl` of a run that is resumed: a line that is no answer is one answer less, and what is remembered is what
/// an annotator may say. The file is gone through once, and once more when it is tidied.
enum AnnotationsTarget: FuzzTarget {
  static let name = "annotations"
  static let dictionary = [
    "\"after\":", "\"question\":", "\"preference\":", "\n", "0.5", "1e300", "-1", "9223372036854775807", "\"ffffffffffffffff\"",
  ]

  static var seeds: [[UInt8]] {
    get throws {
      try ask(in: "annotated", resumedFrom: nil)
      let answers = try Scratch.read("annotated/poise_annotations.jsonl")
      return [answers, answers + answers + Array("{\"after\": 2".utf8), Array("{}\n[]\n1\n{\"after\": 1}\n".utf8)]
    }
  }

  static func run(_ input: [UInt8]) throws {
    _ = Scratch.file("annotations/poise_annotations.jsonl", input)
    try ask(in: "annotations", resumedFrom: 1)
  }

  /// As a run would that has a checkpoint.
  private static func ask(in name: String, resumedFrom step: Int?) throws {
    _ = Scratch.file("\(name)/checkpoint-2/poise_run.json", Array(#"{"files": {}}"#.utf8))
    let memory = try AnnotationMemory(folder: "\(Scratch.folder)/\(name)", resumedFrom: step, smallestUntidy: 1)
    let annotator = RememberingAnnotator.remembering(Undecided(), name: "undecided", in: memory)
    for _ in 0..<2 {
      let answers = try annotator.preferences(["a", "b", "a"].map { Comparison(prompt: "?", first: $0, second: "c") })
      precondition(answers.count == 3 && answers.allSatisfy((0...1).contains))
    }
  }

  private struct Undecided: IncrementalAnnotator {
    var isAntisymmetric: Bool { true }

    func preferences(_ comparisons: [Comparison]) -> [Double] { comparisons.map { _ in 0.5 } }

    func answer(_ comparisons: [Comparison], each: (_ index: Int, _ preference: Double) throws -> Void) throws {
      for index in comparisons.indices { try each(index, 0.5) }
    }
  }
}
