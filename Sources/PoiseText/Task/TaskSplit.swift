/// Which posts a model learns from and which it is judged on.
///
/// - Held-out posts are about people and amounts that are never the facts of any other split's posts, told in clause orders that
///   training never uses. Training meets those names and numbers only as asides, and as the mistakes of bad summaries: a model
///   of a million parameters can only write words it has seen, so they are words it has seen, but never as a right answer.
///   Whoever memorises who wants things is wrong; whoever reads the post is right.
/// - Validation posts share values and clause orders with training, not combinations: (person + object) mod 5 and
///   (amount + place) mod 5, of the values' places in their lists, are 4 in validation and 0 to 3 in training.
public enum TaskSplit: String, CaseIterable, Sendable {
  case training, validation, heldOut

  /// People and amounts that may be facts of this split's posts: every fifth is held out.
  var people: [String] { Self.every(fifth: self == .heldOut, of: TaskLexicon.people) }
  var amounts: [Int] { Self.every(fifth: self == .heldOut, of: TaskLexicon.amounts) }

  private static func every<Value>(fifth isFifth: Bool, of values: [Value]) -> [Value] {
    values.indices.filter { ($0 % 5 == 4) == isFifth }.map { values[$0] }
  }

  /// Whether two values, by their places in their lists, may be facts of one post.
  func admits(_ first: Int, with second: Int) -> Bool {
    switch self {
    case .training: (first + second) % 5 != 4
    case .validation: (first + second) % 5 == 4
    case .heldOut: true
    }
  }

  /// The key of this split's random numbers.
  var key: UInt64 {
    switch self {
    case .training: 0
    case .validation: 1
    case .heldOut: 2
    }
  }

  /// The orders in which posts of this split may mention the five facts.
  public var orders: [[Fact]] { self == .heldOut ? Self.heldOutOrders : Self.trainingOrders }

  /// The split whose posts may have these facts; nil where there is none.
  public init?(of facts: Facts) {
    guard let person = TaskLexicon.people.firstIndex(of: facts.person),
      let object = TaskLexicon.objects.firstIndex(of: facts.object),
      let amount = TaskLexicon.amounts.firstIndex(of: facts.amount),
      let place = TaskLexicon.places.firstIndex(of: facts.place),
      let split = TaskSplit.allCases.first(where: { split in
        split.people.contains(facts.person) && split.amounts.contains(facts.amount) && split.admits(person, with: object)
          && split.admits(amount, with: place)
      })
    else { return nil }
    self = split
  }

  /// The 40 orders of the five facts in which the matter comes before its figure and its date, so that a post reads well;
  /// every fifth is held out.
  private static let naturalOrders = permutations(of: Fact.allCases).filter { order in
    let matter = order.firstIndex(of: .matter)!
    return matter < order.firstIndex(of: .figure)! && matter < order.firstIndex(of: .date)!
  }
  private static let heldOutOrders = naturalOrders.indices.filter { $0 % 5 == 4 }.map { naturalOrders[$0] }
  private static let trainingOrders = naturalOrders.indices.filter { $0 % 5 != 4 }.map { naturalOrders[$0] }

  private static func permutations(of facts: [Fact]) -> [[Fact]] {
    guard !facts.isEmpty else { return [[]] }
    return facts.flatMap { first in permutations(of: facts.filter { $0 != first }).map { [first] + $0 } }
  }
}
