/// The five kinds of fact that a summary of the built-in task should carry.
public enum Fact: Int, CaseIterable, Comparable, Sendable {
  case person, matter, figure, place, date

  public static func < (a: Fact, b: Fact) -> Bool { a.rawValue < b.rawValue }
}

/// What matters in a post: who wants what, for how much, where and by when.
public struct Facts: Hashable, Sendable {
  /// A first name: `Nora`.
  public var person: String
  /// What it is about, without an article: `kettle`.
  public var object: String
  /// What should happen with the object: `refund`.
  public var request: String
  /// How many of `currency`: 20…99.
  public var amount: Int
  /// `euros`, `dollars` or `pounds`.
  public var currency: String
  /// A town: `Lisbon`.
  public var place: String
  /// A weekday or a month and a day: `Friday`, `May 3`.
  public var date: String

  /// The amount as posts and summaries write it: `40 euros`.
  public var figure: String { "\(amount) \(currency)" }
}
