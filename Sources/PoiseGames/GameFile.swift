import Foundation
import PoiseFiles

/// A game whose actions have names.
public struct NamedGame: Sendable, Equatable {
  public let game: PreferenceGame
  /// n different names; "0", "1", … where nobody gave any.
  public let actions: [String]

  /// - Precondition: there are as many names as the game has actions.
  public init(game: PreferenceGame, actions: [String]? = nil) {
    precondition(actions == nil || actions?.count == game.count)
    self.game = game
    self.actions = actions ?? (0..<game.count).map(String.init)
  }
}

/// Games in files, of four forms, told apart by how they begin:
///
/// - JSON `{"preferences": [[p(i ≻ j), …], …]}`, n rows of n;
/// - JSON `{"votes": [[how often i beat j, …], …]}`, n rows of n, as `PreferenceGame.votes` reads them. Either may go on with
///   `"reference"`, `"data"` and `"rewards"`, lists of n numbers, and `"actions"`, a list of n names;
/// - CSV of preferences: a row `,name,name,…`, and for each action in the same order a row `name,p(i ≻ j),…`;
/// - CSV of a rater's comparisons: columns `first,second,preference`, with how probably the first is preferred, or
///   `winner,loser`, and perhaps `weight`, how often that was said. They are tallied into votes; actions are counted in the
///   order in which they occur.
public enum GameFile {
  /// - Parameters:
  ///   - path: of a JSON or CSV file.
  ///   - unseen: what a pair means that a file of votes or comparisons never compares.
  /// - Throws: `FileError`; `DataError` for bytes of none of the forms and for numbers that are no game, with the line or the
  ///   entry.
  public static func read(_ path: String, unseen: PreferenceGame.UnseenPairs = .refused) throws -> NamedGame {
    let bytes = try Files.readInput(path)
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch first {
    case nil: throw DataError(path, "the file is empty. A game was expected, as JSON or CSV.")
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      return try JSONGame(path: path, unseen: unseen).game(try Files.parseJSON(bytes, path: path))
    default: return try CSVGame(path: path, unseen: unseen).game(try CSVRows.parse(Array(bytes), path: path))
    }
  }

  /// Builds a game, and tells its errors in the names of the actions, where they have some.
  static func build(
    _ path: String, actions: [String]?, _ body: () throws(GameError) -> PreferenceGame
  ) throws(DataError) -> NamedGame {
    do throws(GameError) { return NamedGame(game: try body(), actions: actions) } catch {
      let problem = error.description { action in actions.map { "\"\($0[action])\"" } ?? "action \(action)" }
      throw DataError(path, problem, category: error.category)
    }
  }

  static func check(actions: [String], path: String, line: Int? = nil) throws(DataError) {
    var known: Set<ExactString> = []
    for (index, action) in actions.enumerated() {
      guard !action.isEmpty else { throw DataError(path, line: line, "The name of action \(index) is empty.") }
      guard known.insert(ExactString(action)).inserted else {
        throw DataError(path, line: line, "Two actions are called \"\(action)\". Every action needs a name of its own.")
      }
    }
  }
}
