import Foundation
import PoiseFiles

/// The lines of a file, one at a time: memory for one line and one block, whatever the size of the file and, of a packed one, of
/// what it holds.
struct LineReader: ~Copyable {
  private static let blockSize = 1 << 16
  /// In bytes. Far beyond any record; a packed file of a megabyte may hold a line of a gigabyte.
  static let longestLine = 1 << 24

  private let path: String
  private let source: ByteSource
  private var block: [UInt8] = []
  private var position = 0
  /// How many lines have been read.
  private(set) var line = 0

  /// - Parameter path: a text file, or one that `gzip` has packed where the name ends in `.gz`.
  init(_ path: String) throws(FileError) {
    self.path = path
    source = try ByteSource(path)
  }

  /// The next line without its line feed; nil at the end.
  /// - Throws: `FileError` where the file cannot be read on; `DataError` where it is not whole gzip data, or the line is longer than
  ///   ``longestLine``.
  mutating func next() throws -> [UInt8]? {
    var text: [UInt8] = []
    while true {
      if position == block.count {
        block = try source.read(upTo: LineReader.blockSize)
        position = 0
        if block.isEmpty {
          if !text.isEmpty { line += 1 }
          return text.isEmpty ? nil : text
        }
      }
      let end = block[position...].firstIndex(of: UInt8(ascii: "\n"))
      text += block[position..<(end ?? block.count)]
      guard text.count <= LineReader.longestLine else {
        throw DataError(path, line: line + 1, "the line is longer than \(LineReader.longestLine) bytes.")
      }
      position = end.map { $0 + 1 } ?? block.count
      guard end == nil else {
        line += 1
        return text
      }
    }
  }
}

/// The bytes of a file as they are, or unpacked by the system's `gzip`: zlib would be a dependency for what every machine
/// that has such files can do already.
private final class ByteSource {
  private let path: String
  private let handle: FileHandle
  private let unpacking: Process?

  init(_ path: String) throws(FileError) {
    self.path = path
    guard path.hasSuffix(".gz") else {
      (handle, unpacking) = (try Files.openInput(path), nil)
      return
    }
    try Files.requireRegularFile(path)  // gzip reads no other
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", "--", path]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw .unreadable(path: path, reason: "gzip cannot be run: \(error.localizedDescription)") }
    (handle, unpacking) = (pipe.fileHandleForReading, process)
  }

  /// Closing the pipe ends a `gzip` that is still at work.
  deinit {
    try? handle.close()
    unpacking?.waitUntilExit()
  }

  /// Empty at the end.
  func read(upTo count: Int) throws -> [UInt8] {
    let data: Data?
    do { data = try handle.read(upToCount: count) } catch {
      throw FileError.unreadable(path: path, reason: error.localizedDescription)
    }
    if let data, !data.isEmpty { return [UInt8](data) }
    try checkUnpacking()
    return []
  }

  private func checkUnpacking() throws {
    guard let unpacking else { return }
    unpacking.waitUntilExit()
    switch unpacking.terminationStatus {
    case 0: return
    case 127: throw FileError.unreadable(path: path, reason: "the command gzip is not installed")
    default: throw DataError(path, "this is not a whole gzip file. Pack it again, or give the plain file.")
    }
  }
}
