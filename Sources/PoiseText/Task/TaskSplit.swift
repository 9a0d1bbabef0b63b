/// Which posts a model learns from and which it is judged on.
///
/// A model of a million parameters can only write words that it has been taught to write, so no *value* is held out: every
/// name, object, number and place occurs in every split. What is held out is every *combination*. The residue
/// (person + object) mod 5 of the values' places in their lists, and likewise (figure + place) mod 5, is 0, 1 or 2 in
/// training, 3 in validation and 4 in held-out posts. So a person of a held-out post never wants that object in training, its
/// figure never meets that place, and a fact tuple is in one split only: whoever memorises pairs is wrong, whoever copies is
/// right. Validation posts mention their facts in orders that training uses; held-out posts only in orders that it never uses.
public enum TaskSplit: String, CaseIterable, Sendable {
  case training, validation, heldOut

  /// The residues that the pairs of this split have.
  var residues: [Int] {
    switch self {
    case .training: [0, 1, 2]
    case .validation: [3]
    case .heldOut: [4]
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

  /// The split whose combinations these facts are; nil where the two pairs disagree or a value is unknown.
  public init?(of facts: Facts) {
    guard let person = TaskLexicon.people.firstIndex(of: facts.person),
      let object = TaskLexicon.objects.firstIndex(of: facts.object),
      let figure = TaskLexicon.amounts.firstIndex(of: facts.amount),
      let place = TaskLexicon.places.firstIndex(of: facts.place)
    else { return nil }
    let residues = [(person + object) % TaskSplit.modulus, (figure + place) % TaskSplit.modulus]
    guard let split = TaskSplit.allCases.first(where: { $0.residues.contains(residues[0]) }),
      split.residues.contains(residues[1])
    else { return nil }
    self = split
  }

  static let modulus = 5

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
