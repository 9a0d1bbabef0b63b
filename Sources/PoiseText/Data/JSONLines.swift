import Foundation
import PoiseFiles

/// Files with one JSON value a line.
public enum JSONLines {
  /// Calls `body` with every value and the number of its line, from 1; lines of white space are passed over. Files whose
  /// names end in `.gz` are unpacked on the way.
  /// - Throws: `FileError`, `DataError` with the line that is not JSON, or what `body` throws.
  public static func read(_ path: String, _ body: (_ line: Int, _ json: JSON) throws -> Void) throws {
    try readTolerantly(path) { line, json in try body(line, try json.get()) }
  }

  /// As `read`, but a line that is not JSON is handed on as an error and does not end the reading.
  public static func readTolerantly(
    _ path: String, _ body: (_ line: Int, _ json: Result<JSON, DataError>) throws -> Void
  ) throws {
    var reader = try LineReader(path)
    while var text = try reader.next() {
      let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
      if reader.line == 1, text.starts(with: byteOrderMark) { text.removeFirst(byteOrderMark.count) }
      if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      let line = reader.line
      try body(line, Result { () throws(DataError) in try parse(text, path, line) })
    }
  }

  private static func parse(_ text: [UInt8], _ path: String, _ line: Int) throws(DataError) -> JSON {
    do throws(JSONError) { return try JSON(parsing: text) } catch {
      throw DataError(
        path, line: line,
        "this is not valid JSON (column \(error.column): \(error.problem)). One whole object a line was expected.")
    }
  }

  /// Replaces a file by these values, a line each; whole or not at all.
  public static func write(_ values: some Sequence<JSON>, to path: String) throws(FileError) {
    try Files.replace(path) { handle in
      var block = LineBlock(handle)
      for value in values { try block.append(value) }
      try block.flush()
    }
  }

  /// Leaves the lines that are wanted, where there are others; whole or not at all. What is not JSON is not wanted. Memory is for one
  /// line and one block.
  ///
  /// - Returns: how many lines the file now has.
  @discardableResult public static func filter(_ path: String, _ isWanted: (JSON) -> Bool) throws -> Int {
    var (wanted, others) = (0, 0)
    func count(_ json: Result<JSON, DataError>) {
      if let json = try? json.get(), isWanted(json) { wanted += 1 } else { others += 1 }
    }
    try readTolerantly(path) { _, json in count(json) }
    guard others > 0 else { return wanted }
    try Files.replace(path) { handle in
      var block = LineBlock(handle)
      try readTolerantly(path) { _, json in
        if let json = try? json.get(), isWanted(json) { try block.append(json) }
      }
      try block.flush()
    }
    return wanted
  }
}

/// Lines on their way into a file, which are written many at a time.
private struct LineBlock {
  private let handle: FileHandle
  private var text = ""

  init(_ handle: FileHandle) { self.handle = handle }

  mutating func append(_ value: JSON) throws {
    text += value.line + "\n"
    if text.utf8.count > 1 << 16 { try flush() }
  }

  mutating func flush() throws {
    try handle.write(contentsOf: Data(text.utf8))
    text = ""
  }
}

/// Adds lines to the end of a file while a program runs, such as a record a step. A line reaches the system in one write, so a
/// reader who follows the file sees whole lines, and a process that dies leaves at most its last line unfinished.
public final class JSONLinesAppender {
  private let path: String
  private let handle: FileHandle

  /// Opens or creates the file. A last line that was never finished is cut off.
  public init(_ path: String) throws(FileError) {
    self.path = path
    guard !Files.exists(path) || Files.isRegularFile(path) else {
      throw .cannotCreate(path: path, reason: "something else than a regular file is there")
    }
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try cutUnfinishedLine()
  }

  private func cutUnfinishedLine() throws(FileError) {
    do {
      var end = try handle.seekToEnd()
      while end > 0 {
        let start = end > 4096 ? end - 4096 : 0
        try handle.seek(toOffset: start)
        let block = try handle.read(upToCount: Int(end - start)) ?? Data()
        if let newline = block.lastIndex(of: UInt8(ascii: "\n")) {
          end = start + UInt64(block.distance(from: block.startIndex, to: newline)) + 1
          break
        }
        end = start
      }
      try handle.truncate(atOffset: end)
    } catch { throw .writeFailed(path: path, reason: Files.reason(error)) }
  }

  /// - Throws: `.writeFailed`, where there is no room say; what was written of the line is then taken back.
  public func append(_ value: JSON) throws(FileError) {
    do { try handle.write(contentsOf: Data((value.line + "\n").utf8)) } catch {
      try? cutUnfinishedLine()  // what failed first is what is told
      throw .writeFailed(path: path, reason: Files.reason(error))
    }
  }
}
