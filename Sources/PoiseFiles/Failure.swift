/// What kind of thing went wrong, as a caller or a shell may act on it. The raw value is the process's exit code
/// (BSD `sysexits.h`).
public enum FailureCategory: Int32, Sendable {
  case usage = 64
  case badData = 65
  case inputMissing = 66
  case internalFault = 70
  case cannotCreate = 73
  case inputOutput = 74
  case configuration = 78
}

/// An error that a person can act on: its description is one paragraph that says what happened, where, and what to try.
public protocol ExplainedError: Error, CustomStringConvertible, Sendable {
  var category: FailureCategory { get }
}

extension ExplainedError {
  /// The same with its place in a file, of an error that does not know it.
  public func located(_ path: String, line: Int) -> DataError { DataError(path, line: line, description, category: category) }
}

/// A failure of the file system: which path, and what the system said.
public enum FileError: ExplainedError, Equatable {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  case cannotCreate(path: String, reason: String)
  case writeFailed(path: String, reason: String)

  public var category: FailureCategory {
    switch self {
    case .missing, .unreadable: .inputMissing
    case .cannotCreate: .cannotCreate
    case .writeFailed: .inputOutput
    }
  }

  public var description: String {
    switch self {
    case .missing(let path):
      "\(path) does not exist. Check the spelling, and that the path is relative to the folder the command runs in."
    case .unreadable(let path, let reason):
      "\(path) cannot be read (\(reason)). Check that it is a file of the expected kind and that you may read it."
    case .cannotCreate(let path, let reason):
      "\(path) cannot be created (\(reason)). Choose an output folder that you may write to and that has room."
    case .writeFailed(let path, let reason):
      "Writing \(path) failed (\(reason)). Nothing unfinished was left there; check the free space and try again."
    }
  }
}

/// A file whose bytes arrived but do not say what they should: the file, the line where one is known, and what was expected.
public struct DataError: ExplainedError, Equatable {
  public let path: String
  /// One-based; nil where the file is not read by lines.
  public let line: Int?
  /// A full sentence or two: what was found, what was expected.
  public let problem: String
  public let category: FailureCategory

  /// - Parameter category: `.badData`, or `.configuration` where the file describes a model or options that cannot be used.
  public init(_ path: String, line: Int? = nil, _ problem: String, category: FailureCategory = .badData) {
    self.path = path
    self.line = line
    self.problem = problem
    self.category = category
  }

  public var description: String {
    if let line { "\(path), line \(line): \(problem)" } else { "\(path): \(problem)" }
  }
}
