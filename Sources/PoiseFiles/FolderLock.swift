import Foundation

/// A folder that one process writes into: a second one that would is refused while the first lives. The system takes the lock back
/// when a process ends, however it ends, so nothing is left behind.
public final class FolderLock {
  private let descriptor: Int32

  /// - Throws: `DataError` where another process has the lock; `.cannotCreate` where the folder cannot be opened.
  public init(_ path: String) throws {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError.cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    // A file system without locks lets everybody in.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      throw DataError(
        path, "another process is writing into this folder. Wait for it to end, or choose another --out.", category: .cannotCreate
      )
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
