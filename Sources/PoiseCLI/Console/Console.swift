import Foundation
import PoiseFiles
import Synchronization

/// Where words go: results to standard output, everything else to standard error.
enum Console {
  /// Set where a command runs inside another whose results programs read: its own are then messages.
  static let leavesResultsToOuterCommand = Atomic<Bool>(false)

  static func result(_ text: String) {
    if leavesResultsToOuterCommand.load(ordering: .relaxed) { return note(text) }
    do { try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8)) } catch {
      note("poise: standard output cannot be written any more; its disk may be full, or its reader gone.")
      exit(FailureCategory.inputOutput.rawValue)
    }
  }

  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Says what went wrong and ends the process with the category's exit code.
  static func fail(_ error: any ExplainedError) -> Never {
    note("poise: \(error.description)")
    exit(error.category.rawValue)
  }

  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) != 0 }
}
