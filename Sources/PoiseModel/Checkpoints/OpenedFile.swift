import Foundation
import PoiseFiles

/// A regular file of which parts are read into memory of the caller's.
final class OpenedFile: Sendable {
  private let path: String
  private let file: FileHandle
  /// Bytes, when it was opened.
  let count: Int

  /// - Throws: `.missing`, or `.unreadable` for a folder, a device or a file that may not be read.
  init(path: String) throws(FileError) {
    self.path = path
    file = try Files.openRegularFile(path)
    do { count = Int(try file.seekToEnd()) } catch { throw .unreadable(path: path, reason: error.localizedDescription) }
  }

  /// Fills `destination` with the bytes from `start` on.
  ///
  /// - Throws: `CheckpointError.cutShort` where the file ends before, because it has changed; `FileError` where it cannot be read.
  func read(at start: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < destination.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: destination[done...])
      let count = pread(file.fileDescriptor, rest.baseAddress, rest.count, off_t(start + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError.unreadable(path: path, reason: String(cString: strerror(errno))) }
      guard count > 0 else {
        throw CheckpointError.cutShort(path: path, expectedBytes: start + destination.count, foundBytes: start + done)
      }
      done += count
    }
  }
}
