import PoiseFiles

/// The line that made a run, as `poise_run.json` has it: with it, and in the folder where it was given, the run can be made again.
public struct RecordedCommand: Sendable, Equatable {
  /// The words after `poise`, with the options of a `--config` file put in.
  public private(set) var arguments: [String]
  public let workingDirectory: String?

  /// Nil where a run does not record what made it.
  public init?(_ description: JSON) {
    guard let arguments = description["arguments"]?.array?.compactMap(\.string), !arguments.isEmpty else { return nil }
    self.arguments = arguments
    workingDirectory = description["working_directory"]?.string
  }

  /// Takes an option out.
  ///
  /// - Parameter hasValue: whether a value follows the option's name, where it is not joined to it by `=`.
  public mutating func remove(_ option: String, hasValue: Bool = true) {
    var kept: [String] = []
    var skipsNext = false
    for word in arguments {
      if skipsNext {
        skipsNext = false
      } else if word == "--\(option)" {
        skipsNext = hasValue
      } else if !word.hasPrefix("--\(option)=") {
        kept.append(word)
      }
    }
    arguments = kept
  }

  /// Takes out what belonged to one occasion and not to the run: a file whose options are in the line already, where it was
  /// interrupted, that it went on.
  public mutating func removeOccasion() {
    remove("config")
    remove("stop-after")
    remove("resume", hasValue: false)
  }
}
