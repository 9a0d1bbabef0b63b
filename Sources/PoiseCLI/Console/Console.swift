import Foundation
import PoiseFiles

/// Where words go: results to standard output, everything else to standard error.
enum Console {
  static func result(_ text: String) {
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
