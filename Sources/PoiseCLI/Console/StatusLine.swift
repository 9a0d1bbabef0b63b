import Foundation

/// What a command is at, on a terminal; silent elsewhere.
struct StatusLine {
  func show(_ text: String) { write("\r\(text)\u{1B}[K") }

  /// Leaves the terminal at the start of an empty line.
  func clear() { write("\r\u{1B}[K") }

  private func write(_ text: String) {
    if Console.errorIsTerminal { FileHandle.standardError.write(Data(text.utf8)) }
  }
}
