import Foundation
import PoiseFiles

/// Two answers of which people preferred one, as Poise's own commands read them.
public struct PublishedPair: Sendable, Equatable {
  /// What was answered.
  public let prompt: String
  /// The better answer.
  public let chosen: String
  /// The other.
  public let rejected: String
  /// p(chosen ≻ rejected) ≥ ½: the share of the votes, a tie counting half; 1 where only the better answer was published.
  public let preference: Double
  /// What must not be divided between training and held-out pairs: a topic, a conversation, a prompt.
  public let group: String

  /// `{"prompt", "chosen", "rejected", "preference"}`
  public var json: JSON {
    [
      "prompt": .string(prompt), "chosen": .string(chosen), "rejected": .string(rejected), "preference": JSON(preference),
    ]
  }

  /// Whether the preferred answer has more Unicode scalars: 1, or 0, or ½ where both have as many.
  var longerWins: Double {
    let (chosen, rejected) = (chosen.unicodeScalars.count, rejected.unicodeScalars.count)
    return chosen > rejected ? 1 : chosen < rejected ? 0 : 0.5
  }
}

extension PublishedPair {
  /// The better answer of two as `chosen`. Answers lose the white space around them and get a space in front, as completions
  /// have it.
  /// - Precondition: more people voted for one of them than for the other.
  init(prompt: String, _ first: String, _ second: String, votes: Votes, group: String) {
    precondition(votes.first != votes.second)
    let (first, second) = (" " + first.trimmed, " " + second.trimmed)
    let firstIsBetter = votes.first > votes.second
    self.init(
      prompt: prompt, chosen: firstIsBetter ? first : second, rejected: firstIsBetter ? second : first,
      preference: firstIsBetter ? votes.share : votes.swapped.share, group: group)
  }

  /// What two answers must be before anybody's opinion on them counts.
  static func requireTwoAnswers(_ first: String, _ second: String) throws(SkipReason) {
    let (first, second) = (first.trimmed, second.trimmed)
    guard ExactString(first) != ExactString(second) else { throw .equalAnswers }
    guard !first.isEmpty, !second.isEmpty else { throw .emptyAnswer }
  }
}

extension String {
  /// Without the white space around it.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
