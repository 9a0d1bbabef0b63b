import Foundation
import PoiseFiles
import PoiseText

/// One command of a study. What is done is remembered in the study's folder, so that nothing is done twice.
public struct StudyJob: Sendable, Equatable {
  /// What it makes, as a path within the study: `runs/all/ipo/tau-0.1/seed-1`.
  public let name: String
  /// Of `poise`.
  public let arguments: [String]
  /// Where its standard output goes; nil where nobody needs it.
  public let output: String?
  /// How long it takes beside others: updates of training, and as much for anything else as it takes in their time.
  public let weight: Double
  /// The run that it makes, which it goes on with where a checkpoint is there; nil for jobs that are done from the beginning.
  public let run: String?
  /// Whether the study goes on where it fails by diverging: a setting that cannot be used is a result.
  public let mayDiverge: Bool

  init(
    _ name: String, _ arguments: [String], output: String? = nil, run: String? = nil, weight: Double = 1, mayDiverge: Bool = false
  ) {
    (self.name, self.arguments, self.output) = (name, arguments, output)
    (self.run, self.weight, self.mayDiverge) = (run, weight, mayDiverge)
  }
}

/// What is known of jobs that have ended: `jobs.jsonl`, a line each.
final class StudyJournal {
  struct Entry: Sendable, Equatable {
    let name: String
    let arguments: [String]
    /// What it took.
    let seconds: Double
    /// Why it failed, where it was allowed to.
    let failure: String?
  }

  private(set) var entries: [Entry] = []
  private let appender: JSONLinesAppender

  init(_ path: String) throws {
    appender = try JSONLinesAppender(path)
    entries = try Self.entries(path)
  }

  /// What a file remembers; lines that a dying process left unfinished are passed over.
  static func entries(_ path: String) throws -> [Entry] {
    var entries: [Entry] = []
    try JSONLines.readTolerantly(path) { _, line in
      if let entry = (try? line.get()).flatMap(Entry.init) { entries.append(entry) }
    }
    return entries
  }

  /// The newest with this name; nil where it has not ended, or not with these arguments.
  func entry(of job: StudyJob) -> Entry? { entries.last { $0.name == job.name && $0.arguments == job.arguments } }

  func add(_ entry: Entry) throws {
    try appender.append(entry.json)
    entries.append(entry)
  }
}

extension StudyJournal.Entry {
  fileprivate var json: JSON {
    [
      "name": .string(name), "arguments": .array(arguments.map { .string($0) }), "seconds": .init(seconds),
      "failure": failure.map { .string($0) } ?? .null,
    ]
  }

  fileprivate init?(_ json: JSON) {
    guard let name = json["name"]?.string, let arguments = json["arguments"]?.array?.compactMap(\.string),
      let seconds = json["seconds"]?.double
    else { return nil }
    self.init(name: name, arguments: arguments, seconds: seconds, failure: json["failure"]?.string)
  }
}
