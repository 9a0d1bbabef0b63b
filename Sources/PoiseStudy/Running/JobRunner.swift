import Foundation
import Poise
import PoiseFiles
import Synchronization

/// Does the jobs of a study, as many at a time as there are processors, and remembers which are done.
final class JobRunner: @unchecked Sendable {
  /// Starts a command and waits for it.
  ///
  /// - Parameters:
  ///   - arguments: of `poise`.
  ///   - output: the file that its standard output goes to.
  ///   - errors: the file that its standard error goes to.
  /// - Returns: its exit code.
  typealias Launcher = @Sendable (_ arguments: [String], _ output: String?, _ errors: String) throws -> Int32

  private let folder: StudyFolder
  private let journal: StudyJournal
  private let launch: Launcher
  private let workerCount: Int
  private let isStopped: @Sendable () -> Bool
  private let lock = NSLock()
  private var failure: (any Error)?

  init(
    _ folder: StudyFolder, workerCount: Int, isStopped: @escaping @Sendable () -> Bool, launch: @escaping Launcher
  ) throws {
    self.folder = folder
    self.workerCount = workerCount
    self.isStopped = isStopped
    self.launch = launch
    journal = try StudyJournal(folder.journal)
  }

  /// Why a job failed that was allowed to; nil for one that has succeeded or has not been done.
  func failure(of job: StudyJob) -> String? { journal.entry(of: job)?.failure }

  /// Everything that has been done, in the order in which it ended.
  var entries: [StudyJournal.Entry] { journal.entries }

  /// Does what has not been done.
  ///
  /// - Parameter report: told after every job, with those of the list that are done.
  /// - Throws: of the first job that failed; `StudyInterruption` where it was stopped.
  func run(_ jobs: [StudyJob], report: (_ done: Int) -> Void) throws {
    let open = jobs.filter { journal.entry(of: $0) == nil }
    let next = Mutex(0)
    let group = DispatchGroup()
    let ended = DispatchSemaphore(value: 0)
    failure = nil
    for _ in 0..<min(workerCount, open.count) {
      group.enter()
      Thread.detachNewThread { [self] in
        while let job = next.withLock({ next -> StudyJob? in
          guard next < open.count, !isStopped(), !hasFailed else { return nil }
          defer { next += 1 }
          return open[next]
        }) {
          perform(job)
          ended.signal()
        }
        group.leave()
      }
    }
    var done = jobs.count - open.count
    report(done)
    while group.wait(timeout: .now()) == .timedOut {
      if ended.wait(timeout: .now() + .milliseconds(100)) == .success {
        done += 1
        report(done)
      }
    }
    if let failure { throw failure }
    if isStopped() { throw StudyInterruption() }
  }

  private var hasFailed: Bool {
    lock.lock()
    defer { lock.unlock() }
    return failure != nil
  }

  private func perform(_ job: StudyJob) {
    do {
      let start = ContinuousClock.now
      let errors = folder("logs/\(job.name.replacing("/", with: "_")).txt")
      if let output = job.output {
        try Files.createDirectory(URL(fileURLWithPath: output).deletingLastPathComponent().path)
      }
      let resumes = job.run.map { RunFolder.newestCheckpoint(in: $0) != nil } ?? false
      let status = try launch(job.arguments + (resumes ? ["--resume"] : []), job.output.map { $0 + ".part" }, errors)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      guard !isStopped() else { return }
      let said = status == 0 ? nil : String(decoding: try Files.read(errors), as: UTF8.self)
      guard status == 0 || (job.mayDiverge && status == FailureCategory.internalFault.rawValue) else {
        throw StudyJobFailure(arguments: job.arguments, status: status, said: said ?? "")
      }
      if status == 0, let output = job.output { try Files.move(output + ".part", to: output) }
      let entry = StudyJournal.Entry(name: job.name, arguments: job.arguments, seconds: seconds, failure: said)
      try lock.withLock { try journal.add(entry) }
    } catch {
      lock.withLock { failure = failure ?? error }
    }
  }
}

/// A study that was stopped before its end; what is done stays done.
public struct StudyInterruption: Error {}

/// A command of a study that failed.
public struct StudyJobFailure: ExplainedError {
  let arguments: [String]
  let status: Int32
  let said: String

  public var category: FailureCategory { FailureCategory(rawValue: status) ?? .internalFault }

  public var description: String {
    "A command of the study ended with \(status): poise \(arguments.joined(separator: " "))\nIt said: "
      + (said.isEmpty ? "nothing." : said.trimmingCharacters(in: .whitespacesAndNewlines))
      + "\nWhat is done stays done: the same command goes on from here."
  }
}
