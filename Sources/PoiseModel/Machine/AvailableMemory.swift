import Foundation
import PoiseFiles

/// Memory that this process may still take, in bytes.
package enum AvailableMemory {
  /// Names a limit in bytes to go by instead of the machine's.
  package static let variable = "POISE_MEMORY_LIMIT"

  /// What the environment variable says; or else what the system has at hand, as far as the process's control group leaves it.
  /// All that the machine has, where the system does not say.
  ///
  /// - Throws: `DataError` where the variable is no number of bytes.
  package static func bytes() throws(DataError) -> Int {
    if let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty {
      guard let limit = Int(text), limit >= 0 else {
        throw DataError(variable, "it is \"\(text)\"; a number of bytes was expected.", category: .configuration)
      }
      return limit
    }
    let physical = Int(ProcessInfo.processInfo.physicalMemory)
    #if os(Linux)
      let available = value(of: "MemAvailable:", in: "/proc/meminfo").map { $0 << 10 } ?? physical
      return ControlGroup.all.compactMap(\.left).reduce(available, min)
    #else
      return physical
    #endif
  }

  #if os(Linux)
    /// A folder in which the system says what a group of processes may take.
    private struct ControlGroup {
      var folder: String
      /// Files of the limit and of what is taken, and the line of `memory.stat` that says how much of it are pages of files, which the
      /// system takes back first.
      var names: (limit: String, usage: String, files: String)

      /// Groups of version 2 and 1 that the process belongs to. A container sees its own as the root.
      static var all: [ControlGroup] {
        let lines = text("/proc/self/cgroup").split(separator: "\n").map {
          $0.split(separator: ":", omittingEmptySubsequences: false)
        }
        return lines.flatMap { line -> [ControlGroup] in
          guard line.count == 3, line[1].isEmpty || line[1] == "memory" else { return [] }
          let root = line[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
          let names =
            line[1].isEmpty
            ? ("memory.max", "memory.current", "inactive_file")
            : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
          return [root, root + line[2]].map { ControlGroup(folder: $0, names: names) }
        }
      }

      /// Nil where the group has no limit.
      var left: Int? {
        guard let limit = Int(text("\(folder)/\(names.limit)")), limit < 1 << 60,
          let usage = Int(text("\(folder)/\(names.usage)"))
        else { return nil }
        return max(limit - usage + (value(of: names.files, in: "\(folder)/memory.stat") ?? 0), 0)
      }
    }

    /// The number behind the word that a line of a file begins with.
    private static func value(of word: String, in path: String) -> Int? {
      let lines = text(path).split(separator: "\n").map { $0.split(separator: " ") }
      return lines.first { $0.first == word[...] }?.dropFirst().first.flatMap { Int($0) }
    }

    /// Empty where there is no such file.
    private static func text(_ path: String) -> String {
      (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
  #endif
}
