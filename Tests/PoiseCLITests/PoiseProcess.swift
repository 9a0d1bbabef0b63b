import Foundation
import PoiseFiles
import Testing

/// The built command, run as a user runs it.
struct PoiseProcess {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `poise` with these arguments and waits for it.
  ///
  /// - Parameter environment: beside that of the tests.
  init(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.filter { !["COLUMNS", "LINES"].contains($0.key) }
      .merging(environment) { $1 }
    process.standardInput = FileHandle(forReadingAtPath: try folder.file("in", input))
    let (output, errors) = (try folder.file("out", ""), try folder.file("err", ""))
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    self.output = String(decoding: try Files.read(output), as: UTF8.self)
    self.errors = String(decoding: try Files.read(errors), as: UTF8.self)
  }

  /// Runs, and expects success.
  static func succeed(_ arguments: String..., input: String = "") throws -> PoiseProcess {
    try succeed(arguments, input: input)
  }

  @discardableResult
  static func succeed(_ arguments: [String], input: String = "") throws -> PoiseProcess {
    let result = try PoiseProcess(arguments, input: input)
    try #require(result.status == 0, "poise \(arguments.joined(separator: " ")): \(result.errors)")
    return result
  }

  /// The values of JSON Lines on standard output.
  func records() throws -> [JSON] { try output.split(separator: "\n").map { try JSON(parsing: String($0)) } }

  /// The executable lies beside the bundle that holds these tests.
  static let executable = Bundle.allBundles.map(\.bundleURL).flatMap { [$0, $0.deletingLastPathComponent()] }
    .appending(Bundle.main.executableURL?.deletingLastPathComponent()).map { $0.appendingPathComponent("poise") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) && !Files.isDirectory($0.path) }
}

extension [URL] {
  fileprivate func appending(_ url: URL?) -> [URL] { url.map { self + [$0] } ?? self }
}

/// The built command, going on beside the test.
struct BackgroundPoise {
  private let process = Process()

  /// - Parameter errors: the file that its standard error goes to.
  init(_ arguments: [String], errors: String = "/dev/null") throws {
    process.executableURL = PoiseProcess.executable
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
  }

  /// Until then, until it has ended, or for half a minute.
  func wait(until condition: () -> Bool) {
    let start = ContinuousClock.now
    while process.isRunning, !condition(), ContinuousClock.now - start < .seconds(30) { usleep(10_000) }
  }

  /// Sends it a signal, and SIGKILL where that does not end it.
  ///
  /// - Returns: its exit code, or nil where the signal ended it.
  @discardableResult func end(by signal: Int32) -> Int32? {
    kill(process.processIdentifier, signal)
    wait { false }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : nil
  }
}

/// A process of which only the number is known, as it has written it into a file.
struct ForeignProcess {
  private let number: pid_t

  init(writtenTo path: String) throws {
    let text = String(decoding: try Files.read(path), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    number = try #require(pid_t(text))
  }

  /// What nobody has waited for is no longer alive.
  var isAlive: Bool {
    guard kill(number, 0) == 0 else { return false }
    let status = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.hasPrefix(" Z") != true
  }

  /// Whether it ends within half a minute.
  var ends: Bool {
    let start = ContinuousClock.now
    while isAlive, ContinuousClock.now - start < .seconds(30) { usleep(10_000) }
    return !isAlive
  }
}

/// A folder that lives as long as the test that made it.
final class TemporaryFolder: Sendable {
  let path = NSTemporaryDirectory() + "poise-tests-" + UUID().uuidString

  init() throws { try Files.createDirectory(path) }

  deinit { Files.remove(path) }

  /// Writes a text and gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    try Files.replace("\(path)/\(name)", with: text)
    return "\(path)/\(name)"
  }

  /// Every file and folder below, sorted.
  var contents: [String] { (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).sorted() }
}

/// The folder of data that POISE_TEST_DATA names.
enum SharedData {
  static let root = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]
  static var isPresent: Bool { root != nil }
  static func path(_ relative: String) -> String { root! + "/" + relative }
}
