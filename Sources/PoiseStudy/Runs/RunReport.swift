import Foundation
import Poise
import PoiseFiles
import PoiseModel
import PoiseReport

/// What one or several training runs did, as a page of HTML: in words, tables, curves, and by what their policies say. It is made of
/// the runs' folders alone, so the same folders give the same page.
public struct RunReport {
  let runs: [RecordedRun]
  let promptsPath: String?
  let pool: WorkerPool

  /// - Parameters:
  ///   - paths: folders of runs of any kind, finished or not; one that is named twice is told of once.
  ///   - prompts: JSON Lines of prompts that policies are to answer; nil is those that a run itself recorded.
  ///   - pool: samples the answers.
  /// - Throws: `FileError` or `DataError` where a folder holds no run, or one that recorded nothing.
  public init(_ paths: [String], prompts: String? = nil, pool: WorkerPool) throws {
    precondition(!paths.isEmpty)
    var (runs, seen): ([RecordedRun], Set<String>) = ([], [])
    for path in paths where seen.insert(Self.identity(path)).inserted { runs.append(try RecordedRun(path)) }
    if Set(runs.map(\.name)).count < runs.count {
      for (index, name) in Self.differingParts(of: runs.map(\.path)).enumerated() { runs[index].name = name }
    }
    (self.runs, promptsPath, self.pool) = (runs, prompts, pool)
  }

  /// Paths without the folders that all of them begin with: `ipo/seed-1` and `dpo/seed-1`.
  static func differingParts(of paths: [String]) -> [String] {
    let parts = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.pathComponents }
    let shortest = parts.map { $0.count - 1 }.min() ?? 0
    let shared = (0..<shortest).first { index in parts.contains { $0[index] != parts[0][index] } } ?? shortest
    return parts.map { $0[shared...].joined(separator: "/") }
  }

  /// One folder has one, whatever links and dots lead to it.
  static func identity(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

  /// Writes `STEM.html`, which needs no other file.
  ///
  /// - Parameters:
  ///   - stem: a path without its ending.
  ///   - withFiles: also `STEM.md`, and in a folder `STEM` all figures as SVG and their data as CSV.
  public func write(_ stem: String, withFiles: Bool) throws {
    let document = try document()
    if withFiles { try document.writeFiles(stem) }
    try document.writePage(stem)
  }

  func document() throws -> Document {
    var blocks = summary + outcome + findings + settings
    for kind in kinds { blocks += curves(kind) }
    blocks += try samples()
    return Document(title, blocks + repetition)
  }

  private var title: String {
    switch runs.count {
    case 1: "Run \(runs[0].name)"
    case ...4: "Runs \(Wording.list(runs.map(\.name)))"
    default: "\(runs.count) runs"
    }
  }

  // MARK: Names

  func runs(_ kind: RecordedRun.Kind) -> [RecordedRun] { runs.filter { $0.kind == kind } }

  var kinds: [RecordedRun.Kind] { RecordedRun.Kind.allCases.filter { !runs($0).isEmpty } }

  /// Which colour and form a run has in every chart, which it shares with runs of its kind.
  func style(_ run: RecordedRun) -> Int { runs(run.kind).firstIndex { $0.path == run.path } ?? 0 }

  /// Above what is said of one kind, where there are several.
  func heading(_ kind: RecordedRun.Kind) -> [Document.Block] {
    kinds.count > 1 ? [.heading(3, kind.words(runs(kind).count).capitalizedFirst)] : []
  }

  /// Of a file.
  func fileName(_ name: String, _ kind: RecordedRun.Kind) -> String { kinds.count > 1 ? "\(kind)-\(name)" : name }
}
