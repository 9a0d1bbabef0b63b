import Foundation
import PoiseFiles
import Testing

@Suite struct DataImportTests {
  let folder: TemporaryFolder
  let pairs: String
  let arguments: String
  let transcripts: String

  init() throws {
    folder = try TemporaryFolder()
    arguments = try folder.file("arguments.jsonl", (0..<4).map { #"{"id": "\#($0)", "text": "tea\#($0)"}"# + "\n" }.joined())
    pairs = try folder.file(
      "pairs.jsonl",
      ["tea", "milk", "rain"].map { topic in
        #"{"topic": "\#(topic)", "stance": "for", "a": "0", "b": "1", "votes_a": 4, "votes_b": 1, "votes_tie": 0, "gold": "a1"}"#
          + "\n"
      }.joined())
    transcripts = try folder.file(
      "transcripts.jsonl",
      (0..<40).map { index in
        let talk = "\n\nHuman: \(index)?\n\nAssistant:"
        let json: JSON = ["chosen": .string(talk + " yes, yes"), "rejected": .string(talk + (index == 7 ? " " : " no"))]
        return json.line + "\n"
      }.joined())
  }

  private func lines(_ name: String) throws -> [JSON] {
    try Files.read("\(folder.path)/\(name)").split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
  }

  private func arguments(_ words: String...) -> [String] {
    ["data", "import"] + words + ["--out", "\(folder.path)/train.jsonl"]
  }
  private var heldOut: [String] { ["--held-out", "\(folder.path)/held-out.jsonl"] }

  @Test func topicsAreHeldOutAndTheRestIsForTraining() throws {
    let result = try PoiseProcess(arguments("ukpconvarg1", pairs, arguments) + heldOut + ["--held-out-topic", "milk"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output == """
        ukpconvarg1                              rows
        ───────────────────────────────────────  ────
        read                                        3
        skipped: an argument without text           0
        skipped: equal answers                      0
        skipped: an empty answer                    0
        skipped: no votes                           0
        skipped: no gold label                      0
        skipped: a gold label of a tie              0
        skipped: tied votes                         0
        skipped: a gold label against the votes     0
        kept                                        3

                  pairs  prompts  repeated  longer wins
        ────────  ─────  ───────  ────────  ───────────
        training      2        2         0        0.500
        held out      1        1         0        0.500
        both          3        3         0        0.500

        """)
    #expect(result.errors == "2 pairs are in \(folder.path)/train.jsonl, 1 in \(folder.path)/held-out.jsonl.\n")
    #expect(
      try lines("held-out.jsonl").map(\.line) == [
        #"{"prompt": "Topic: milk\nStance: for\nArgument:", "chosen": " tea0", "rejected": " tea1", "preference": 0.80000000000000004}"#
      ])
    #expect(try lines("train.jsonl").count == 2)
  }

  @Test func sharesAreChosenBySeedAndTheFilesPassTheirCheck() throws {
    func run(seed: String) throws -> JSON {
      let words = arguments("hh", transcripts) + heldOut + ["--held-out-share", "0.5", "--seed", seed, "--json", "--quiet"]
      let result = try PoiseProcess(words)
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
      return try result.records()[0]
    }
    let record = try run(seed: "1")
    #expect(record["rows"] == 40 && record["skipped"]?["empty_answer"] == 1 && record["kept"]?["pairs"] == 39)
    let (training, held) = try (lines("train.jsonl"), lines("held-out.jsonl"))
    #expect(record["training"]?["pairs"] == .init(training.count) && record["held_out"]?["pairs"] == .init(held.count))
    #expect(training.count + held.count == 39)
    _ = try PoiseProcess.succeed("data", "check", "\(folder.path)/train.jsonl")
    #expect(try run(seed: "1") == record)
    #expect(try lines("held-out.jsonl") == held)
    _ = try run(seed: "2")
    #expect(try lines("held-out.jsonl") != held)
  }

  @Test func whatCannotBeImportedIsExplainedAndNothingIsWritten() throws {
    let bad = try folder.file("bad.jsonl", "{\"chosen\": \"\\n\\nHuman: a\", \"rejected\": 1}\n")
    let cases: [(Int32, String, [String])] = [
      (
        64, "There is no topic \"Tea\". The topics are: \"milk\", \"rain\", \"tea\".",
        arguments("ukpconvarg1", pairs, arguments) + heldOut + ["--held-out-topic", "Tea"]
      ),
      (64, "Name a topic to hold out", arguments("ukpconvarg1", pairs, arguments) + heldOut),
      (65, "bad.jsonl, line 1: \"rejected\" should be a string, and is a number.", arguments("hh", bad)),
      (65, "pairs.jsonl, line 1: an argument with an \"id\" was expected.", arguments("ukpconvarg1", arguments, pairs)),
      (65, "transcripts.jsonl, line 2: this is not valid JSON", arguments("pandalm", transcripts)),
      (66, "/nowhere.jsonl does not exist.", arguments("hh", "/nowhere.jsonl")),
    ]
    for (status, problem, words) in cases {
      let result = try PoiseProcess(words)
      #expect(
        result.status == status && result.errors.hasPrefix("poise: ") && result.errors.contains(problem), "\(result.errors)")
      #expect(result.output.isEmpty)
      #expect(!folder.contents.contains("train.jsonl") && !folder.contents.contains("held-out.jsonl"))
    }
  }

  @Test(arguments: [
    ["hh", "a", "b"], ["ukpconvarg1", "a"], ["poems", "a"], ["hh", "a", "--held-out-share", "0.2"],
    ["hh", "a", "--held-out", "h", "--held-out-share", "1"], ["hh", "a", "--held-out", "h", "--held-out-topic", "t"],
    ["ukpconvarg1", "a", "b", "--held-out", "h", "--held-out-share", "0.1"], ["hh", "a", "--held-out", "h.jsonl.gz"],
    ["hh", "a", "--held-out", "o"],
  ])
  func wrongUsageIsExplained(_ words: [String]) throws {
    let result = try PoiseProcess(["data", "import"] + words + ["--out", "o"])
    #expect(result.status == 64 && result.errors.hasPrefix("Error: ") && result.output.isEmpty, "\(result.errors)")
  }
}
