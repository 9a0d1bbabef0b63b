/// What happens to the k responses of a group: where each is drawn, and which are compared.
struct ResponsePlan: Sendable {
  /// Weight of the reference in what a response is drawn from, by response (k).
  let mixtures: [Double]
  /// Indices of the responses of every comparison; the first is the policy's own where only that is moved.
  let pairs: [(first: Int, second: Int)]

  var responseCount: Int { mixtures.count }

  /// - Precondition: `responseCount` ≥ 2.
  init(_ sampling: Algorithm.Sampling, responseCount: Int) {
    precondition(responseCount >= 2)
    switch sampling {
    case .alike(let mixture):
      mixtures = Array(repeating: mixture, count: responseCount)
      pairs = (0..<responseCount).flatMap { first in (first + 1..<responseCount).map { (first, $0) } }
    case .against(let mixture):
      let own = (responseCount + 1) / 2
      mixtures = (0..<responseCount).map { $0 < own ? 0 : mixture }
      pairs = (0..<own).flatMap { first in (own..<responseCount).map { (first, $0) } }
    }
  }
}
