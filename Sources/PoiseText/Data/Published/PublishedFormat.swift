import PoiseFiles

/// Published human preferences that are read as they are.
public enum PublishedFormat: String, CaseIterable, Sendable {
  /// Which argument is more convincing: a file of pairs and a file of arguments.
  case ukpconvarg1
  /// Anthropic's transcripts.
  case hh
  /// PandaLM's test set.
  case pandalm

  /// The files that it consists of, in their order.
  public var inputs: [String] {
    switch self {
    case .ukpconvarg1: ["the pairs", "the arguments"]
    case .hh: ["the transcripts"]
    case .pandalm: ["the test set"]
    }
  }

  /// Why rows of this format are skipped. A row counts under the first of them that holds.
  public var reasons: [SkipReason] {
    switch self {
    case .ukpconvarg1: UKPConvArg1.reasons
    case .hh: HHTranscripts.reasons
    case .pandalm: PandaLM.reasons
    }
  }

  /// - Parameter paths: as many as `inputs`.
  /// - Throws: `FileError`; `DataError` with the line or row that is none of this format, and where no row can be used.
  public func read(_ paths: [String]) throws -> PublishedPairs {
    precondition(paths.count == inputs.count)
    switch self {
    case .ukpconvarg1: return try UKPConvArg1.read(pairs: paths[0], arguments: paths[1])
    case .hh: return try HHTranscripts.read(paths[0])
    case .pandalm: return try PandaLM.read(paths[0])
    }
  }
}
