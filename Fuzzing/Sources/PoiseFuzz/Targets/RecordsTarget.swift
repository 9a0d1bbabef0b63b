import Poise
import PoiseFiles
import PoiseText

/// JSON Lines as every kind of record, and as the published collections: memory of a line, up to 16 MB, for who goes through the lines;
/// of the whole file, as `JSON` has it, for who reads records.
enum RecordsTarget: FuzzTarget {
  static let name = "records"
  static let dictionary = [
    "\"prompt\"", "\"prompt_ids\"", "\"completion\"", "\"completion_ids\"", "\"text\"", "\"text_ids\"", "\"messages\"",
    "\"chosen\"",
    "\"chosen_ids\"", "\"rejected\"", "\"preference\"", "\"summaries\"", "\"info\"", "\"choice\"", "\"logps\"", "\"ref_logps\"",
    "\"rewards\"", "\"lengths\"", "\"baseline\"", "\"role\"", "\"content\"", "\"user\"", "\"assistant\"", "\"system\"",
    "\\n\\nHuman:",
    "\\n\\nAssistant:", "\n", "\u{FEFF}",
  ]

  static let seeds = [
    #"{"prompt": "a b", "completion": " c"}"#, #"{"prompt_ids": [1, 2], "completion_ids": [3]}"#, #"{"text": "a"}"#,
    #"{"prompt": "p", "chosen": "x", "rejected": "y", "preference": 0.75}"#, #"{"chosen": "the cat", "rejected": "the dog"}"#,
    #"{"chosen_ids": [1, 2, 3], "rejected_ids": [1, 4]}"#,
    #"{"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"}"#,
    #"{"info": {"subreddit": "s", "title": "t", "post": "p"}, "summaries": [{"text": "a"}, {"text": "b"}], "choice": 1}"#,
    #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#,
    #"{"logps": [-12.5, -9.75], "ref_logps": [-11, -10], "preference": 0.8, "lengths": [7, 5]}"#,
    #"{"logps": [-12.5, -9.75], "ref_logps": [-11, -10], "rewards": [1.5, 0.25], "baseline": 1}"#,
    "\u{FEFF}{\"prompt\": \"a\"}\r\n\n{\"prompt\": \"b\"}", "id\tlabel\ta1\ta2\nx\t1\ty\tz\n",
    #"[{"idx": 0, "instruction": "i", "input": "", "response1": "a", "response2": "b", "annotator1": 1, "annotator2": 2}]"#,
  ].map { Array($0.utf8) }

  static func run(_ input: [UInt8]) throws { try read(Scratch.file("records.jsonl", input)) }

  /// As each kind, and at last as prompts, whose error counts for all.
  static func read(_ path: String) throws {
    attempt { try CompletionRecord.read(path) }
    attempt { try PreferenceRecord.read(path) }
    attempt { try LossRequest.read(path) }
    attempt { try DatasetReport(path) }
    for format in PublishedFormat.allCases { attempt { try format.read(format.inputs.map { _ in path }) } }
    _ = try PromptRecord.read(path)
  }

  /// What one kind refuses, the next may read; but it must explain why.
  private static func attempt<Result>(_ body: () throws -> Result) {
    do { _ = try body() } catch is any ExplainedError {} catch { fatalError("not explained: \(error)") }
  }
}

/// The same, packed by gzip: what is unpacked goes through one block of 64 kB and one line.
enum PackedRecordsTarget: FuzzTarget {
  static let name = "packed-records"

  static let seeds: [[UInt8]] = [
    [],
    [
      0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0x02, 0x03, 0xab, 0x56, 0x2a, 0x28, 0xca, 0xcf, 0x2d, 0x28, 0x51, 0xb2, 0x52, 0x50, 0x4a,
      0x54,
      0xaa, 0xe5, 0x02, 0x00, 0xa9, 0xbc, 0x26, 0xe2, 0x10, 0x00, 0x00, 0x00,
    ],
  ]

  static func run(_ input: [UInt8]) throws { _ = try PromptRecord.read(Scratch.file("records.jsonl.gz", input)) }
}
