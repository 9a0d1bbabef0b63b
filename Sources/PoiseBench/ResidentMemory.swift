import Foundation

/// How far resident memory rises above what it was before a call, and its peak, in MiB; nil where the system does not tell (it
/// does on Linux).
func residentRise(of body: () -> Void) -> (above: Double, peak: Double)? {
  // 5 resets the high-water mark: proc_pid_clear_refs(5).
  guard let reset = FileHandle(forWritingAtPath: "/proc/self/clear_refs"), (try? reset.write(contentsOf: Data("5".utf8))) != nil,
    let before = residentMebibytes("VmRSS")
  else { return nil }
  body()
  return residentMebibytes("VmHWM").map { ($0 - before, $0) }
}

private func residentMebibytes(_ key: String) -> Double? {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
  let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
  return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map { $0 / 1024 }
}
