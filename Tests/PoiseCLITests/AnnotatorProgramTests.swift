import Foundation
import PoiseFiles
import Testing

/// Programs that judge, from the command line: what they do wrong ends the run and nothing else; what they have answered is not asked
/// twice; nothing of them stays.
@Suite struct AnnotatorProgramTests {
  let trained: TrainedModel
  let folder: TemporaryFolder

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
  }

  private var run: String { "\(folder.path)/run" }
  private var asked: String { "\(folder.path)/asked" }

  /// Twelve questions a step: three prompts, two responses, two orders, and a coin for an opinion.
  private func train(_ script: String, steps: Int, out: String? = nil, _ more: String...) throws -> [String] {
    let program = try folder.file("judge.sh", script)
    return [
      "train", "ipo", "--model", trained.model, "--prompts", trained.prompts, "--annotator", "command:sh '\(program)'", "--steps",
      String(steps), "--batch-size", "3", "--max-new-tokens", "6", "--checkpoint-every", "2", "--out", out ?? run,
    ] + more
  }

  /// Notes what it is asked and answers with a hash of it; after `count` questions it does what it likes.
  private func judge(after count: Int, _ deed: String) -> String {
    """
    n=$(cat '\(asked)' 2>/dev/null | wc -l)
    while read -r line; do
      n=$((n + 1))
      printf '%s\\n' "$line" >> '\(asked)'
      if [ $n -gt \(count) ]; then \(deed); fi
      hash=$(printf '%s' "${line%,*}" | cksum)
      echo "{\\"preference\\": 0.$((${hash%% *} % 10))}"
    done
    """
  }

  private func questions() throws -> [String] {
    try Files.read(asked).split(separator: UInt8(ascii: "\n")).map {
      let question = try JSON(parsing: $0)
      return ["prompt", "a", "b"].map { question[$0]!.line }.joined()
    }
  }

  /// Killed in step 4, after the checkpoint of step 2: what the resumed run is not told anew makes it end as if nothing had happened.
  @Test func aResumedRunAsksNothingTwice() throws {
    let whole = "\(folder.path)/whole"
    #expect(try PoiseProcess(train(judge(after: 1000, ":"), steps: 5, out: whole)).status == 0)
    let all = try questions()
    Files.remove(asked)

    let perStep = all.count / 5
    let noted = "[ \"$(wc -l < '\(run)/poise_annotations.jsonl')\" -ge \(perStep + 2) ]"
    let killing = "until \(noted); do sleep 0.01; done; kill -9 $PPID; sleep 30"
    let dying = try PoiseProcess(train(judge(after: 3 * perStep + 2, killing), steps: 5))
    #expect(dying.status == SIGKILL)
    #expect(try Files.exists("\(run)/checkpoint-2/model.safetensors") && questions().count == 3 * perStep + 3)
    let answers = try Files.read("\(run)/poise_annotations.jsonl")
    #expect(answers.count { $0 == UInt8(ascii: "\n") } == perStep + 2)
    // The last line is torn, as if the machine had stopped.
    try answers.dropLast(5).write(to: URL(fileURLWithPath: "\(run)/poise_annotations.jsonl"))

    let before = try questions()
    let resumed = try PoiseProcess(train(judge(after: 1000, ":"), steps: 5, "--resume"))
    #expect(resumed.status == 0, "\(resumed.errors)")
    let repeated = try questions()
    // The one whose answer was torn, the one that was not answered, and those that were never asked.
    #expect(repeated.dropFirst(before.count).elementsEqual(all.dropFirst(3 * perStep + 1)))
    #expect(try Files.read("\(run)/model.safetensors") == Files.read("\(whole)/model.safetensors"))
  }

  @Test func aProgramThatFailsLeavesTheLastCheckpointAsItWas() throws {
    for (deed, status, words) in [
      ("echo 'out of credit' >&2; exit 9", 74, "stopped with status 9 after "),
      ("echo nonsense", 65, "answered `nonsense` after "),
      ("exec sleep 60", 74, "gave no answer for 2 seconds, after "),
    ] as [(String, Int32, String)] {
      Files.remove(run)
      Files.remove(asked)
      let result = try PoiseProcess(train(judge(after: 15, deed), steps: 9, "--annotator-timeout", "2"))
      #expect(result.status == status && result.errors.contains(words), "\(result.errors)")
      if deed.contains("credit") {
        #expect(result.errors.hasPrefix("out of credit\npoise: ") && result.errors.hasSuffix("standard error: out of credit\n"))
      }
      let checkpoint = try Files.read("\(run)/checkpoint-2/model.safetensors")
      #expect(try checkpoint == Files.read("\(run)/model.safetensors"))
      #expect(!folder.contents.contains { $0.contains(".tmp") || $0.contains(".link") })
    }
  }

  @Test func comparisonsFindAnswersThatNobodyAskedFor() throws {
    let program = try folder.file(
      "judge.sh", "while read -r line; do echo '{\"preference\": 1}'; echo '{\"preference\": 0}'; done")
    let words = [
      "--prompts", trained.prompts, "--judge", "command:sh '\(program)'", "--max-new-tokens", "4", "--quiet",
    ]
    for command in [
      ["compare", "--policy", "a=\(trained.model)", "--policy", "b=\(trained.model)"],
      ["nash", "--policies", "a=\(trained.model)", "b=\(trained.model)"],
    ] {
      let result = try PoiseProcess(command + words)
      #expect(result.status == 65 && result.output.isEmpty)
      #expect(result.errors.contains("without a question to answer"), "\(result.errors)")
    }
  }

  /// However `poise` ends, what the program has started ends too.
  @Test(arguments: [SIGTERM, SIGKILL]) func nothingOutlivesARun(_ signal: Int32) throws {
    let child = "\(folder.path)/child"
    let process = try BackgroundPoise(
      try train(
        "sleep 60 & echo $! > '\(child).tmp'; mv '\(child).tmp' '\(child)'\n" + judge(after: 30, ":"), steps: 1_000_000))
    process.wait { Files.exists("\(run)/model.safetensors") }
    let started = try ForeignProcess(writtenTo: child)
    #expect(started.isAlive)
    process.end(by: signal)
    #expect(started.ends)
  }

  // MARK: What a run says of its numbers

  @Test func aFirstStepThatMovesNothingIsTold() throws {
    let same = "while read -r line; do echo '{\"preference\": 0.5}'; done"
    let result = try PoiseProcess(try train(same, steps: 1, "--learning-rate", "1e-12"))
    #expect(result.status == 0)
    #expect(result.errors.contains("Warning: step 1 moved no parameter: "), "\(result.errors)")
    Files.remove(run)
    #expect(try PoiseProcess(train(same, steps: 1, "--learning-rate", "1e-12", "--quiet")).errors.isEmpty)
  }

  @Test func aRunThatDivergesKeepsItsLastCheckpoint() throws {
    let result = try PoiseProcess(
      try train(judge(after: 100_000, ":"), steps: 50, "--learning-rate", "1000", "--optimizer", "adamw"))
    #expect(result.status == 70)
    #expect(
      result.errors.contains(
        /poise: Training diverged: at step \d+, .+ is not a finite number\. .+the last checkpoint is intact\./),
      "\(result.errors)")
  }
}
