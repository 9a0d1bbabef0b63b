import Foundation
import PoiseFiles
import PoiseReport
import PoiseText

/// What the runs of a study recorded, as TensorBoard reads it: `tensorboard/` has a folder a run, named as the runs are.
struct RunEvents {
  private let folder: StudyFolder

  init(_ folder: StudyFolder) { self.folder = folder }

  /// Folders with a `metrics.jsonl`, within the study, in order.
  static func runs(in folder: StudyFolder) throws -> [String] {
    let all = StudyFolder.withRuns.flatMap { part in
      (FileManager.default.enumerator(atPath: folder(part))?.compactMap { $0 as? String } ?? []).map { "\(part)/\($0)" }
    }
    let ending = "/metrics.jsonl"
    return all.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  func write() throws {
    for run in try Self.runs(in: folder) {
      let directory = folder("tensorboard/\(run)")
      try Files.createDirectory(directory)
      let events = try Self.events(folder("\(run)/metrics.jsonl"))
      try Files.replace("\(directory)/events.out.tfevents.poise") { try $0.write(contentsOf: Data(events.bytes)) }
    }
  }

  /// Numbers by step. Records know durations and no dates: time begins with the run, in 1970.
  static func events(_ path: String) throws -> EventFile {
    var events = EventFile()
    var seconds = 0.0
    try JSONLines.readTolerantly(path) { _, line in
      guard let record = try? line.get(), let members = record.object?.members, let step = record["global_step"]?.int else {
        return
      }
      let numbers = members.compactMap { key, value in value.double.map { (name: key, value: $0) } }
      seconds += numbers.reduce(0) { $0 + ($1.name.hasPrefix("time/") ? $1.value : 0) }
      events.add(step: step, seconds: seconds, values: numbers.filter { $0.name != "global_step" })
    }
    return events
  }
}
