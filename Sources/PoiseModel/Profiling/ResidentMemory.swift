import Foundation

/// Memory of this process that is in the machine's, in bytes, as the operating system counts it.
package struct ResidentMemory {
  #if os(Linux)
    /// Kept open: opening it takes longer than reading it.
    private let file = open("/proc/self/statm", O_RDONLY)
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    func close() { Foundation.close(file) }

    /// The second of the file's numbers, read without allocating.
    var current: Int {
      withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { bytes in
        var (word, pages) = (0, 0)
        for byte in bytes[..<max(pread(file, bytes.baseAddress, bytes.count, 0), 0)] {
          if byte == UInt8(ascii: " ") { word += 1 } else if word == 1 { pages = 10 * pages + Int(byte - UInt8(ascii: "0")) }
        }
        return pages * pageSize
      }
    }

    /// The high-water mark since the program began: a line `VmHWM: 1234 kB`.
    package static var peak: Int {
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return (line?.split { $0.isWhitespace }.dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }
  #else
    func close() {}

    var current: Int { Self.peak }

    /// The high-water mark since the program began.
    package static var peak: Int {
      var usage = rusage()
      return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0
    }
  #endif
}
