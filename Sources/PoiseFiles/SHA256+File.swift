import Foundation
import PoiseDigest

extension SHA256 {
  /// Of a regular file's bytes, a piece at a time.
  public static func digest(ofFile path: String) throws(FileError) -> String {
    let file = try Files.openRegularFile(path)
    var digest = SHA256()
    do {
      while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { piece.withUnsafeBytes { digest.update($0) } }
      try file.close()
    } catch { throw .unreadable(path: path, reason: Files.reason(error)) }
    return digest.finish()
  }
}
