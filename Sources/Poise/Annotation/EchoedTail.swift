import Foundation
import Synchronization

/// What a program writes to its standard error: passed on as it comes, and the end of it remembered.
final class EchoedTail: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  private let isOver = DispatchSemaphore(value: 0)

  /// Bytes that are remembered.
  private static let limit = 4096
  /// What is quoted of them.
  private static let (lines, characters) = (5, 400)

  /// - Parameter descriptor: is closed when nobody writes to it any more.
  init(reading descriptor: Int32, echo: Int32 = STDERR_FILENO) {
    Thread.detachNewThread {
      var block = [UInt8](repeating: 0, count: Self.limit)
      while true {
        let count = read(descriptor, &block, block.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        FileHandle(fileDescriptor: echo, closeOnDealloc: false).writeIfPossible(block[..<count])
        self.bytes.withLock { $0 = Array(($0 + block[..<count]).suffix(Self.limit)) }
      }
      close(descriptor)
      self.isOver.signal()
    }
  }

  /// The last lines, to be quoted; empty where there are none. Of a program that has ended.
  var lastLines: [String] {
    if isOver.wait(timeout: .now() + 1) == .success { isOver.signal() }  // what it started and let go may hold it open
    let lines = bytes.withLock { $0 }.split(separator: UInt8(ascii: "\n")).map {
      ProgramText.quotable($0, limit: Self.characters)
    }
    return lines.filter { !$0.isEmpty }.suffix(Self.lines)
  }
}

extension FileHandle {
  fileprivate func writeIfPossible(_ bytes: ArraySlice<UInt8>) { try? write(contentsOf: Data(bytes)) }
}

/// Words of a program as they may stand in a sentence.
enum ProgramText {
  /// One line without control characters, cut where it is long.
  static func quotable(_ bytes: some Collection<UInt8>, limit: Int) -> String {
    let text = String(decoding: bytes.prefix(4 * limit), as: UTF8.self)
    let plain = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
      .trimmingCharacters(in: .whitespaces)
    return plain.count > limit || bytes.count > 4 * limit ? plain.prefix(limit) + " …" : plain
  }
}
