/// How people voted on two answers.
struct Votes {
  var first: Int
  var second: Int
  var ties: Int

  var count: Int { first + second + ties }
  var swapped: Votes { Votes(first: second, second: first, ties: ties) }

  /// The share of the first, a tie counting for half of a vote on each side.
  /// - Precondition: somebody voted.
  var share: Double { (Double(first) + Double(ties) / 2) / Double(count) }
}
