import Foundation
import PoiseFiles
import PoiseText

/// The answers that a run was given since its last checkpoint but one, which it may have to be resumed from where the last is damaged:
/// `poise_annotations.jsonl` in its folder, a line an answer, written as it comes. Lines of older ones go when the file has doubled, so
/// neither the file nor what is kept in memory grows with the number of steps. Before the first checkpoint, when there is nothing that
/// a run could be resumed from, nothing is kept.
public final class AnnotationMemory: @unchecked Sendable {
  /// A hash of annotator and question.
  typealias Key = UInt64

  /// `after`, `question`, `preference`.
  private struct Line {
    /// Updates in the checkpoint that was the newest when the question was asked.
    var checkpoint: Int
    var key: Key
    var preference: Double

    var json: JSON {
      let question = String(key, radix: 16)
      return ["after": .init(checkpoint), "question": .string(question), "preference": .init(preference)]
    }

    init(checkpoint: Int, key: Key, preference: Double) {
      (self.checkpoint, self.key, self.preference) = (checkpoint, key, preference)
    }

    init?(_ json: JSON) {
      guard let checkpoint = json["after"]?.int, let key = json["question"]?.string.flatMap({ Key($0, radix: 16) }),
        let preference = json["preference"]?.double, (0...1).contains(preference)
      else { return nil }
      self.init(checkpoint: checkpoint, key: key, preference: preference)
    }
  }

  static let fileName = "poise_annotations.jsonl"

  static func path(in folder: String) -> String { "\(folder)/\(fileName)" }

  private let folder: String
  private let path: String
  private let lock = NSLock()
  /// Answers to questions that a resumed run will ask again, in the order in which they were given; the last comes first.
  private var remembered: [Key: [Line]] = [:]
  private var appender: JSONLinesAppender?
  /// Updates in the run's newest two checkpoints, ascending.
  private var checkpoints: [Int] = []
  private var (lineCount, lineCountAfterTidying) = (0, 0)

  /// Lines below which nothing is tidied.
  private let smallestUntidy: Int

  /// - Parameters:
  ///   - folder: of the run.
  ///   - step: updates in the checkpoint that the run is resumed from; a run from the beginning asks anew.
  public init(folder: String, resumedFrom step: Int?, smallestUntidy: Int = 4096) throws {
    self.folder = folder
    self.smallestUntidy = smallestUntidy
    path = Self.path(in: folder)
    guard let step else {
      clear()
      return
    }
    guard Files.exists(path) else { return }
    appender = try JSONLinesAppender(path)  // cuts off a line that a dying process left
    let lines = try readLines()
    lineCount = lines.count
    for line in lines.reversed() where line.checkpoint >= step { remembered[line.key, default: []].append(line) }
  }

  /// For each question its answer, where there is one that has not been used.
  func recall(_ keys: [Key]) throws -> [Double?] {
    lock.lock()
    defer { lock.unlock() }
    checkpoints = RunFolder.checkpoints(in: folder).suffix(2).map(\.step)
    try tidy()
    return try keys.map { key in
      guard let line = remembered[key]?.popLast() else { return nil }
      // Since it was given there may have been another checkpoint, which this step comes after.
      if let newest = checkpoints.last, newest > line.checkpoint { try append(key, line.preference, newest) }
      return line.preference
    }
  }

  func keep(_ preference: Double, for key: Key) throws {
    lock.lock()
    defer { lock.unlock() }
    if let newest = checkpoints.last { try append(key, preference, newest) }
  }

  /// Forgets everything.
  func clear() {
    lock.lock()
    defer { lock.unlock() }
    appender = nil
    remembered = [:]
    (lineCount, lineCountAfterTidying) = (0, 0)
    Files.remove(path)
  }

  private func append(_ key: Key, _ preference: Double, _ checkpoint: Int) throws {
    let appender = try appender ?? JSONLinesAppender(path)
    self.appender = appender
    try appender.append(Line(checkpoint: checkpoint, key: key, preference: preference).json)
    lineCount += 1
  }

  /// Leaves out what was asked before those checkpoints, when that has become worth while.
  private func tidy() throws {
    guard lineCount > max(smallestUntidy, 2 * lineCountAfterTidying), let oldest = checkpoints.first else { return }
    appender = nil
    lineCount = try JSONLines.filter(path) { json in Line(json).map { $0.checkpoint >= oldest } ?? false }
    lineCountAfterTidying = lineCount
  }

  /// A line that is none of these is one answer less.
  private func readLines() throws -> [Line] {
    var lines: [Line] = []
    try JSONLines.readTolerantly(path) { _, json in
      if let line = (try? json.get()).flatMap(Line.init) { lines.append(line) }
    }
    return lines
  }
}
