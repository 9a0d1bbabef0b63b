import Foundation
import PoiseDigest

extension SHA256 {
  /// Of a file's bytes, a piece at a time.
  public static func digest(ofFile path: String) throws(FileError) -> String {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw Files.exists(path) ? .unreadable(path: path, reason: String(cString: strerror(errno))) : .missing(path: path)
    }
    var digest = SHA256()
    do {
      while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { piece.withUnsafeBytes { digest.update($0) } }
      try file.close()
    } catch { throw .unreadable(path: path, reason: Files.reason(error)) }
    return digest.finish()
  }
}
