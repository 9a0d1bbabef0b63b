import ArgumentParser
import PoiseFiles
import Yams

/// `--config FILE.yaml`: options of a command by their long names.
///
///     steps: 500                  →  --steps=500
///     max_new_tokens: 64          →  --max-new-tokens=64
///     greedy: true                →  --greedy
///     policy: [a=runs/a, b=runs/b]  →  --policy=a=runs/a --policy=b=runs/b
///
/// They are put before what stands on the line, and of an option given twice the last counts: so flags on the line win.
struct ConfigurationFile {
  let path: String
  private let entries: [(key: String, value: Node, line: Int)]

  /// The arguments with those of the file that they name put in, behind the words that choose the subcommand. Arguments that
  /// name no file come back as they are.
  ///
  /// - Throws: `FileError` where the file is missing, `DataError` where it is not YAML or says what the command does not know.
  static func expand(_ arguments: [String], for root: any ParsableCommand.Type) throws -> [String] {
    guard let path = path(in: arguments) else { return arguments }
    let command = CommandOptions(of: root, chosenBy: arguments)
    let file = try ConfigurationFile(path)
    let words = arguments.prefix(command.wordCount)
    let line = arguments.dropFirst(command.wordCount)
    return try words + file.arguments(for: command, unless: Set(line.compactMap(longName))) + line
  }

  /// What follows the last `--config`, which is the one that counts.
  private static func path(in arguments: [String]) -> String? {
    // What follows --plan is the line of another command, which has its own file.
    let options = arguments.prefix { $0 != "--" && $0 != "--plan" }
    guard let index = options.lastIndex(where: { longName($0) == "config" }) else { return nil }
    if let equals = options[index].firstIndex(of: "=") { return String(options[index][equals...].dropFirst()) }
    return index + 1 < options.count ? options[index + 1] : nil
  }

  /// `steps` of `--steps` and `--steps=5`.
  private static func longName(_ argument: String) -> String? {
    argument.hasPrefix("--") ? String(argument.dropFirst(2).prefix { $0 != "=" }) : nil
  }

  private init(_ path: String) throws {
    self.path = path
    let text = String(decoding: try Files.readInput(path), as: UTF8.self)
    let node = try YAMLText(text, path: path).node
    guard let node else { throw DataError(path, "the file is empty; `option: value` on each line was expected.") }
    guard let mapping = node.mapping else {
      throw DataError(path, line: node.mark?.line, "a YAML mapping, `option: value` on each line, was expected.")
    }
    entries = try mapping.map { key, value in
      guard let name = key.string else { throw DataError(path, line: key.mark?.line, "the name of an option was expected.") }
      return (name, value, key.mark?.line ?? 1)
    }
  }

  /// - Parameter named: options that stand on the line. A repeatable one there replaces the file's list, as a single one does.
  private func arguments(for command: CommandOptions, unless named: Set<String>) throws -> [String] {
    try entries.flatMap { key, value, line in
      let name = String(key.drop { $0 == "-" }).replacing("_", with: "-")
      guard let option = command.options.first(where: { $0.name == name }) else {
        throw problem(line, "\(command.title) has no option \"\(key)\"; the nearest is \"\(command.nearest(to: name))\".")
      }
      return named.contains(name) ? [] : try arguments(option, value, line)
    }
  }

  private func arguments(_ option: CommandOptions.Option, _ value: Node, _ line: Int) throws -> [String] {
    if option.isFlag {
      guard let isSet = value.bool else { throw problem(line, "\"\(option.name)\" is a flag; true or false was expected.") }
      return isSet ? ["--\(option.name)"] : []
    }
    let values = option.isRepeatable ? value.sequence.map(Array.init) ?? [value] : [value]
    return try values.map { value in
      guard case .scalar(let scalar) = value, !scalar.string.isEmpty else {
        let expected = option.isRepeatable ? "one value or a list of values was" : "one value was"
        throw problem(line, "\"\(option.name)\" cannot be set to this; \(expected) expected.")
      }
      return "--\(option.name)=\(scalar.string)"
    }
  }

  private func problem(_ line: Int, _ problem: String) -> DataError {
    DataError(path, line: line, problem, category: .configuration)
  }
}
