import PoiseFiles

/// Options of a command by their long names, in order: `learning-rate` and `0.005`.
public struct RunOptions: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public let name: String
    /// As it is written on a line; `true` is a flag that is set, `false` one that is not.
    public let value: String

    init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }

    /// The words on a command's line.
    var arguments: [String] {
      switch value {
      case "true": ["--\(name)"]
      case "false": []
      default: ["--\(name)=\(value)"]
      }
    }
  }

  public private(set) var entries: [Entry] = []

  /// - Parameter entries: of those with one name the last counts.
  public init(_ entries: [Entry] = []) { self = overridden(by: entries) }

  public subscript(name: String) -> String? { entries.first { $0.name == name }?.value }

  /// The same with other values, or further options at the end.
  func overridden(by others: [Entry]) -> RunOptions {
    var result = self
    for entry in others {
      if let index = result.entries.firstIndex(where: { $0.name == entry.name }) {
        result.entries[index] = entry
      } else {
        result.entries.append(entry)
      }
    }
    return result
  }

  var arguments: [String] { entries.flatMap(\.arguments) }
}
