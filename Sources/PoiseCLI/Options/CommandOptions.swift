import ArgumentParser
import PoiseFiles

/// What options a command has, asked of the command itself.
struct CommandOptions {
  struct Option: Equatable {
    /// Long, without dashes: `max-new-tokens`.
    var name: String
    var isFlag: Bool
    var isRepeatable: Bool
  }

  /// `poise data make`
  let title: String
  /// How many of the arguments' first words choose the command.
  let wordCount: Int
  let options: [Option]

  /// The options of the subcommand that the first words of the arguments choose, or that stands in where they choose none.
  init(of root: any ParsableCommand.Type, chosenBy arguments: [String]) {
    let chosen = Self.command(of: root, chosenBy: arguments)
    var command = chosen.command
    while let silent = command.configuration.defaultSubcommand { command = silent }
    title = ([root.configuration.commandName ?? "poise"] + chosen.words).joined(separator: " ")
    wordCount = chosen.words.count
    options = Self.options(of: command)
  }

  /// The subcommand that the first words of the arguments choose, and these words.
  static func command(
    of root: any ParsableCommand.Type, chosenBy arguments: [String]
  ) -> (command: any ParsableCommand.Type, words: [String]) {
    var (command, words) = (root, [String]())
    for word in arguments {
      guard let chosen = command.configuration.subcommands.first(where: { $0.configuration.commandName == word }) else { break }
      command = chosen
      words.append(word)
    }
    return (command, words)
  }

  /// Reads the description that argument-parser gives to generators of manuals and completions.
  private static func options(of command: any ParsableCommand.Type) -> [Option] {
    let description = try? JSON(parsing: command._dumpHelp())
    let arguments = description?["command"]?["arguments"]?.array ?? []
    return arguments.compactMap { argument in
      guard let kind = argument["kind"]?.string, kind != "positional",
        let name = argument["preferredName"]?["name"]?.string, !["help", "version", "config"].contains(name)
      else { return nil }
      return Option(name: name, isFlag: kind == "flag", isRepeatable: argument["isRepeating"]?.bool ?? false)
    }
  }

  /// The name that takes the fewest edits.
  func nearest(to name: String) -> String {
    options.map(\.name).min { editDistance($0, name) < editDistance($1, name) } ?? ""
  }
}

/// Insertions, deletions and substitutions of letters that turn one word into another (Wagner & Fischer 1974).
func editDistance(_ a: String, _ b: String) -> Int {
  let target = Array(b)
  var row = Array(0...target.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in target.enumerated() {
      let substitution = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[target.count]
}
