/// A parser, and what it promises of all bytes:
///
/// - it does not trap and comes to an end;
/// - what it refuses, it refuses by an `ExplainedError`, of data, a configuration or a missing file, never of a fault within;
/// - n bytes cost at most a constant times n of memory, plus another constant. Each target names what is particular to it.
///
/// libFuzzer's own limits, 512 MB and ten seconds for four kilobytes, are what the driver holds it to.
protocol FuzzTarget: SendableMetatype {
  /// As `make fuzz` lists it, and the name of its corpus.
  static var name: String { get }
  /// What mutation begins with: short inputs of every form that is read.
  static var seeds: [[UInt8]] { get throws }
  /// What is written of the format between other bytes: keys, marks, special tokens.
  static var dictionary: [String] { get }

  /// Reads an input, and does with what was read what a user of it would do first.
  static func run(_ input: [UInt8]) throws
}

extension FuzzTarget {
  static var dictionary: [String] { [] }
}

/// In the order in which they are run.
let fuzzTargets: [any FuzzTarget.Type] = [
  JSONTarget.self, RecordsTarget.self, PackedRecordsTarget.self, ConversationTarget.self, TemplateTarget.self,
  TokenizerTarget.self,
  SentencePieceTarget.self, CharacterMapTarget.self, SafeTensorsTarget.self, WeightsIndexTarget.self, ModelOutlineTarget.self,
  ModelTarget.self, AdaptersTarget.self, CheckpointTarget.self, RunTarget.self, RunReportTarget.self, AnnotationsTarget.self,
  GameTarget.self, ConfigurationTarget.self, StudyTarget.self,
]

extension [UInt8] {
  /// Several files of one input: what stands between zero bytes, but the last takes all the rest. Where there are fewer, empty ones
  /// are added.
  func files(_ count: Int) -> [[UInt8]] {
    let parts = split(separator: 0, maxSplits: count - 1, omittingEmptySubsequences: false).map(Array.init)
    return parts + [[UInt8]](repeating: [], count: count - parts.count)
  }

  /// As `files` takes it apart.
  static func joining(_ files: [UInt8]...) -> [UInt8] { Array(files.joined(separator: [0])) }
}
