/// Which posts a model learns from and which it is judged on.
///
/// - Held-out posts are about people and amounts that no other split's posts mention at all, told in clause orders that no other
///   split uses. A fifth of the names is held out, and a fifth of the amounts; their parts, stems and endings or digits, all
///   occur in training. Whoever memorises who wants things is wrong; whoever reads the post is right.
/// - Validation posts share values and clause orders with training, not combinations: (person + object) mod 5 and
///   (amount + place) mod 5, of the values' places in their lists, are 4 in validation and 0 to 3 in training.
public enum TaskSplit: String, CaseIterable, Sendable {
  case training, validation, heldOut

  /// People that posts of this split mention, and amounts that are their facts.
  var people: [String] { self == .heldOut ? Self.heldOutPeople : Self.otherPeople }
  var amounts: [Int] { self == .heldOut ? Self.heldOutAmounts : Self.otherAmounts }

  private static let heldOutPeople = TaskLexicon.people.indices.filter(isHeldOut(person:)).map { TaskLexicon.people[$0] }
  private static let otherPeople = TaskLexicon.people.indices.filter { !isHeldOut(person: $0) }.map { TaskLexicon.people[$0] }
  private static let heldOutAmounts = TaskLexicon.amounts.filter(isHeldOut(amount:))
  private static let otherAmounts = TaskLexicon.amounts.filter { !isHeldOut(amount: $0) }

  /// By stem and ending together, so that every stem and every ending is met in training.
  private static func isHeldOut(person index: Int) -> Bool {
    let (stem, ending) = index.quotientAndRemainder(dividingBy: TaskLexicon.nameEndings.count)
    return (stem + ending) % 5 == 4
  }

  /// By the sum of the digits, so that every digit is met in every place.
  private static func isHeldOut(amount: Int) -> Bool { (amount / 100 + amount / 10 % 10 + amount % 10) % 5 == 4 }

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
