import PoiseFiles
import PoiseRandom

/// Which pairs are kept away from training: whole groups, so that nothing held out was seen.
public enum HeldOutChoice: Sendable {
  case nothing
  /// Every group by itself with this probability; its random number is keyed by the seed and the group, so it does not depend on
  /// what else is in the file.
  case share(Double, seed: UInt64)
  /// The groups of these names.
  case topics([String])

  /// - Throws: `HeldOutError` where no topic is named or one is unknown, and where one side is left without a pair.
  public func split(
    _ pairs: [PublishedPair]
  ) throws(HeldOutError) -> (training: [PublishedPair], heldOut: [PublishedPair]) {
    if case .topics(let names) = self { try Self.require(names, among: Set(pairs.map(\.group))) }
    let groups = Set(pairs.lazy.map(\.group).filter(holds))
    let training = pairs.filter { !groups.contains($0.group) }
    let heldOut = pairs.filter { groups.contains($0.group) }
    if training.isEmpty { throw .nothingToLearn }
    if case .nothing = self { return (training, heldOut) }
    if heldOut.isEmpty { throw .nothingHeldOut }
    return (training, heldOut)
  }

  private static func require(_ names: [String], among topics: Set<String>) throws(HeldOutError) {
    if names.isEmpty { throw .noTopic(topics: topics.sorted()) }
    if let unknown = names.first(where: { !topics.contains($0) }) { throw .unknownTopic(unknown, topics: topics.sorted()) }
  }

  private func holds(_ group: String) -> Bool {
    switch self {
    case .nothing: return false
    case .topics(let names): return names.contains(group)
    case .share(let share, let seed):
      var random = CounterGenerator(seed, 0x6865_6C64, CounterGenerator.word(of: group))  // "held"
      return random.uniform() < share
    }
  }
}

/// A choice of held-out pairs that cannot be made.
public enum HeldOutError: ExplainedError, Equatable {
  case noTopic(topics: [String])
  case unknownTopic(String, topics: [String])
  case nothingToLearn
  case nothingHeldOut

  public var category: FailureCategory { .usage }

  public var description: String {
    switch self {
    case .noTopic(let topics): "Name a topic to hold out, or several. " + Self.list(topics)
    case .unknownTopic(let name, let topics): "There is no topic \"\(name)\". " + Self.list(topics)
    case .nothingToLearn: "Every pair would be held out, and none left to learn from. Hold out fewer."
    case .nothingHeldOut: "No pair would be held out. Choose a larger share, or another seed."
    }
  }

  private static func list(_ topics: [String]) -> String {
    "The topics are: \(topics.map { "\"\($0)\"" }.joined(separator: ", "))."
  }
}
